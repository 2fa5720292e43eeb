import { z } from 'zod'
import { Config } from './schema.ts'

/** The config's JSON Schema (draft 2020-12), for editors: from the same source that the config is read with. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(Config, { io: 'input' })
  return { ...schema, title: 'Perch: .github/canary.yml' }
}
