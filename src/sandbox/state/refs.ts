/** Refs on disk and in the model. */
import { moveRefFile } from '../git/loose.ts'
import { NO_COMMIT, resolveCommit } from '../git/objects.ts'
import { git } from '../git/run.ts'
import type { Repository } from './types.ts'

/** Moves refs on disk and in the model, without events or other consequences. */
export function writeRefs(repo: Repository, moves: Moves): void {
  if (!moveAlone(repo, moves)) moveByGit(repo, moves)
  for (const { ref, to } of moves) {
    if (to === undefined) repo.refs.delete(ref)
    else repo.refs.set(ref, to)
  }
}

type Moves = readonly { ref: string; to: string | undefined }[]

/** Moves one ref without git. Several refs must move together or not at all, which only git can do. */
function moveAlone(repo: Repository, moves: Moves): boolean {
  const [move, ...others] = moves
  if (move === undefined) return true
  if (others.length > 0 || !isCommitOrNone(repo, move.to)) return false
  return moveRefFile(repo.bare, move.ref, { from: repo.refs.get(move.ref), to: move.to })
}

function isCommitOrNone(repo: Repository, sha: string | undefined): boolean {
  return sha === undefined || resolveCommit(repo.bare, sha) === sha
}

function moveByGit(repo: Repository, moves: Moves): void {
  const lines = moves.map(({ ref, to }) => {
    const from = repo.refs.get(ref) ?? NO_COMMIT
    if (to === undefined) return `delete ${ref} ${from}\n`
    return `update ${ref} ${to} ${from}\n`
  })
  git(repo.bare, ['update-ref', '--stdin'], { input: lines.join('') })
}

export function branchHead(repo: Repository, branch: string): string | undefined {
  return repo.refs.get(`refs/heads/${branch}`)
}
