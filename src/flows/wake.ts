import { matcher, type SignalSource, waitKey } from '../core/gate/signal.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { recallGroups } from './commit-memory.ts'
import type { RepositoryContext } from './repository-context.ts'
import { judgeGroup } from './judge-again.ts'
import { waitingPulls } from './memory.ts'
import { jobOf } from './work.ts'

/** Something that was said about a commit. */
export interface CommitSignal {
  readonly source: SignalSource
  readonly name: string
  readonly commit: Sha
}

/** Has those pull requests looked at again that wait for what was said; `id`: once for one cause. */
export async function wakeWaiting(
  context: Pick<RepositoryContext, 'repo' | 'installation' | 'jobs' | 'memo'>,
  { source, name, commit }: CommitSignal,
  id: string,
): Promise<void> {
  const { repo, installation } = context
  const said = waitKey(source, name)
  for (const [pull, keys] of await waitingPulls(context)) {
    if (!keys.some((key) => matcher(key)(said))) continue
    await context.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull, commit, force: true }, { id }))
  }
  for (const [head, group] of await recallGroups(context))
    if (group.waits.some((key) => matcher(key)(said))) await judgeGroup(context, { ...group, head, commit }, id)
}
