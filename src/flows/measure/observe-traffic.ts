import { z } from 'zod'
import {
  differs,
  isAbout,
  type Observation,
  observationOf,
  observationQuestion,
  type ObservationSettings,
  provingTolerance,
} from '../../core/analysis/observed-share.ts'
import { type TrafficEntry, type TrafficEvidence, trafficEntries } from '../../core/gate/live.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import type { StandingLine } from '../../core/rollout/related.ts'
import { planOf, type Target } from '../../core/rollout/target.ts'
import type { StepCommit } from '../../core/gate/step-history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'metrics' | 'memo' | 'repo' | 'meter' | 'clock'>

/** Prometheus scrapes every 15 to 60 seconds: a look in between sees nothing new. */
const LOOK_MS = 60_000
/** Git dates commits to whole seconds. */
const SECOND_MS = 1_000

/** A standing whose share can be compared with what is seen. */
type SharedStanding = Standing & { readonly share: number }

interface ObservedStep {
  readonly standing: Standing
  /** Of which rollout it is the step: base branch and target. */
  readonly rollout: string
  /** The commit that brought the step; undefined where the history does not tell. */
  readonly landing: StepCommit | undefined
}

/** What the traffic says of a step, for each entry of `live` that asks for it. */
export async function trafficEvidence(
  context: Needs,
  { standing, rollout, landing }: ObservedStep,
): Promise<ReadonlyMap<TrafficEntry, TrafficEvidence>> {
  const found = new Map<TrafficEntry, TrafficEvidence>()
  if (landing === undefined || !isShared(standing)) return found
  for (const entry of trafficEntries(standing.target.settings.live))
    found.set(entry, await evidenceFor(context, { standing, rollout, landing }, entry))
  return found
}

function isShared(standing: Standing): standing is SharedStanding {
  return standing.share !== 'unknown'
}

async function evidenceFor(
  context: Needs,
  { standing, rollout, landing }: ObservedStep & { readonly standing: SharedStanding; readonly landing: StepCommit },
  entry: TrafficEntry,
): Promise<TrafficEvidence> {
  const { share, target } = standing
  const tolerance = provingTolerance(entry.traffic, share, planOf(target))
  const now = context.clock.now()
  // Requests from before the merge say nothing about what came with it.
  const first = landing.time + SECOND_MS + entry.window
  if (now < first) return { ...NOTHING_SEEN, share, tolerance, until: first }
  const key = `observed:${context.repo.id}:${rollout}:${JSON.stringify(entry)}`
  const { data } = Memory.safeParse(await context.memo.get(key))
  const known = data?.step === landing.sha ? data : undefined
  if (known !== undefined && now < known.at + LOOK_MS)
    return { ...evidenceOf(known, { share, tolerance }), until: known.at + LOOK_MS }
  const observation = await observe(context, target, {
    provider: target.settings.prometheus,
    windowMs: entry.window,
    minRequests: entry.minRequests,
  })
  if (observation.code === 'seen')
    context.meter.record('perch_traffic_difference_points', {}, Math.abs(observation.share - share))
  const provenAt = known?.provenAt ?? (isAbout(observation, share, tolerance) ? now : null)
  const seen = { step: landing.sha, at: now, provenAt, observation }
  await context.memo.set(key, seen)
  return { ...evidenceOf(seen, { share, tolerance }), until: now + LOOK_MS }
}

const NOTHING_SEEN = { observation: undefined, provenAt: undefined, differs: false } as const

function evidenceOf(
  { observation, provenAt }: Pick<Seen, 'observation' | 'provenAt'>,
  { share, tolerance }: { readonly share: number; readonly tolerance: number },
): Omit<TrafficEvidence, 'until'> {
  const isDifferent = differs(observation, share, tolerance)
  return { observation, provenAt: provenAt ?? undefined, differs: isDifferent, share, tolerance }
}

/** What Prometheus sees of both versions up to now. */
async function observe(
  { metrics, clock }: Pick<Needs, 'metrics' | 'clock'>,
  target: Target,
  settings: ObservationSettings,
): Promise<Observation> {
  const question = observationQuestion(target, { windowMs: settings.windowMs, at: clock.now() })
  if (!question.ok) return { code: 'not-told-apart', trouble: question.error }
  const { queries, range } = question.value
  const canary = await metrics.range(settings.provider, queries.canary, range)
  // A server that does not answer is not asked again: each question would be waited for.
  const stable = canary.ok ? await metrics.range(settings.provider, queries.stable, range) : canary
  return observationOf({ canary, stable }, settings)
}

/** What is shown where the config does not say how to look. */
const SHOWN = { windowMs: 5 * 60_000, minRequests: 100, tolerance: 2 }

/** Lines of a status with what Prometheus sees, where this Perch has the one that watches them. */
export async function withObserved(
  context: Pick<Needs, 'metrics' | 'clock'>,
  lines: readonly StandingLine[],
): Promise<readonly StandingLine[]> {
  const servers = context.metrics.servers()
  const found: StandingLine[] = []
  for (const line of lines) {
    const { target, share } = line.standing
    const provider = target.settings.prometheus
    const isShown = typeof share === 'number' && share > 0 && servers.includes(provider)
    found.push(isShown ? { ...line, observed: await observedFor(context, target, share) } : line)
  }
  return found
}

async function observedFor(
  context: Pick<Needs, 'metrics' | 'clock'>,
  target: Target,
  share: number,
): Promise<NonNullable<StandingLine['observed']>> {
  const [entry] = trafficEntries(target.settings.live)
  const { tolerance, ...how } =
    entry === undefined ? SHOWN : { windowMs: entry.window, minRequests: entry.minRequests, tolerance: entry.traffic }
  const observation = await observe(context, target, { provider: target.settings.prometheus, ...how })
  return { observation, differs: differs(observation, share, tolerance), isAskedFor: entry !== undefined }
}

const Observed = z.discriminatedUnion('code', [
  z.object({ code: z.literal('seen'), share: z.number(), requests: z.number(), windowMs: z.number() }),
  z.object({ code: z.literal('few-requests'), requests: z.number(), least: z.number(), windowMs: z.number() }),
  z.object({
    code: z.literal('not-told-apart'),
    trouble: z.enum([
      'not-http',
      'needs-source',
      'shared-pods',
      'several-destinations',
      'foreign-host',
      'no-version-label',
      'same-labels',
    ]),
  }),
  z.object({
    code: z.literal('no-answer'),
    provider: z.string(),
    failure: z.enum(['unknown-server', 'unreachable', 'timed-out', 'refused', 'not-understood']),
  }),
])

/** What was last seen of a step. A loss of it only delays: the step has to be proven live again. */
const Memory = z.object({
  /** The commit that brought the step. */
  step: z.string(),
  at: z.number(),
  provenAt: z.number().nullable(),
  observation: Observed,
})
type Seen = z.infer<typeof Memory>
