import { notLive, type Review } from '../../core/gate/review.ts'
import { notLiveMarker } from '../../core/marker/comment.ts'
import { notLiveNotice } from '../../core/message/comment/notice.ts'
import { isStep } from '../../core/rollout/branch.ts'
import { targetName } from '../../core/rollout/target.ts'
import { sayOnce } from '../repository/github-refusals.ts'
import type { PullEnds } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** Says once on a step that the previous step does not become live, and mentions the person who drives the rollout. */
export async function sayNotLive(context: RepositoryContext, { pull }: PullEnds, { changes }: Review): Promise<void> {
  if (!isStep(pull, context.botLogin) || pull.draft) return
  for (const change of changes) {
    const liveness = notLive(change)
    if (liveness === undefined) continue
    const { target } = change
    const key = `not-live:${context.repo.id}:${pull.number}:${targetName(target)}`
    if ((await context.memo.get(key)) === true) continue
    await sayOnce(context, pull.number, {
      marker: notLiveMarker(target),
      body: notLiveNotice(target, liveness, pull.assignees),
    })
    await context.memo.set(key, true)
  }
}
