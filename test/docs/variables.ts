import { readFileSync } from 'node:fs'

/** The source of the only module that reads the environment. */
export const environmentSource = readFileSync(new URL('../../src/entry/env.ts', import.meta.url), 'utf8')

/** The environment variables that Perch reads, in the order of the source. */
export function variables(): readonly string[] {
  const start = environmentSource.indexOf('const Variables = z.object({')
  const table = environmentSource.slice(start, environmentSource.indexOf('type Variables ='))
  return [...table.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name = '']) => name)
}
