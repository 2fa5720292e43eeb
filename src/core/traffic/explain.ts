import { isToCanary } from './mirrors.ts'
import { countedWeight, type Destination, type Route, type Rule, ruleForSomeCallers, sharesOf } from './route.ts'

/** Why a destination's share differs from its weight. */
export type ShareReason =
  | 'missing-is-zero'
  | 'missing-is-one'
  | 'single-gets-all'
  | 'single-zero-gets-nothing'
  | 'sum-not-100'
  | 'all-zero'
  | 'unread'

export interface ExplainedShare {
  readonly destination: Destination
  /** In percent, as the proxies compute it; undefined if a weight of the rule cannot be read. */
  readonly share: number | undefined
  /** Undefined if the weight is the percentage. */
  readonly reason: ShareReason | undefined
}

/** The actual share of each destination of a rule, and why if it is unexpected. */
export function explainShares(rule: Rule): readonly ExplainedShare[] {
  if (rule.destinations.some(({ badWeight }) => badWeight !== undefined))
    return rule.destinations.map((destination) => ({ destination, share: undefined, reason: 'unread' }))
  return sharesOf(rule).map(({ destination, share }) => {
    return { destination, share, reason: reasonFor(rule, destination, share) }
  })
}

function reasonFor(rule: Rule, destination: Destination, share: number): ShareReason | undefined {
  const { weight } = destination
  if (rule.destinations.length === 1) {
    if (share === 0) return 'single-zero-gets-nothing'
    return weight === undefined || weight === 100 ? undefined : 'single-gets-all'
  }
  if (rule.destinations.every((entry) => countedWeight(rule, entry) === 0)) return 'all-zero'
  if (weight === undefined) return rule.api === 'gateway' ? 'missing-is-one' : 'missing-is-zero'
  return Math.abs(weight - share) < 1e-6 ? undefined : 'sum-not-100'
}

/** Something that a person should know before moving a route's traffic. */
export interface RouteNote {
  readonly code: 'mirrored-to-canary' | 'some-callers'
  readonly rule: string
  readonly line: number
}

/**
 * Notes for people before they move a route. For example, the canary's metrics count mirrored requests as if users had sent them.
 */
export function notes(route: Route): readonly RouteNote[] {
  const some = ruleForSomeCallers(route)
  const limited = some === undefined ? [] : [{ code: 'some-callers' as const, rule: some.label, line: some.line }]
  return [...limited, ...mirrorNotes(route)]
}

function mirrorNotes(route: Route): readonly RouteNote[] {
  return route.rules.flatMap(({ label, mirrors }) =>
    mirrors
      .filter((mirror) => isToCanary(route, mirror))
      .map(({ line }) => ({ code: 'mirrored-to-canary' as const, rule: label, line })),
  )
}
