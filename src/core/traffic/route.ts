import type { Path, Place } from '../manifest/parse.ts'

/** What a destination is to the rollout. */
export type Role = 'stable' | 'canary' | 'other'

/** One entry of a rule: where a part of the traffic goes. */
export interface Destination {
  /** Fully qualified: short names are resolved in the route's own namespace. */
  readonly host: string
  readonly subset: string | undefined
  readonly role: Role
  /** As written; undefined where the file has none. */
  readonly weight: number | undefined
  /** Where the weight stands, or would stand, in the document. */
  readonly weightPath: Path
}

/** One weighted rule of a route. */
export interface Rule {
  /** `http[0]`, or its name where it has one. */
  readonly label: string
  readonly name: string | undefined
  readonly destinations: readonly Destination[]
  readonly line: number
}

export type RouteKind = 'VirtualService'

/** An object that splits traffic by weights, as one file has it. */
export interface Route {
  readonly kind: RouteKind
  readonly namespace: string
  readonly name: string
  readonly place: Place
  readonly document: number
  readonly at: Path
  readonly annotations: Readonly<Record<string, string>>
  /** Every rule that has destinations, in the file's order. */
  readonly rules: readonly Rule[]
}

/** `VirtualService default/api-service`: the same object in any file or render. */
export function routeId(route: Pick<Route, 'kind' | 'namespace' | 'name'>): string {
  return `${route.kind} ${route.namespace}/${route.name}`
}

/** The rules that a rollout moves: those with a stable and a canary destination. Header pins hold only one of them. */
export function weightedRules(route: Route): readonly Rule[] {
  return route.rules.filter((rule) => count(rule, 'stable') > 0 && count(rule, 'canary') > 0)
}

/** Whether the route splits a service between a stable and a canary version. */
export function isSplit(route: Route): boolean {
  return weightedRules(route).length > 0
}

/**
 * The percent of traffic that each destination of a rule gets, in the rule's order. As Istio computes it: a single
 * destination gets everything whatever its weight; among several, a missing weight is 0 and the share is weight / sum
 * (istio.io VirtualService reference, HTTPRouteDestination.weight). All zero: nobody gets any.
 */
export function shares(rule: Rule): readonly number[] {
  if (rule.destinations.length === 1) return [100]
  const total = rule.destinations.reduce((sum, destination) => sum + (destination.weight ?? 0), 0)
  return rule.destinations.map(({ weight }) => (total === 0 ? 0 : ((weight ?? 0) * 100) / total))
}

/** The canary's percent in one rule. */
export function canaryShareOf(rule: Rule): number {
  const percents = shares(rule)
  const sum = rule.destinations.reduce(
    (all, { role }, index) => all + (role === 'canary' ? (percents[index] ?? 0) : 0),
    0,
  )
  return Math.round(sum * 1e6) / 1e6
}

/**
 * The canary's percent in a route: the largest over its weighted rules, so that rules which differ never hide traffic.
 * Undefined where no rule holds both roles.
 */
export function canaryShare(route: Route): number | undefined {
  const rules = weightedRules(route)
  return rules.length === 0 ? undefined : Math.max(...rules.map(canaryShareOf))
}

export function count(rule: Rule, role: Role): number {
  return rule.destinations.filter((destination) => destination.role === role).length
}
