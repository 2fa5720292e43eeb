import { newsBetween } from '../../core/notify/rollout-news.ts'
import { originPull, targetName } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import { tell } from '../notify/tell.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallRollouts, type SeenRollout } from '../memory/watch-memory.ts'

/**
 * Sends notifications about rollouts that began, ended, or came to need a person since the last look. Without memory, it is
 * unknown what is new.
 */
export async function tellChanges(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'notifier' | 'ask' | 'clock'>,
  { ref, sha }: BaseHead,
  { rollouts, seen }: { readonly rollouts: readonly RolloutFacts[]; readonly seen: readonly SeenRollout[] },
): Promise<void> {
  const known = await recallRollouts(context, ref)
  if (known === undefined) return
  for (const { standing, broughtBy } of rollouts) {
    const { target, share } = standing
    const name = targetName(target)
    const event = newsBetween(known[name]?.state, seen.find((one) => one.name === name)?.state)
    if (event === undefined) continue
    const pull = originPull(target) ?? broughtBy
    const isOver = event === 'finished' || event === 'rolled-back'
    const facts =
      isOver || share === 'unknown' ? {} : { share, version: canaryVersion(target.route, target.neighbours) }
    await tell(
      context,
      { base: ref, about: sha },
      {
        event,
        environment: target.environment,
        service: target.service,
        ...facts,
        ...(pull === undefined ? {} : { pull }),
        ...(event === 'waiting' ? { waitsFor: 'help' } : {}),
      },
    )
  }
}
