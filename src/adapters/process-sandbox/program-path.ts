import { access, constants } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

/** Where Perch looks for programs, independent of the service's own `PATH`. */
export const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin'

/** The full path of a program. `path` lists folders, like the environment variable `PATH`. */
export async function programPath(path: string, name: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const program = join(folder, name)
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return program
  }
  return undefined
}
