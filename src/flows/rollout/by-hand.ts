import * as z from 'zod'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import { originPull } from '../../core/rollout/target.ts'
import type { RecentPulls } from '../../ports/github/pull-requests.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { historyOf } from '../measure/landing.ts'
import { recallChecked, rememberChecked } from '../memory/pull-memory.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'pulls' | 'checks' | 'memo' | 'repo' | 'activity' | 'clock'
>

/**
 * The pull request that set a share without our annotation about it, if Perch has checked it. Then people know about Perch, and the
 * rollout continues like any other. Perch does not touch a split that is older than its installation, or that was pushed without
 * a pull request. A chart may write the annotation that tells Perch to drive the rollout, but it cannot name a pull request.
 */
export async function broughtBy(
  context: Needs,
  at: { readonly base: BaseHead; readonly recent: RecentPulls },
  standing: Standing,
): Promise<number | undefined> {
  const { phase, share, target } = standing
  if (phase === 'owned' || share === 'unknown' || share === 0 || originPull(target) !== undefined) return undefined
  const isEnough = async (pull: PullRequest): Promise<boolean> => phase !== 'by-hand' || isChecked(context, pull)
  const landing = (await historyOf(context, at.base, standing))?.landing
  if (landing === undefined) return undefined
  const { pulls, since } = at.recent
  const pull = pulls.find(({ mergeCommit }) => mergeCommit === landing.sha)
  if (pull !== undefined) return (await isEnough(pull)) ? pull.number : undefined
  return since === 0 ? undefined : broughtByOlder(context, { landing: landing.sha, base: at.base.ref }, isEnough)
}

/** A hundred newer pull requests may have been opened meanwhile. */
async function broughtByOlder(
  context: Needs,
  { landing, base }: { readonly landing: Sha; readonly base: string },
  isEnough: (pull: PullRequest) => Promise<boolean>,
): Promise<number | undefined> {
  const key = `brought:${context.repo.id}:${landing}`
  const known = Brought.safeParse(await context.memo.get(key))
  if (known.success) return known.data.pull
  const pull = await context.pulls.mergedAs(landing, base)
  // GitHub may not know the pull request yet, so only a positive result is remembered.
  if (pull === undefined || !(await isEnough(pull))) return undefined
  await context.memo.set(key, { pull: pull.number } satisfies z.infer<typeof Brought>)
  return pull.number
}

const Brought = z.object({ pull: z.int() })

async function isChecked(context: Needs, { number, head }: PullRequest): Promise<boolean> {
  if (await recallChecked(context, number)) return true
  const isChecked = (await context.checks.on(head.sha)).some(({ conclusion }) => conclusion !== undefined)
  if (isChecked) await rememberChecked(context, number)
  return isChecked
}
