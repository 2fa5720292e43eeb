import type { Path } from '../manifest/data.ts'
import type { Location } from '../manifest/parse.ts'
import { qualifiedTitle } from '../manifest/identity.ts'

/** The role of a destination in the rollout. */
export type Role = 'stable' | 'canary' | 'other'

/** Kinds that split traffic by weights: Istio's, and those of the Gateway API with `backendRefs[].weight`. */
export const ROUTE_KINDS = ['VirtualService', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'] as const
export type RouteKind = (typeof ROUTE_KINDS)[number]

/** One of the two versions that a blue/green route switches between. */
export interface RouteVersion {
  /** The name that people use: `blue`. */
  readonly name: string
  /** The subset, or else the short name of the host: `web-blue`. */
  readonly written: string
  readonly subset: string | undefined
  readonly host: string
}

/** The version with all traffic, and the idle one. */
export interface BlueGreen {
  readonly active: RouteVersion
  readonly idle: RouteVersion
}

/** The names of what a route splits. Undefined if Perch has to find them. */
export interface RouteNames {
  readonly stable: string | undefined
  readonly canary: string | undefined
  /** Labels of the rules to move; undefined: every rule that splits the traffic. */
  readonly rules?: readonly string[] | undefined
  /** The service, if the object splits several. Its annotations are then `<prefix>/<service>.canary-percentage` and so on. */
  readonly scope?: string | undefined
  /** Labels of the rules that the config assigns to other services of the object; undefined if it splits only one. */
  readonly others?: readonly string[] | undefined
  /** Set for a blue/green route. Then the active version has the role stable, and the idle one the role canary. */
  readonly blueGreen?: BlueGreen | undefined
}

/** A value to write into an entry of a rule; the path is relative to the entry. */
export interface EntryValue {
  readonly path: Path
  readonly value: string
}

/** One entry of a rule: where a part of the traffic goes. */
export interface Destination {
  /** Fully qualified: short names are resolved in the route's own namespace. */
  readonly host: string
  /** The host (or backend) as it is written in the file. */
  readonly written: string
  readonly subset: string | undefined
  /** As written; undefined if it refers to the service's only port. */
  readonly port: number | undefined
  readonly role: Role
  /** As written; undefined if the file contains no number. */
  readonly weight: number | undefined
  /** The value in place of a number, as JSON. Undefined if there is a number or nothing. */
  readonly badWeight: string | undefined
  /** The path of the entry in the document. */
  readonly path: Path
  /** The path of the weight in the document, even if there is none yet. */
  readonly weightPath: Path
  readonly line: number
  /** For a canary that has not started: the values to write so that the entry becomes this destination, and their places. */
  readonly pending?: { readonly how: 'write' | 'copy-behind'; readonly values: readonly EntryValue[] }
}

/** A service that gets copies of a rule's requests. */
export interface MirrorDestination {
  /** Its path in the document: `[…rule, 'mirror']` or `[…rule, 'mirrors', 1]`. */
  readonly path: Path
  readonly host: string
  /** The host (or backend) as it is written in the file. */
  readonly written: string
  readonly subset: string | undefined
  readonly line: number
}

/** One weighted rule of a route. */
export interface Rule {
  /** Its name, or else its position: `http[0]`, `tls[1]`, `rules[0]`. */
  readonly label: string
  readonly name: string | undefined
  /** The API whose rules for weights apply. They differ for missing weights and for single destinations. */
  readonly api: 'istio' | 'gateway'
  /** Its matches pick callers (by headers, cookies, query parameters, source labels), not a part of the service. */
  readonly picksCallers: boolean
  /** An earlier rule takes every request (istioctl's IST0130). */
  readonly isUnreachable: boolean
  readonly destinations: readonly Destination[]
  readonly mirrors: readonly MirrorDestination[]
  readonly line: number
}

/** An object that splits traffic by weights, as it is in one file. */
export interface Route {
  readonly kind: RouteKind
  readonly namespace: string
  readonly name: string
  readonly place: Location
  readonly document: number
  readonly at: Path
  readonly annotations: Readonly<Record<string, string>>
  readonly names: RouteNames
  /** Every rule with destinations, in the order of the file. */
  readonly rules: readonly Rule[]
  /** The VirtualServices that it delegates some requests to. Those have their own weights. */
  readonly delegates: readonly RouteName[]
}

export type RouteName = Pick<Route, 'kind' | 'namespace' | 'name'>

/** `VirtualService default/api-service`: the same object in any file or render. */
export function routeId(route: RouteName): string {
  return qualifiedTitle(route)
}

/**
 * The rules that a rollout moves: the rules in the config, or else all rules with a stable and a canary destination. Rules for a
 * header contain only one of the two. If another rule is for everybody, a rule for some callers at 0 or 100 belongs to testers or
 * an A/B test. A rule that no request reaches need not be changed.
 */
export function weightedRules(route: Route): readonly Rule[] {
  if (route.names.blueGreen !== undefined) return switchedRules(route)
  const both = route.rules.filter((rule) => count(rule, 'stable') > 0 && count(rule, 'canary') > 0)
  const { rules } = route.names
  if (rules !== undefined) return both.filter(({ label }) => rules.includes(label))
  const open = both.filter((rule) => !isSettled(rule) && !rule.isUnreachable)
  return open.length > 0 ? open : both
}

/**
 * The rules that a switch moves: all rules for everybody that lead to one of the two versions, including rules with a single
 * destination.
 */
function switchedRules({ rules, names }: Route): readonly Rule[] {
  const either = rules.filter((rule) => count(rule, 'stable') + count(rule, 'canary') > 0)
  if (names.rules !== undefined) return either.filter(({ label }) => names.rules?.includes(label))
  return either.filter(({ picksCallers, isUnreachable }) => !picksCallers && !isUnreachable)
}

/**
 * The first weighted rule, if all weighted rules are for some callers only (by a header, for example). Then nobody else reaches
 * the canary.
 */
export function ruleForSomeCallers(route: Route): Rule | undefined {
  const rules = weightedRules(route)
  return rules.every(({ picksCallers }) => picksCallers) ? rules[0] : undefined
}

function isSettled(rule: Rule): boolean {
  const share = canaryShareOf(rule)
  return rule.picksCallers && (share === 0 || share === 100)
}

/**
 * The rules that the config assigns to a service, if the route has other rules for other services. Undefined if it assigns none,
 * or one that does not exist. Then any rule may concern the service.
 */
export function ownRules({ rules, names }: Pick<Route, 'rules' | 'names'>): readonly Rule[] | undefined {
  const named = names.rules?.map((label) => rules.find((rule) => rule.label === label))
  return named?.every((rule) => rule !== undefined) === true ? named : undefined
}

/** Whether the route splits a service between a stable and a canary version. */
export function isSplit(route: Route): boolean {
  return weightedRules(route).length > 0
}

/**
 * Whether rules split requests among destinations that may or may not be the canary, so that its share is unknown. `web` next to
 * `web-stable` may be the canary, or may be both versions. If the config names the canary, no other destination is.
 */
export function isUnnamed(route: Route): boolean {
  const { blueGreen, canary } = route.names
  const isOpen = (rule: Rule): boolean =>
    count(rule, 'other') === rule.destinations.length || (canary === undefined && count(rule, 'other') > 0)
  return (
    blueGreen === undefined &&
    !isSplit(route) &&
    route.rules.some((rule) => rule.destinations.length > 1 && isOpen(rule))
  )
}

/**
 * The effective weight. Without one, an Istio destination among several gets nothing (istio.io VirtualService reference,
 * HTTPRouteDestination.weight), and a Gateway API backend has weight 1 (gateway-api BackendRef.weight).
 */
export function countedWeight(rule: Pick<Rule, 'api'>, { weight }: Pick<Destination, 'weight'>): number {
  return weight ?? (rule.api === 'gateway' ? 1 : 0)
}

interface WeightedRule<T> extends Pick<Rule, 'api'> {
  readonly destinations: readonly T[]
}

/**
 * The percentage of traffic that each destination of a rule gets, in the order of the rule: weight / sum. A single destination
 * gets everything in Istio, whatever its weight. In the Gateway API, a single backend with weight 0 gets nothing. If all weights
 * are 0, nobody gets any.
 */
export function sharesOf<T extends Pick<Destination, 'weight'>>(
  rule: WeightedRule<T>,
): readonly { readonly destination: T; readonly share: number }[] {
  const isAlone = rule.api === 'istio' && rule.destinations.length === 1
  const total = rule.destinations.reduce((sum, destination) => sum + countedWeight(rule, destination), 0)
  return rule.destinations.map((destination) => {
    const share = total === 0 ? 0 : (countedWeight(rule, destination) * 100) / total
    return { destination, share: isAlone ? 100 : share }
  })
}

/** The percentages alone. */
export function shares(rule: WeightedRule<Pick<Destination, 'weight'>>): readonly number[] {
  return sharesOf(rule).map(({ share }) => share)
}

/** The percentage of a rule's traffic that goes to some of its destinations. */
export function shareFor(rule: Rule, isMeant: (destination: Destination) => boolean): number {
  return sharesOf(rule).reduce((sum, { destination, share }) => sum + (isMeant(destination) ? share : 0), 0)
}

/** The canary's percentage in one rule; undefined if a weight cannot be read. */
export function canaryShareOf(rule: Rule): number | undefined {
  if (rule.destinations.length > 1 && rule.destinations.some(({ badWeight }) => badWeight !== undefined))
    return undefined
  return Math.round(shareFor(rule, ({ role }) => role === 'canary') * 1e6) / 1e6
}

/**
 * The canary's percentage in a route: the largest of its weighted rules, so that rules with different shares never hide traffic.
 * `unknown` if a weight cannot be read; undefined if no rule has both roles.
 */
export function canaryShare(route: Route): number | 'unknown' | undefined {
  const rules = weightedRules(route)
  const percents = rules.flatMap((rule) => canaryShareOf(rule) ?? [])
  if (percents.length < rules.length) return 'unknown'
  return rules.length === 0 ? undefined : Math.max(...percents)
}

export function count(rule: Rule, role: Role): number {
  return rule.destinations.filter((destination) => destination.role === role).length
}
