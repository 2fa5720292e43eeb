import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Compiles modules once for this user, and not at each start; where there is no home folder, at each start. The folder that Node takes by
 * itself is one for all users of the machine: another one could leave code there for us to run. `NODE_COMPILE_CACHE` names another folder.
 */
export function keepCompiled(): void {
  enableCompileCache(join(homedir(), '.cache', 'perch'))
}
