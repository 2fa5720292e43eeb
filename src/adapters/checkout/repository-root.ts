import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The top of the repository that a folder is in, by its `.git` (a file in work trees and submodules); else the folder itself. */
export function repositoryRoot(folder: string): string {
  const start = resolve(folder)
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return start
  }
}
