/** Refs, on disk and in the model. */
import { NO_COMMIT } from '../git/objects.ts'
import { git } from '../git/run.ts'
import type { Repository } from './types.ts'

/** Points refs elsewhere, on disk and in the model. Pull request refs move with it, quietly. */
export function writeRefs(repo: Repository, moves: readonly { ref: string; to: string | undefined }[]): void {
  const lines = moves.map(({ ref, to }) => {
    const from = repo.refs.get(ref) ?? NO_COMMIT
    if (to === undefined) return `delete ${ref} ${from}\n`
    return `update ${ref} ${to} ${from}\n`
  })
  git(repo.bare, ['update-ref', '--stdin'], { input: lines.join('') })
  for (const { ref, to } of moves) {
    if (to === undefined) repo.refs.delete(ref)
    else repo.refs.set(ref, to)
  }
}

export function branchHead(repo: Repository, branch: string): string | undefined {
  return repo.refs.get(`refs/heads/${branch}`)
}
