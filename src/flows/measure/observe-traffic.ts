import {
  type AskedShare,
  differs,
  type Observation,
  observationOf,
  observationQuestion,
  proves,
  provingTolerance,
} from '../../core/analysis/observed-share.ts'
import { type TrafficEntry, type TrafficEvidence, trafficEntries } from '../../core/gate/live.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { sendsToCanary, type Standing } from '../../core/rollout/standing.ts'
import type { StandingLine } from '../../core/rollout/related.ts'
import { planOf, type Target } from '../../core/rollout/target.ts'
import type { StepCommit } from '../../core/gate/step-history.ts'
import { standingBefore } from './landing.ts'
import { recallBefore, recallLook, rememberBefore, rememberLook, type TrafficLook } from './traffic-memory.ts'
import type { RolloutName } from '../../core/rollout/rollout-name.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'metrics' | 'memo' | 'repo' | 'meter' | 'clock'>

/** Prometheus scrapes every 15 to 60 seconds. More frequent looks would see nothing new. */
const LOOK_MS = 60_000
/** Git dates commits to whole seconds. */
const SECOND_MS = 1_000

/** A standing whose share can be compared with observed traffic. */
type SharedStanding = Standing & { readonly share: number }

export interface ObservedStep {
  readonly standing: Standing
  readonly rollout: RolloutName
  /** The commit that brought the step; undefined if the history does not show it. */
  readonly landing: StepCommit | undefined
}

/**
 * The observed traffic of a step, for each entry of `live` that asks for it. `moves-none`: the traffic is the same before and
 * after the step.
 */
export async function trafficEvidence(
  context: Needs,
  { standing, rollout, landing }: ObservedStep,
): Promise<ReadonlyMap<TrafficEntry, TrafficEvidence> | 'moves-none'> {
  const found = new Map<TrafficEntry, TrafficEvidence>()
  const entries = trafficEntries(standing.target.settings.live)
  if (entries.length === 0) return found
  if (standing.phase === 'finishing-weights') return 'moves-none'
  if (landing === undefined || !isShared(standing)) return found
  const before = await seenBefore(context, { standing, rollout, landing })
  if (before === standing.share) return 'moves-none'
  for (const entry of entries)
    found.set(entry, await evidenceFor(context, { standing, rollout, landing, before }, entry))
  return found
}

interface SharedStep extends ObservedStep {
  readonly standing: SharedStanding
  readonly landing: StepCommit
}

/** The share that the same queries would have shown before the step; the plan's previous step if Git does not show it. */
async function seenBefore(context: Needs, { standing, rollout, landing }: SharedStep): Promise<number> {
  const known = await recallBefore(context, rollout)
  if (known?.step === landing.sha) return known.share
  const before = await standingBefore(context, landing, standing.target)
  const planned = Math.max(0, ...planOf(standing.target).filter((step) => step < standing.share))
  const said = before === undefined || before.share === 'unknown' ? planned : before.share
  // A new version has received no requests before.
  const share = before !== undefined && isCountedApart(before.target, standing.target) ? 0 : said
  await rememberBefore(context, rollout, { step: landing.sha, share })
  return share
}

/** Whether the queries for one canary count no requests to the other one. */
function isCountedApart(one: Target, other: Target): boolean {
  const questionAbout = (target: Target) => observationQuestion(target, { windowMs: 0, at: 0 })
  const [first, second] = [questionAbout(one), questionAbout(other)]
  return first.ok && second.ok && first.value.queries.canary !== second.value.queries.canary
}

function isShared(standing: Standing): standing is SharedStanding {
  return standing.share !== 'unknown'
}

async function evidenceFor(
  context: Needs,
  { standing, rollout, landing, before }: SharedStep & { readonly before: number },
  entry: TrafficEntry,
): Promise<TrafficEvidence> {
  const { share, target } = standing
  const asked = { share, before, tolerance: provingTolerance(entry.traffic, { share, before }) }
  const now = context.clock.now()
  const first = firstLook(landing, entry)
  if (now < first) return { ...NOTHING_SEEN, asked, until: first }
  const look = await lastLook(context, { rollout, target, step: landing.sha, asked }, entry)
  return { ...evidenceOf(look, asked), until: look.at + LOOK_MS }
}

/** Requests from before the merge say nothing about the step. */
function firstLook(landing: StepCommit, { window }: TrafficEntry): number {
  return landing.time + SECOND_MS + window
}

/** Whether the traffic of a rollout is compared with its share in Git between the reviews, too. */
export function isObserved({ metrics }: Pick<Needs, 'metrics'>, standing: Standing): boolean {
  return sendsToCanary(standing) && metrics.servers().includes(standing.target.settings.prometheus)
}

/** Whether Prometheus sees another share than the one in Git, for a step whose `live` does not ask for traffic. */
export async function differsFromGit(context: Needs, { standing, rollout, landing }: ObservedStep): Promise<boolean> {
  const { settings } = standing.target
  if (landing === undefined || !isComparable(standing)) return false
  if (trafficEntries(settings.live).length > 0 || !context.metrics.servers().includes(settings.prometheus)) return false
  if (context.clock.now() < firstLook(landing, SHOWN)) return false
  const { share, target } = standing
  // Nothing has to be proven, so the share before the step does not matter.
  const asked = { share, before: share, tolerance: SHOWN.traffic }
  const { observation } = await lastLook(context, { rollout, target, step: landing.sha, asked }, SHOWN)
  return differs(observation, share, SHOWN.traffic)
}

interface LookRequest {
  readonly rollout: RolloutName
  readonly target: Target
  readonly step: Sha
  readonly asked: AskedShare
}

/** The last look at the traffic of a step, or a new one if that is old. */
async function lastLook(context: Needs, request: LookRequest, entry: TrafficEntry): Promise<TrafficLook> {
  const { rollout, step } = request
  const remembered = await recallLook(context, rollout, entry)
  const known = remembered?.step === step ? remembered : undefined
  if (known !== undefined && context.clock.now() < known.at + LOOK_MS) return known
  const look = await lookNow(context, { ...request, known }, entry)
  await rememberLook(context, rollout, { entry, look })
  return look
}

async function lookNow(
  context: Needs,
  { target, step, asked, known }: LookRequest & { readonly known: TrafficLook | undefined },
  entry: TrafficEntry,
): Promise<TrafficLook> {
  const at = context.clock.now()
  const observation = await observe(context, target, entry)
  if (observation.code === 'seen')
    context.meter.record('perch_traffic_difference_points', {}, Math.abs(observation.share - asked.share))
  return { step, at, provenAt: known?.provenAt ?? (proves(observation, asked) ? at : undefined), observation }
}

const NOTHING_SEEN = { observation: undefined, provenAt: undefined, differs: false } as const

function evidenceOf(
  { observation, provenAt }: Pick<TrafficLook, 'observation' | 'provenAt'>,
  asked: AskedShare,
): Omit<TrafficEvidence, 'until'> {
  const isDifferent = differs(observation, asked.share, asked.tolerance)
  return { observation, provenAt, differs: isDifferent, asked }
}

/** What Prometheus observes of both versions until now. */
async function observe(
  { metrics, clock }: Pick<Needs, 'metrics' | 'clock'>,
  target: Target,
  { window, minRequests }: TrafficEntry,
): Promise<Observation> {
  const provider = target.settings.prometheus
  const question = observationQuestion(target, { windowMs: window, at: clock.now() })
  if (!question.ok) return { code: 'not-told-apart', trouble: question.error }
  const { queries, range } = question.value
  const canary = await metrics.range(provider, queries.canary, range)
  // If a server does not answer, it is not asked again, because each query would have to time out.
  const stable = canary.ok ? await metrics.range(provider, queries.stable, range) : canary
  return observationOf({ canary, stable }, { provider, windowMs: window, minRequests })
}

/** How traffic is compared if the config does not ask for it: with the defaults of the config. Nothing has to be proven in time. */
const SHOWN: TrafficEntry = { traffic: 2, window: 5 * 60_000, minRequests: 100, within: 0 }

/** Whether a rollout has a share in Git that its traffic can be compared with. */
function isComparable(standing: Standing): standing is SharedStanding {
  const { phase, share } = standing
  // A controller chooses its own shares, and at a finish both versions are the same.
  return phase !== 'owned' && phase !== 'finishing-weights' && share !== 'unknown' && share > 0
}

/** Lines of a status with the observed traffic, if Perch knows the Prometheus that watches them. */
export async function withObserved(
  context: Pick<Needs, 'metrics' | 'clock'>,
  lines: readonly StandingLine[],
): Promise<readonly StandingLine[]> {
  const servers = new Set(context.metrics.servers())
  const found: StandingLine[] = []
  for (const line of lines) {
    const { standing } = line
    const isShown = isComparable(standing) && servers.has(standing.target.settings.prometheus)
    const observed = isShown ? await observedFor(context, standing) : undefined
    // Every query to a server that does not answer would have to time out.
    if (observed?.observation.code === 'no-answer') servers.delete(standing.target.settings.prometheus)
    found.push(observed === undefined ? line : { ...line, observed })
  }
  return found
}

async function observedFor(
  context: Pick<Needs, 'metrics' | 'clock'>,
  { target, share }: SharedStanding,
): Promise<NonNullable<StandingLine['observed']>> {
  const [entry] = trafficEntries(target.settings.live)
  const observation = await observe(context, target, entry ?? SHOWN)
  const isDifferent = differs(observation, share, (entry ?? SHOWN).traffic)
  return { observation, differs: isDifferent, isAskedFor: entry !== undefined }
}
