import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Keeps compiled modules for the next start, in the user's own cache folder or in the one that `NODE_COMPILE_CACHE` names. Without a
 * home folder nothing is kept. Node's own choice is a folder that all users of the machine share: somebody else could leave code there.
 */
export function keepCompiled(): void {
  const home = homeFolder()
  if (home !== undefined) enableCompileCache(join(home, '.cache', 'perch'))
}

function homeFolder(): string | undefined {
  try {
    return homedir()
  } catch {
    // The machine does not know this user, as where a platform gives each pod a number of its own.
    return undefined
  }
}
