import { resolveHost, shortHost } from './host.ts'
import type { Role, Route, RouteNames } from './route.ts'

const STABLE_WORDS = ['stable', 'primary', 'baseline']
const CANARY_WORDS = ['canary']
/** What versions on trial are called, one after the other. */
const TRIAL_WORDS = 'preview experimental experiment candidate challenger next new beta test dark shadow'.split(' ')

interface DestinationName {
  /** Fully qualified. */
  readonly host: string
  readonly subset: string | undefined
  /** The route's: a dotted name in the config is resolved there, as the route's own hosts are. */
  readonly namespace: string
}

/**
 * The role of a destination: by the names in the config or the annotation (a subset or a host, short or full), else by the
 * words that the field uses, alone (`canary`) or at the end of a name (`web-canary`). Never by position.
 */
export function roleOf(destination: DestinationName, names: Pick<RouteNames, 'stable' | 'canary'>): Role {
  if (isCalled(destination, names.canary, isCanaryWord)) return 'canary'
  return isCalled(destination, names.stable, isStableWord) ? 'stable' : 'other'
}

/**
 * The destinations of one rule, each with its role. Where no name says which of them is stable, the canary does: beside one
 * `web-canary` it is `web`. Beside one that somebody named, or that is a subset of the same host, it is the only other entry: what is not the canary
 * of a host is its stable version.
 */
export function withRoles<T extends Omit<DestinationName, 'namespace'>>(
  destinations: readonly T[],
  { namespace, names }: { readonly namespace: string; readonly names: Pick<RouteNames, 'stable' | 'canary'> },
): readonly (T & { readonly role: Role })[] {
  const all = destinations.map((one) => ({ ...one, role: roleOf({ ...one, namespace }, names) }))
  const [canary, ...more] = all.filter(({ role }) => role === 'canary')
  const isOpen = names.stable === undefined && all.every(({ role }) => role !== 'stable')
  if (!isOpen || canary === undefined || more.length > 0) return all
  const isSameHost = all.every(({ host, subset }) => host === canary.host && subset !== undefined && !isTrial(subset))
  const isOnlyOther = all.length === 2 && (names.canary !== undefined || isSameHost)
  return all.map((one) =>
    one.role === 'other' && (isOnlyOther || isPlainOf(one, canary)) ? { ...one, role: 'stable' } : one,
  )
}

/** Whether one destination has the name of the other without the word for the canary. */
function isPlainOf(one: Omit<DestinationName, 'namespace'>, canary: Omit<DestinationName, 'namespace'>): boolean {
  if (one.subset !== undefined || canary.subset !== undefined) {
    return one.host === canary.host && canary.subset === canaryNameFor(one.subset ?? '')
  }
  return canary.host === [canaryNameFor(shortHost(one.host)), ...one.host.split('.').slice(1)].join('.')
}

/** A route whose destinations have their roles by other names than its own. */
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
  // `web` is `web` in any namespace; `web.a` and `web.b` are two.
  return name.includes('.') ? resolveHost(name, namespace) === host : name === shortHost(host)
}

export function isCanaryWord(name: string): boolean {
  return CANARY_WORDS.some((word) => endsIn(name, word))
}

export function isStableWord(name: string): boolean {
  return STABLE_WORDS.some((word) => endsIn(name, word))
}

/** One of them beside a canary is no stable version. */
function isTrial(name: string): boolean {
  return TRIAL_WORDS.some((word) => endsIn(name, word))
}

/** Whether a label calls pods by what they are to the rollout, so that each version on trial has it in turn. `2.0-beta` is a version. */
export function isTrialRole(label: string): boolean {
  return isCanaryWord(label) || (isTrial(label) && !/\d/.test(label))
}

/** `web-stable`, `web-primary` and `web` → `web-canary`. */
export function canaryNameFor(name: string): string {
  return `${stemOf(name)}-canary`
}

/** The host of a stable version without the word for it: `web-stable.shop.svc` → `web.shop.svc`. */
export function versionlessHost(host: string): string {
  const [name = '', ...rest] = host.split('.')
  return [stemOf(name), ...rest].join('.')
}

function stemOf(name: string): string {
  const word = STABLE_WORDS.find((stable) => name.endsWith(`-${stable}`))
  return word === undefined ? name : name.slice(0, -word.length - 1)
}

/** An annotation such as `gitops.example.com/roles: "stable=v1,canary=v2"`, on the object that it speaks of. */
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
