import type { AnalysisReport } from '../../core/analysis/report.ts'
import { failureReason } from '../../core/message/gate/analysis.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Standing, standingOf } from '../../core/rollout/standing.ts'
import { type Target, targetName } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import { measureStep } from './measure-step.ts'
import { decidingRef, deployedAmong } from '../repository/deployed-branches.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { BaseHead } from './landing.ts'
import { judgeTrafficAgain } from '../stop/judge-again.ts'
import { livenessOf } from './liveness.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import { type Health, heldStep, recallHealth, rememberHealth, rememberHeldStep } from '../repository/memory.ts'
import { hold } from '../stop/stops.ts'
import type { TaskOf } from '../tasks/tasks.ts'

/** How long it is taken as true that a step is live, while no webhook says otherwise: what saves a sweep its requests. */
const TRUSTED_MS = 10 * 60_000

/** Whether a rollout is to be measured: the config asks for it, Perch drives it, and its canary has traffic. */
export function isWatched({ phase, target }: Standing): boolean {
  return target.settings.analysis !== undefined && (phase === 'stepping' || phase === 'finishing-version')
}

/** Measures the rollouts of a base branch. Where that comes to something new, what depends on it is looked at again. */
export async function measureRollouts(context: RepositoryContext, task: TaskOf<'examine'>): Promise<void> {
  const ref = `refs/heads/${task.base}`
  const refs = await context.mirror.fetch([...new Set([ref, decidingRef(context)])])
  const base = refs.get(ref)
  if (base === undefined || !(await deployedAmong(context, refs)).has(task.base)) return
  const config = await loadConfig(context, base)
  if (!config.ok) return
  const { targets } = await loadSnapshot(context, base, config.value)
  for (const standing of targets.map(standingOf).filter(isWatched))
    await measureRollout(context, { base, ref: task.base }, standing)
}

async function measureRollout(
  context: RepositoryContext,
  { base, ref }: { readonly base: Sha; readonly ref: string },
  standing: Standing,
): Promise<void> {
  const rollout = `${ref}:${targetName(standing.target)}`
  const known = await recallHealth(context, rollout)
  const now = context.clock.now()
  const health = await healthOf(context, { base, ref, known }, standing)
  if (health === undefined) return
  const report = await measureStep(context, standing, health.since)
  const word = report === undefined ? '' : healthWord(report)
  const isNews = known?.since !== health.since || known.word !== word
  // Other environments may wait for this one.
  if (isNews) await judgeTrafficAgain(context, { code: 'measured', rollout, outcome: word, at: now })
  if (report?.isFailure === true)
    await context.ask.advance(ref, { code: 'failing', rollout, since: health.since, at: now })
  await rememberHealth(context, rollout, { ...health, word })
}

/** Since when the step is live, from memory while that is fresh. */
async function healthOf(
  context: RepositoryContext,
  at: { readonly base: Sha; readonly ref: string; readonly known: Health | undefined },
  standing: Standing,
): Promise<Health | undefined> {
  const { base, ref, known } = at
  const now = context.clock.now()
  if (known?.base === base && now - known.asked < TRUSTED_MS) return known
  const liveness = await livenessOf(context, { base, baseRef: ref }, standing)
  return liveness.state === 'live' ? { base, since: liveness.since, asked: now, word: '' } : undefined
}

/** What makes a report another one for those who wait for it. */
function healthWord({ outcome, isFailure, isComplete }: AnalysisReport): string {
  return [outcome, ...(isFailure ? ['failure'] : []), ...(isComplete ? ['complete'] : [])].join(' ')
}

/** The rollouts with what was measured of those that fail. */
export async function withFailures(
  context: RepositoryContext,
  base: BaseHead,
  rollouts: readonly RolloutFacts[],
): Promise<readonly RolloutFacts[]> {
  const all: RolloutFacts[] = []
  for (const rollout of rollouts) {
    const report = isWatched(rollout.standing) ? await measureLive(context, base, rollout.standing) : undefined
    all.push(report?.isFailure === true ? { ...rollout, failure: report } : rollout)
  }
  return all
}

async function measureLive(
  context: RepositoryContext,
  base: BaseHead,
  standing: Standing,
): Promise<AnalysisReport | undefined> {
  const liveness = await livenessOf(context, { base: base.sha, baseRef: base.ref }, standing)
  return liveness.state === 'live' ? measureStep(context, standing, liveness.since) : undefined
}

/** Holds a rollout whose canary fails: once a step, because a person may let it go on all the same. */
export async function holdFailed(
  context: RepositoryContext,
  at: { readonly base: string; readonly target: Target },
  failure: AnalysisReport,
): Promise<void> {
  const rollout = `${at.base}:${targetName(at.target)}`
  if ((await heldStep(context, rollout)) === failure.from) return
  const asked = {
    login: context.botLogin,
    cause: `failed:${rollout}:${failure.from}`,
    at: context.clock.now(),
  }
  await hold(context, [at.target], { ...asked, reason: failureReason(failure) })
  await rememberHeldStep(context, rollout, failure.from)
}
