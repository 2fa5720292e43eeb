import { type Liveness, livenessBy, wantOf, withoutTraffic } from '../../core/gate/live.ts'
import { type Signal, type Want, waitKey } from '../../core/gate/signal.ts'
import { commitsToAsk, type StepCommit, type StepHistory, wantsKey, withAnswers } from '../../core/gate/step-history.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { historyOf, MAX_COMMITS } from './landing.ts'
import { runningSince } from './running-version.ts'
import { differsFromGit, type ObservedStep, trafficEvidence } from './observe-traffic.ts'
import { rememberStep } from '../memory/rollout-memory.ts'
import { type RolloutName, rolloutName } from '../../core/rollout/rollout-name.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'signals' | 'activity' | 'clock' | 'memo' | 'repo' | 'meter' | 'metrics'
>

export interface LivenessQuestion {
  readonly base: BaseHead
  /** A commit that a webhook has just named. It is checked too, however many commits came after it. */
  readonly mentioned?: Sha | undefined
  /** Called before signals are read, because a signal that arrives after that must find who waits for it (by `waitKey`). */
  readonly onWait?: (keys: readonly string[]) => Promise<void>
}

/** Whether the base branch's step is live, according to the entries in the config. */
export async function livenessOf(context: Needs, at: LivenessQuestion, standing: Standing): Promise<Liveness> {
  const { base } = at
  const history = await historyOf(context, base, standing)
  const landing = await runningSince(context, base, standing)
  const { settings } = standing.target
  const wants = settings.live.flatMap((entry) => wantOf(entry) ?? [])
  const now = context.clock.now()
  const rollout = rolloutName(base.ref, standing.target)
  const step = { standing, rollout, landing }
  const traffic = await trafficEvidence(context, step)
  const live = traffic === 'moves-none' ? withoutTraffic(settings.live) : settings.live
  const when = { landedAt: landing?.time ?? now, now, ...(traffic === 'moves-none' ? {} : { traffic }) }
  if (wants.length === 0) return withTraffic(context, step, livenessBy(live, { commits: [], ...when }))
  await at.onWait?.(wants.map(({ source, pattern }) => waitKey(source, pattern)))
  const commits =
    history === undefined || landing === undefined
      ? await context.signals.about([base.sha], wants)
      : await signalsOf(context, at, { standing, history, landing, wants })
  const liveness = livenessBy(live, { commits, ...when })
  if (liveness.state === 'live' && landing !== undefined)
    await measureDelay(context, rollout, { landing, since: liveness.since })
  return withTraffic(context, step, liveness)
}

/** Adds whether the traffic differs from Git, if `live` does not ask for traffic. This changes no verdict. */
async function withTraffic(context: Needs, step: ObservedStep, liveness: Liveness): Promise<Liveness> {
  return liveness.state === 'live' && (await differsFromGit(context, step)) ? { ...liveness, differs: true } : liveness
}

/** How long the deployer took, once for each step. */
async function measureDelay(
  { memo, meter, repo }: Pick<Needs, 'memo' | 'meter' | 'repo'>,
  rollout: RolloutName,
  { landing, since }: { readonly landing: StepCommit; readonly since: number },
): Promise<void> {
  const key = `went-live:${repo.id}:${rollout}`
  if ((await memo.get(key)) === landing.sha) return
  await memo.set(key, landing.sha)
  meter.record('perch_live_delay_seconds', {}, Math.max(0, since - landing.time) / 1_000)
}

interface LiveQuestion {
  readonly standing: Standing
  readonly history: StepHistory
  /** The commit that must be live, or a later one. */
  readonly landing: StepCommit
  readonly wants: readonly Want[]
}

/** The signals on all commits that carry a step, newest commit first: known ones and new ones. */
async function signalsOf(
  context: Needs,
  at: LivenessQuestion,
  { standing, history: known, landing, wants }: LiveQuestion,
): Promise<readonly (readonly Signal[])[]> {
  const key = wantsKey(wants)
  const history = known.wants === key ? known : { ...known, wants: key, scannedTo: undefined, reported: [] }
  const line = (await context.mirror.landings(at.base.sha, 'all', MAX_COMMITS)).map(({ sha }) => sha)
  const end = line.indexOf(landing.sha)
  const carrying = end === -1 ? [...line, landing.sha] : line.slice(0, end + 1)
  const asked = commitsToAsk(history, carrying, at.mentioned)
  const signals = await context.signals.about(asked, wants)
  const answers = asked.map((sha, index) => ({ sha, signals: signals[index] ?? [] }))
  const next = withAnswers(history, carrying, { answers, wants })
  if (JSON.stringify(next) !== JSON.stringify(known))
    await rememberStep(context, rolloutName(at.base.ref, standing.target), next)
  return next.reported.map((commit) => commit.signals)
}
