import { saysClosed, STOPPED_MARKER } from '../../core/marker/comment.ts'
import { stoppedWords } from '../../core/message/comment/stopped-step.ts'
import { isStepOf } from '../../core/rollout/branch.ts'
import { sureShare } from '../../core/rollout/standing.ts'
import { beginningPull, type RolloutFacts } from '../../core/rollout/transition.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { sayIfAllowed } from '../repository/github-refusals.ts'
import type { BaseState } from './rollouts.ts'

/**
 * Says on a step or a rollback that the rollout has stopped because it was closed without merging: by a person, or by GitHub, which
 * closes a pull request when a push leaves nothing to merge.
 */
export async function sayStopped(context: RepositoryContext, base: BaseState, rollout: RolloutFacts): Promise<void> {
  const { standing, stoppedByHand } = rollout
  const { target } = standing
  const step = base.pulls.find((pull) => isStepOf(target, pull, context.botLogin))
  if (!stoppedByHand || step?.state !== 'closed') return
  const origin = beginningPull(rollout)
  const key = `stopped:${context.repo.id}:${step.number}:${step.closedAt ?? 0}`
  if ((await context.memo.get(key)) === true) return
  const comments = await context.conversation.of(step.number)
  const isSaid = comments.some(({ isOurs, body }) => isOurs && (body.startsWith(STOPPED_MARKER) || saysClosed(body)))
  if (!isSaid)
    await sayIfAllowed(context, step.number, () =>
      context.conversation.add(step.number, stoppedWords(target, { share: sureShare(standing), origin })),
    )
  await context.memo.set(key, true)
}
