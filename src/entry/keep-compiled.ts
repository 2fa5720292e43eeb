import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Caches compiled modules for the next start, in the user's own cache folder or in the one that `NODE_COMPILE_CACHE` names.
 * Without a home folder, nothing is cached. Node's default is a folder that all users of the machine share, where others could
 * place code.
 */
export function keepCompiled(): void {
  const home = homeFolder()
  if (home !== undefined) enableCompileCache(join(home, '.cache', 'perch'))
}

function homeFolder(): string | undefined {
  try {
    return homedir()
  } catch {
    // The machine does not know this user, for example if a platform gives each pod its own user id.
    return undefined
  }
}
