import { mergesItself, notLive, type Review, type ReviewedChange } from '../../core/gate/review.ts'
import type { News } from '../../core/notify/news.ts'
import { isStep } from '../../core/rollout/branch.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import { tell } from './tell.ts'
import type { PullEnds } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** Sends notifications when the step before a step pull request is live, and when only a person can continue the rollout. */
export async function tellStep(
  context: Pick<RepositoryContext, 'botLogin' | 'notifier' | 'ask' | 'clock'>,
  { pull }: PullEnds,
  { changes, problems }: Review,
): Promise<void> {
  if (!isStep(pull, context.botLogin) || pull.draft) return
  const base = pull.base.ref
  for (const change of changes) {
    const { target, from: share } = change
    const facts = {
      environment: target.environment,
      service: target.service,
      share,
      version: canaryVersion(target.route, target.neighbours),
      pull: pull.number,
    }
    const since = liveSince(change)
    if (since !== undefined) await tell(context, { base, about: String(since) }, { event: 'live', ...facts })
    const waitsFor = problems.length === 0 ? personFor(change) : undefined
    if (waitsFor === undefined) continue
    await tell(context, { base, about: `${pull.head.sha} ${waitsFor}` }, { event: 'waiting', ...facts, waitsFor })
  }
}

/** Since when the base branch's step is live; undefined if it is not, or if nobody asked. */
export function liveSince({ verdicts }: ReviewedChange): number | undefined {
  for (const { reason } of verdicts)
    if (reason.code === 'live' && reason.liveness.state === 'live') return reason.liveness.since
  return undefined
}

/** Why a step needs a person. */
function personFor(change: ReviewedChange): News['waitsFor'] {
  if (notLive(change) !== undefined) return 'live'
  const waiting = change.verdicts.filter(({ state }) => state !== 'pass')
  if (waiting.length > 0) return waiting.every(({ gate }) => gate === 'approvals') ? 'approval' : undefined
  return mergesItself(change) ? undefined : 'merge'
}
