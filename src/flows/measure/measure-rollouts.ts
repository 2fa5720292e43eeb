import { branchRef } from '../../core/branch-ref.ts'
import type { AnalysisReport } from '../../core/analysis/report.ts'
import { isWatched, type Standing, standingOf } from '../../core/rollout/standing.ts'
import { decidingRef, deployedAmong } from '../repository/deployed-branches.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import {
  recallDifference,
  recallLive,
  recallNews,
  rememberDifference,
  rememberLive,
  rememberNews,
} from '../memory/rollout-memory.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeTrafficAgain } from '../stop/judge-again.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { type RolloutName, rolloutName } from '../../core/rollout/rollout-name.ts'
import { livenessOf } from './liveness.ts'
import { measureStep } from './measure-step.ts'
import { isObserved } from './observe-traffic.ts'

/**
 * How long a live step is trusted to stay live without asking GitHub, as long as no webhook says otherwise. This saves requests
 * in each sweep.
 */
const TRUSTED_MS = 10 * 60_000

/** Measures the rollouts of a base branch between the reviews, which measure for their gates. */
export async function measureRollouts(context: RepositoryContext, task: TaskOf<'measure'>): Promise<void> {
  const ref = branchRef(task.base)
  const refs = await context.mirror.fetch([...new Set([ref, decidingRef(context)])])
  const sha = refs.get(ref)
  if (sha === undefined || !(await deployedAmong(context, refs)).has(task.base)) return
  const config = await loadConfig(context, sha)
  if (!config.ok) return
  const base = { ref: task.base, sha }
  const { targets } = await loadSnapshot(context, sha, { config: config.value })
  for (const standing of targets.map(standingOf)) {
    if (!isWatched(standing) && !isObserved(context, standing)) continue
    const since = await trustedSince(context, base, standing)
    if (since === undefined || !isWatched(standing)) continue
    const report = await measureStep(context, { base, since }, standing)
    if (report !== undefined) await tellNews(context, rolloutName(base.ref, standing.target), report)
  }
}

/** Since when the step is live, from memory if that is recent; undefined if it is not live. */
async function trustedSince(
  context: RepositoryContext,
  base: BaseHead,
  standing: Standing,
): Promise<number | undefined> {
  const rollout = rolloutName(base.ref, standing.target)
  const known = await recallLive(context, rollout)
  const now = context.clock.now()
  const isRecent = known?.base === base.sha && now - known.asked < TRUSTED_MS
  // Measurements start as soon as a step is live, so a watched step that is not live is looked at again.
  if (isRecent && (known.since !== undefined || !isWatched(standing))) return known.since
  const liveness = await livenessOf(context, { base }, standing)
  const since = liveness.state === 'live' ? liveness.since : undefined
  await rememberLive(context, rollout, { base: base.sha, since, asked: now })
  if (liveness.state === 'live') await tellDifference(context, rollout, liveness.differs === true)
  return since
}

/** Requests new reviews if the traffic begins to differ from Git, or no longer does. */
async function tellDifference(context: RepositoryContext, rollout: RolloutName, differs: boolean): Promise<void> {
  if ((await recallDifference(context, rollout)) === differs) return
  const outcome = differs ? 'traffic differs' : 'traffic as in Git'
  await judgeTrafficAgain(context, { code: 'measured', rollout, outcome, at: context.clock.now() })
  await rememberDifference(context, rollout, differs)
}

/** Requests new reviews for everyone who waits for a measurement, including other environments, if its result has changed. */
export async function tellNews(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'ask' | 'clock'>,
  rollout: RolloutName,
  { from, outcome, isFailure, isComplete }: AnalysisReport,
): Promise<void> {
  const word = [outcome, ...(isFailure ? ['failure'] : []), ...(isComplete ? ['complete'] : [])].join(' ')
  const news = `${from} ${word}`
  if ((await recallNews(context, rollout)) === news) return
  await judgeTrafficAgain(context, { code: 'measured', rollout, outcome: word, at: context.clock.now() })
  await rememberNews(context, rollout, news)
}
