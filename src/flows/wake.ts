import { matcher, type SignalSource, waitKey } from '../core/gate/signal.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { recallGroups } from './commit-memory.ts'
import type { Desk } from './desk.ts'
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
  desk: Pick<Desk, 'repo' | 'installation' | 'jobs' | 'memo'>,
  { source, name, commit }: CommitSignal,
  id: string,
): Promise<void> {
  const { repo, installation } = desk
  const said = waitKey(source, name)
  for (const [pull, keys] of await waitingPulls(desk)) {
    if (!keys.some((key) => matcher(key)(said))) continue
    await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull, commit, force: true }, { id }))
  }
  for (const [head, group] of await recallGroups(desk))
    if (group.waits.some((key) => matcher(key)(said))) await judgeGroup(desk, { ...group, head, commit }, id)
}
