import * as z from 'zod'
import { Config } from './schema.ts'

/** A name for the schema, by which editors keep it. Nothing is fetched from there. */
const ID = 'https://perch.dev/canary.schema.json'

/** The config's JSON Schema (draft 2020-12), for editors: from the same source that the config is read with. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(Config, { io: 'input' })
  return { ...($schema === undefined ? {} : { $schema }), $id: ID, title: 'Perch: .github/canary.yml', ...schema }
}
