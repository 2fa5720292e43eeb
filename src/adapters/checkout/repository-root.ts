import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/**
 * The top folder of the repository that contains a folder: the closest one with a `.git`, which is a file in worktrees and
 * submodules. If there is none, the folder itself.
 */
export function repositoryRoot(folder: string): string {
  const start = resolve(folder)
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return start
  }
}
