import { resolveHost, shortHost } from './host.ts'
import type { Role, Route, RouteNames } from './route.ts'

const STABLE_WORDS = ['stable', 'primary', 'baseline']
const CANARY_WORDS = ['canary']
/** Usual names of versions on trial, which different versions get one after the other. */
const TRIAL_WORDS = 'preview experimental experiment candidate challenger next new beta test dark shadow'.split(' ')

interface DestinationName {
  /** Fully qualified. */
  readonly host: string
  readonly subset: string | undefined
  /** The route's namespace. A dotted name in the config is resolved there, like the route's own hosts. */
  readonly namespace: string
}

/**
 * The role of a destination. The names in the config or annotation decide (a subset or a host, short or full). Otherwise the
 * usual words do, alone (`canary`) or at the end of a name (`web-canary`). The position never does.
 */
export function roleOf(destination: DestinationName, names: Pick<RouteNames, 'stable' | 'canary'>): Role {
  if (isCalled(destination, names.canary, isCanaryWord)) return 'canary'
  return isCalled(destination, names.stable, isStableWord) ? 'stable' : 'other'
}

/**
 * The destinations of one rule, with their roles. If no name says which one is stable, the canary decides. Beside a destination
 * `web-canary`, stable is `web`. If the config names the canary, or if it is a subset of the same host, stable is the only other
 * entry, because everything else on the host is the stable version.
 */
export function withRoles<T extends Omit<DestinationName, 'namespace'>>(
  destinations: readonly T[],
  { namespace, names }: { readonly namespace: string; readonly names: Pick<RouteNames, 'stable' | 'canary'> },
): readonly (T & { readonly role: Role })[] {
  const named = destinations.map((one) => ({ ...one, role: roleOf({ ...one, namespace }, names) }))
  const all = names.stable === undefined ? withoutCopy(named) : named
  const [canary, ...more] = all.filter(({ role }) => role === 'canary')
  const isOpen = names.stable === undefined && all.every(({ role }) => role !== 'stable')
  if (!isOpen || canary === undefined || more.length > 0) return all
  const isSameHost = all.every(({ host, subset }) => host === canary.host && subset !== undefined && !isTrial(subset))
  const isOnlyOther = all.length === 2 && (names.canary !== undefined || isSameHost)
  return all.map((one) =>
    one.role === 'other' && (isOnlyOther || isPlainOf(one, canary)) ? { ...one, role: 'stable' } : one,
  )
}

/**
 * A `baseline` beside a canary and yet another version is not the stable one, but a copy of it: analysis compares the canary with pods
 * that are as new (Kayenta).
 */
function withoutCopy<T extends Omit<DestinationName, 'namespace'> & { readonly role: Role }>(
  all: readonly T[],
): readonly T[] {
  const isCopy = ({ host, subset, role }: T): boolean =>
    role === 'stable' && endsIn(subset ?? shortHost(host), 'baseline')
  const isBesideStable = all.some((one) => one.role !== 'canary' && !isCopy(one))
  return isBesideStable ? all.map((one) => (isCopy(one) ? { ...one, role: 'other' } : one)) : all
}

/** Whether a destination has the canary's name without the word for the canary. */
function isPlainOf(one: Omit<DestinationName, 'namespace'>, canary: Omit<DestinationName, 'namespace'>): boolean {
  if (one.subset !== undefined || canary.subset !== undefined) {
    return one.host === canary.host && canary.subset === canaryNameFor(one.subset ?? '')
  }
  return canary.host === [canaryNameFor(shortHost(one.host)), ...one.host.split('.').slice(1)].join('.')
}

/** A route whose destinations get their roles from other names than its own. */
export function withNames(route: Route, names: RouteNames): Route {
  const { namespace } = route
  const rules = route.rules.map((rule) => ({
    ...rule,
    destinations: withRoles(rule.destinations, { namespace, names }),
  }))
  return { ...route, names, rules }
}

function isCalled(
  { host, subset, namespace }: DestinationName,
  name: string | undefined,
  isWord: (name: string) => boolean,
): boolean {
  if (name === undefined) return isWord(subset ?? shortHost(host))
  if (name === subset) return true
  // `web` means `web` in any namespace. `web.a` and `web.b` are different.
  return name.includes('.') ? resolveHost(name, namespace) === host : name === shortHost(host)
}

export function isCanaryWord(name: string): boolean {
  return CANARY_WORDS.some((word) => endsIn(name, word))
}

export function isStableWord(name: string): boolean {
  return STABLE_WORDS.some((word) => endsIn(name, word))
}

/** A destination with such a name next to a canary is not the stable version. */
function isTrial(name: string): boolean {
  return TRIAL_WORDS.some((word) => endsIn(name, word))
}

/**
 * Whether a label names the role of pods in the rollout, so that each version on trial has it in turn. `2.0-beta` is a version.
 */
export function isTrialRole(label: string): boolean {
  return isCanaryWord(label) || (isTrial(label) && !/\d/.test(label))
}

/** `web-stable`, `web-primary` and `web` → `web-canary`. */
export function canaryNameFor(name: string): string {
  return `${stemOf(name)}-canary`
}

/** The host of a stable version without the word for stable: `web-stable.shop.svc` → `web.shop.svc`. */
export function versionlessHost(host: string): string {
  const [name = '', ...rest] = host.split('.')
  return [stemOf(name), ...rest].join('.')
}

function stemOf(name: string): string {
  const word = STABLE_WORDS.find((stable) => name.endsWith(`-${stable}`))
  return word === undefined ? name : name.slice(0, -word.length - 1)
}

/** Parses an annotation such as `gitops.example.com/roles: "stable=v1,canary=v2"` of a route's object. */
export function rolesFrom(annotations: Readonly<Record<string, string>>): Pick<RouteNames, 'stable' | 'canary'> {
  const text = Object.entries(annotations).find(([key]) => key.endsWith('/roles'))?.[1] ?? ''
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()))
  const read = (role: string): string | undefined => {
    const name = pairs.find(([key]) => key === role)?.[1]
    return name === '' ? undefined : name
  }
  return { stable: read('stable'), canary: read('canary') }
}

function endsIn(name: string, word: string): boolean {
  return name === word || name.endsWith(`-${word}`)
}
