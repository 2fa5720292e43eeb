import { EnvironmentVariables } from '../../src/entry/environment-variables.ts'

/** The environment variables that Perch reads, in the order of their table. */
export function variables(): readonly string[] {
  return Object.keys(EnvironmentVariables.shape)
}
