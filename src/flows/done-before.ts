import type { PendingComment } from '../core/command/pending.ts'
import type { CommandLine } from '../core/command/commands.ts'
import type { Outcome } from '../core/message/answer.ts'
import { commandTrailer } from '../core/message/pull-request.ts'
import { isBranchFor, isStepOf } from '../core/rollout/branch.ts'
import type { PullRequest } from '../core/rollout/facts.ts'
import type { Move } from '../core/rollout/move.ts'
import type { Standing } from '../core/rollout/standing.ts'
import type { Desk } from './desk.ts'
import type { BaseState } from './rollouts.ts'

/**
 * The commit that carried a command out while its pull request was still open. It may have merged before the answer could be
 * given, and then the same words would mean another step.
 */
export async function committedBefore(
  desk: Pick<Desk, 'mirror'>,
  pull: PullRequest,
  { comment, line }: { readonly comment: PendingComment; readonly line: CommandLine },
): Promise<Outcome | undefined> {
  if (comment.createdAt > (pull.closedAt ?? 0)) return undefined
  // The branch may be gone, and a squash leaves its commits behind.
  const ref = `refs/pull/${pull.number}/head`
  const head = (await desk.mirror.fetch([ref, `refs/heads/${pull.base.ref}`])).get(ref)
  if (head === undefined) return undefined
  const trailer = commandTrailer(`${comment.id}.${comment.commands.indexOf(line)}`)
  const commits = await desk.mirror.ahead(pull.base.sha, head)
  const made = commits.find(({ message }) => message.split('\n').includes(trailer))
  if (made === undefined) return undefined
  return { code: 'committed', sha: made.sha, headline: made.message.split('\n')[0] ?? '' }
}

/** The pull request that an earlier try opened for a share which the base branch has by now. */
export function proposedBefore(
  { botLogin }: Pick<Desk, 'botLogin'>,
  { pulls }: Pick<BaseState, 'pulls'>,
  { standing, since }: { readonly standing: Standing; readonly since: number },
): Outcome | undefined {
  const { target, share } = standing
  const move: Move = share === 0 ? { kind: 'rollback', from: 0 } : { kind: 'share', from: 0, to: share }
  const pull = pulls.find(
    (one) => isStepOf(target, one, botLogin) && isBranchFor(one.head.ref, move) && one.createdAt >= since,
  )
  return pull === undefined ? undefined : { code: 'proposed', title: pull.title, pull: pull.number }
}
