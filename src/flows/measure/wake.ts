import { type SignalSource, waitKey } from '../../core/gate/signal.ts'
import { matcher } from '../../core/text/matcher.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { recallGroups } from '../memory/commit-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { waitingPulls } from '../memory/pull-memory.ts'

/** A signal about a commit. */
interface CommitSignal {
  readonly source: SignalSource
  readonly name: string
  readonly commit: Sha
}

/** Triggers a new look at the pull requests that wait for a signal. `delivery`: the webhook or report that brought it. */
export async function wakeWaiting(
  context: Pick<RepositoryContext, 'repo' | 'ask' | 'memo'>,
  { source, name, commit }: CommitSignal,
  delivery: string,
): Promise<void> {
  const why = { code: 'signal', delivery, commit } as const
  const said = waitKey(source, name)
  const isAwaited = (keys: readonly string[]): boolean => keys.some((key) => matcher(key)(said))
  for (const [pull, keys] of await waitingPulls(context)) if (isAwaited(keys)) await context.ask.review(pull, why)
  for (const [head, group] of await recallGroups(context))
    if (isAwaited(group.waits)) await context.ask.group({ ...group, head }, why)
}
