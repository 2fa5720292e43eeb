/** The observed share of requests of a canary, from Prometheus, compared with the share that Git asks for. */
import { err, ok, type Result } from '../result.ts'
import type { Target } from '../rollout/target.ts'
import { canaryShareOf, type Destination, type Route, type Rule, shares, weightedRules } from '../traffic/route.ts'
import type { MetricsFailure, Range, RangeAnswer } from './answer.ts'
import { requestsQuery } from './queries.ts'
import { reporterOf, SIDE_TROUBLES, sidesOf } from './side.ts'
import { promDuration } from './window.ts'

/** What Prometheus saw in the `windowMs` before a moment. */
export type Observation =
  /** `share`: percent of the requests to both versions. */
  | { readonly code: 'seen'; readonly share: number; readonly requests: number; readonly windowMs: number }
  /** Too few requests to tell. */
  | { readonly code: 'few-requests'; readonly requests: number; readonly least: number; readonly windowMs: number }
  | { readonly code: 'not-told-apart'; readonly trouble: ShareTrouble }
  | { readonly code: 'no-answer'; readonly provider: string; readonly failure: MetricsFailure }

/** Why the counted requests do not show the share. */
export const SHARE_TROUBLES = [
  ...SIDE_TROUBLES,
  /** The canary's own proxies count copies of requests, too. */
  'mirrored',
  /** Another rule gives the canary a share of its own. */
  'other-rules',
] as const
export type ShareTrouble = (typeof SHARE_TROUBLES)[number]

/** Which server to ask, about how long a window, and how many requests are needed. */
export interface ObservationSettings {
  readonly provider: string
  readonly windowMs: number
  readonly minRequests: number
}

/** The queries for the requests to the canary and to the stable version, and where they are evaluated. */
interface ObservationQuestion {
  readonly queries: Readonly<Record<'canary' | 'stable', string>>
  readonly range: Range
}

export function observationQuestion(
  target: Target,
  { windowMs, at }: { readonly windowMs: number; readonly at: number },
): Result<ObservationQuestion, ShareTrouble> {
  const reporter = reporterOf(target, target.settings.analysis?.reporter)
  if (reporter === 'destination' && isMirrored(target.route)) return err('mirrored')
  if (hasOtherSplit(target.route)) return err('other-rules')
  const { canary, stable } = sidesOf(target, reporter)
  if (!canary.ok) return err(canary.error)
  if (!stable.ok) return err(stable.error)
  const window = promDuration(windowMs)
  return ok({
    queries: { canary: requestsQuery(canary.value, window), stable: requestsQuery(stable.value, window) },
    range: { from: at, until: at, stepMs: windowMs },
  })
}

/** Whether a rule copies its requests to a host that is measured. */
function isMirrored(route: Route): boolean {
  const hosts = new Set(weightedRules(route).flatMap(({ destinations }) => destinations.map(({ host }) => host)))
  return route.rules.some(({ mirrors }) => mirrors.some(({ host }) => hosts.has(host)))
}

/**
 * Whether a rule outside the rollout sends everybody's requests to the canary. Rules for a few callers are ignored, because their requests are few.
 */
function hasOtherSplit(route: Route): boolean {
  const moved = weightedRules(route)
  const canaries = moved.flatMap(({ destinations }) => destinations.filter(({ role }) => role === 'canary'))
  return route.rules.some(
    (rule) => !moved.includes(rule) && !rule.picksCallers && !rule.isUnreachable && maySendTo(rule, canaries),
  )
}

function maySendTo(rule: Rule, places: readonly Destination[]): boolean {
  const isUnread = canaryShareOf(rule) === undefined
  const percents = shares(rule)
  return rule.destinations.some(({ host, subset }, index) => {
    const isThere = places.some((place) => place.host === host && place.subset === subset)
    return isThere && (isUnread || percents[index] !== 0)
  })
}

/** Judges the answers. A version without a series has no requests. If neither version has a series, the share is unknown. */
export function observationOf(
  { canary, stable }: Readonly<Record<'canary' | 'stable', RangeAnswer>>,
  { provider, windowMs, minRequests }: ObservationSettings,
): Observation {
  const [some, others] = [countIn(canary), countIn(stable)]
  if (typeof some === 'string') return { code: 'no-answer', provider, failure: some }
  if (typeof others === 'string') return { code: 'no-answer', provider, failure: others }
  const requests = some + others
  const least = Math.max(1, minRequests)
  if (requests < least) return { code: 'few-requests', requests: Math.floor(requests), least, windowMs }
  return { code: 'seen', share: (100 * some) / requests, requests: Math.round(requests), windowMs }
}

function countIn(answer: RangeAnswer): number | MetricsFailure {
  if (!answer.ok) return answer.code
  const values = answer.series.map(({ points }) => points.at(-1)?.[1] ?? 0)
  // A sum is one series. A warning means that a part may be missing, and a part does not give the share.
  const isWhole = values.length <= 1 && answer.warnings.length === 0
  const [value = 0] = values
  return isWhole && Number.isFinite(value) && value >= 0 ? value : 'not-understood'
}

/** The share that Git asks for, the one that it asked for before, and by how many points the config lets the traffic differ. */
export interface AskedShare {
  readonly share: number
  readonly before: number
  readonly tolerance: number
}

/**
 * By how many percentage points the observed share may differ from the one in Git and still prove it. The config sets this, but it is always small
 * enough to tell the previous share from this one.
 */
export function provingTolerance(tolerance: number, { share, before }: Omit<AskedShare, 'tolerance'>): number {
  return Math.min(tolerance, Math.round(Math.abs(share - before) * 5e5) / 1e6)
}

/** Whether the observed share is close to the one in Git. */
export function isAbout(observation: Observation, { share, tolerance }: Omit<AskedShare, 'before'>): boolean {
  return observation.code === 'seen' && Math.abs(observation.share - share) <= tolerance
}

/**
 * Whether the observation proves Git's share. With few requests, the previous share could look the same by chance, and frequent measurements would
 * sooner or later see that.
 */
export function proves(observation: Observation, asked: AskedShare): boolean {
  return isAbout(observation, asked) && differs(observation, asked.before, 0)
}

/** How far an observed share may be from the true one by chance, in standard deviations. Only one of 370 is farther away. */
const DEVIATIONS = 3

/** Whether the observed share differs from Git's by more than the tolerance and by more than chance explains. */
export function differs(observation: Observation, share: number, tolerance: number): boolean {
  if (observation.code !== 'seen') return false
  const part = share / 100
  const chance = 100 * DEVIATIONS * Math.sqrt((part * (1 - part)) / observation.requests)
  return Math.abs(observation.share - share) > Math.max(tolerance, chance)
}
