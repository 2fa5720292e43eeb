import * as z from 'zod'
import { Config } from './schema.ts'

/** The identifier under which editors cache the schema. Nothing is downloaded from there. */
const ID = 'https://perch.dev/canary.schema.json'

/** The config's JSON Schema (draft 2020-12) for editors, from the same source as the parser. */
export function configJsonSchema(): z.core.JSONSchema.BaseSchema {
  const { $schema, ...schema } = z.toJSONSchema(Config, { io: 'input' })
  return { ...($schema === undefined ? {} : { $schema }), $id: ID, title: 'Perch: .github/canary.yml', ...schema }
}
