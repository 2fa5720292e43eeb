/** Finds routes that send all traffic to one of two versions, and which version that is. */
import type { ManifestObject } from '../manifest/parse.ts'
import { isPercentage, readStrategy } from './annotations.ts'
import { shortHost } from './host.ts'
import { withNames } from './roles.ts'
import { type BlueGreen, type Destination, type Route, type RouteVersion, type Rule, sharesOf } from './route.ts'
import { hasService, subsetsOf } from './start.ts'

/** What the config says about a service. */
export interface DeclaredStrategy {
  readonly strategy?: 'canary' | 'blue-green' | undefined
  readonly versions?: readonly string[] | undefined
}

type Place = Pick<Destination, 'host' | 'subset'>
type Pair = readonly [Place, Place]

/**
 * The route with its two versions, if it is a blue/green route: the config or an annotation says so, or all traffic goes to one
 * of a `blue` and a `green` version that are not configured as stable or canary.
 */
export function withBlueGreen(route: Route, objects: readonly ManifestObject[], declared: DeclaredStrategy): Route {
  const found = blueGreenIn(route, objects, declared)
  if (found === undefined) return route
  const { active, idle } = found
  return withNames(route, { ...route.names, stable: active.written, canary: idle.written, blueGreen: found })
}

function blueGreenIn(
  route: Route,
  objects: readonly ManifestObject[],
  declared: DeclaredStrategy,
): BlueGreen | undefined {
  const notes = readStrategy(route)
  const strategy = declared.strategy ?? notes.strategy
  if (strategy === 'canary') return undefined
  const isDeclared = strategy === 'blue-green' || notes.active !== undefined
  if (!isDeclared && isCanaryRoute(route)) return undefined
  const rules = route.rules.filter(
    ({ label, picksCallers, isUnreachable }) => route.names.rules?.includes(label) ?? (!picksCallers && !isUnreachable),
  )
  const pair = pairIn(route, rules, { objects, names: namesOf(route, declared), isDeclared })
  if (pair === undefined) return undefined
  const versions = versionsIn(pair)
  const [isFirst, isSecond] = pair.map((place) => rules.some((rule) => isReached(rule, place)))
  // A route with traffic on both versions is not blue/green, unless it is declared as such.
  if (isFirst === isSecond && !isDeclared) return undefined
  const [first, second] = versions
  const isSaid = isFirst === isSecond ? isCalled(second, notes.active ?? '') : isSecond === true
  return isSaid ? { active: second, idle: first } : { active: first, idle: second }
}

/** The canary is configured, a destination is named like one, or Perch has moved its share. */
function isCanaryRoute({ names, annotations, rules }: Route): boolean {
  const hasRoles = rules.some(({ destinations }) => destinations.some(({ role }) => role !== 'other'))
  const isNamed = names.stable !== undefined || names.canary !== undefined
  return isNamed || hasRoles || Object.keys(annotations).some(isPercentage)
}

function namesOf(
  { names: { stable, canary } }: Route,
  { versions }: DeclaredStrategy,
): readonly [string, string] | undefined {
  const [first = stable, second = canary] = versions ?? []
  return first === undefined || second === undefined ? undefined : [first, second]
}

interface Search {
  readonly objects: readonly ManifestObject[]
  /** The two names, if they are configured. */
  readonly names: readonly [string, string] | undefined
  readonly isDeclared: boolean
}

function pairIn(route: Route, rules: readonly Rule[], { objects, names, isDeclared }: Search): Pair | undefined {
  const open = rules.flatMap(({ destinations }) => destinations)
  if (names !== undefined) return namedPair(route, open, names)
  const all = route.rules.flatMap(({ destinations }) => destinations)
  for (const one of open) {
    const other = twinOf(one, objects, all) ?? (isDeclared ? onlyOther(one, objects, all) : undefined)
    if (other !== undefined) return nameOf(one) < nameOf(other) ? [one, other] : [other, one]
  }
  return undefined
}

/**
 * The two versions that the config or an annotation names. One of them has the traffic. The other one differs from it only by its
 * name.
 */
function namedPair(route: Route, open: readonly Destination[], names: readonly [string, string]): Pair | undefined {
  const all = route.rules.flatMap(({ destinations }) => destinations)
  const known = open.find((one) => names.some((name) => nameOf(one) === shortOf(one, name)))
  if (known === undefined) return undefined
  const place = (name: string): Place =>
    all.find((one) => isLike(one, known) && nameOf(one) === shortOf(one, name)) ?? called(known, shortOf(known, name))
  return [place(names[0]), place(names[1])]
}

/** A name without the domain that a host may contain. Subsets have no domain. */
function shortOf({ subset }: Place, name: string): string {
  return subset === undefined ? shortHost(name) : name
}

const TWINS = [
  ['blue', 'green'],
  ['green', 'blue'],
] as const

/** `web-blue` → `web-green`, if the route or another object has that name. `blue-shop` and `green-shop` are two services. */
function twinOf(one: Place, objects: readonly ManifestObject[], all: readonly Place[]): Place | undefined {
  const name = nameOf(one)
  for (const [word, other] of TWINS) {
    const parts = name.split('-')
    const found = parts.lastIndexOf(word)
    if (found === -1 || (one.subset === undefined && found < parts.length - 1)) continue
    const twin = called(one, parts.with(found, other).join('-'))
    if (all.some((known) => isSame(known, twin)) || isDefined(twin, objects)) return twin
  }
  return undefined
}

/** The only other version in the route or its DestinationRule. */
function onlyOther(one: Place, objects: readonly ManifestObject[], all: readonly Place[]): Place | undefined {
  const inRoute = distinct(all.filter((other) => isLike(one, other) && !isSame(one, other)))
  const others = one.subset === undefined ? [] : subsetsOf(one.host, objects).map((subset) => ({ ...one, subset }))
  const defined = distinct(others.filter((other) => !isSame(one, other)))
  const found = inRoute.length > 0 ? inRoute : defined
  return found.length === 1 ? found[0] : undefined
}

function isDefined(place: Place, objects: readonly ManifestObject[]): boolean {
  return place.subset === undefined
    ? hasService(shortHost(place.host), place, objects)
    : subsetsOf(place.host, objects).includes(place.subset)
}

/** Whether two destinations can be versions of one service: subsets of one host, or two Services in one namespace. */
function isLike(one: Place, other: Place): boolean {
  if (one.subset !== undefined || other.subset !== undefined)
    return one.host === other.host && one.subset !== undefined && other.subset !== undefined
  return one.host.split('.').slice(1).join('.') === other.host.split('.').slice(1).join('.')
}

function called({ host, subset }: Place, name: string): Place {
  return subset === undefined ? { host: [name, ...host.split('.').slice(1)].join('.'), subset } : { host, subset: name }
}

function distinct(places: readonly Place[]): readonly Place[] {
  return places.filter((place, index) => places.findIndex((other) => isSame(place, other)) === index)
}

function isSame(one: Place, other: Place): boolean {
  return one.host === other.host && one.subset === other.subset
}

function nameOf({ host, subset }: Place): string {
  return subset ?? shortHost(host)
}

/** Whether a version gets some of a rule's requests. An unreadable weight may be any share. */
function isReached(rule: Rule, place: Place): boolean {
  return sharesOf(rule).some(
    ({ destination, share }) => isSame(destination, place) && (share > 0 || destination.badWeight !== undefined),
  )
}

/** Both versions with their short names: `blue` and `green` for `web-blue` and `web-green`. */
function versionsIn([one, other]: Pair): readonly [RouteVersion, RouteVersion] {
  const [first, second] = [nameOf(one), nameOf(other)]
  const parts = [first.split('-'), second.split('-')] as const
  const words = parts[0].flatMap((word, index) => (word === parts[1][index] ? [] : [[word, parts[1][index]]]))
  const [[own, twin] = []] = words.length === 1 && parts[0].length === parts[1].length ? words : []
  return [
    { name: own ?? first, written: first, host: one.host, subset: one.subset },
    { name: twin ?? second, written: second, host: other.host, subset: other.subset },
  ]
}

/** The version with the name that a person wrote: `green`, `web-green`. */
export function versionCalled({ active, idle }: BlueGreen, name: string): RouteVersion | undefined {
  return [active, idle].find((version) => isCalled(version, name))
}

function isCalled({ name, written }: RouteVersion, called: string): boolean {
  return called === name || called === written
}
