import { type DoneSteps, type ListedRollout, type Listing, listRollout } from '../../core/dashboard/dashboard.ts'
import { stuckWords } from '../../core/message/comment/notice.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import type { Result } from '../../core/result.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import { historyOf } from '../measure/landing.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'activity' | 'clock'>

/** A rollout, and the result of a look at its base branch. */
export interface TakenRollout {
  readonly rollout: RolloutFacts
  readonly done: Result<Omit<DoneSteps, 'stuck'>, Refusal>
}

/** The rollouts of a base branch for the dashboard, after their steps were taken. */
export async function listRollouts(context: Needs, base: BaseHead, taken: readonly TakenRollout[]): Promise<Listing> {
  const rollouts: ListedRollout[] = []
  for (const one of taken) {
    const listed = await lineOf(context, base, one)
    if (listed !== undefined) rollouts.push(listed)
  }
  return { code: 'listed', rollouts, owned: taken.filter(({ rollout }) => rollout.standing.phase === 'owned').length }
}

async function lineOf(
  context: Needs,
  base: BaseHead,
  { rollout, done }: TakenRollout,
): Promise<ListedRollout | undefined> {
  const { standing } = rollout
  const steps = done.ok
    ? { ...done.value, stuck: undefined }
    : { opened: undefined, closed: [], stuck: stuckWords(standing.target, done.error) }
  const listed = listRollout(rollout, steps)
  if (listed === undefined || !hasLanding(rollout)) return listed
  return { ...listed, since: (await historyOf(context, base, standing))?.landing.time }
}

/** A share that someone set by hand may be as old as the repository, so its commit is not searched for. */
function hasLanding({ standing: { phase }, broughtBy }: RolloutFacts): boolean {
  if (phase === 'by-hand') return broughtBy !== undefined
  return phase !== 'idle' && phase !== 'owned' && phase !== 'unreadable'
}
