/** Finds the writer of a route in constant time, because a repository may have thousands of routes and owners. */
import { selectsLabels } from '../manifest/label-selector.ts'
import type { OwnedRoute } from './owned-routes.ts'

/** A route with all of its names, and the rules of interest. */
export interface WrittenRoute {
  readonly kind: string
  /** '' if nothing names it. Then the deployer puts it into the same namespace as the others. */
  readonly namespace: string
  readonly names: readonly string[]
  readonly labels: Readonly<Record<string, unknown>>
  /** The section (`http`, `tls`, `tcp`, or `rules` of the Gateway API) and name of each. Empty for any rule. */
  readonly rules: readonly { readonly section: string; readonly name: string | undefined }[]
}

/** Finds the writer of one of a route's rules. If there are several, the first. */
export type OwnerLookup<T> = (route: WrittenRoute) => T | undefined

/** Builds a lookup from pairs of a route and the `T` that writes it. */
export function ownerLookup<T>(owned: Iterable<readonly [OwnedRoute, T]>): OwnerLookup<T> {
  const owners: T[] = []
  const places = new Map<string, number>()
  const selecting: { readonly route: OwnedRoute; readonly place: number }[] = []
  for (const [route, owner] of owned) {
    if (route.selector !== undefined) selecting.push({ route, place: owners.length })
    const free = route.selector === undefined ? keysOfOwned(route).filter((key) => !places.has(key)) : []
    for (const key of free) places.set(key, owners.length)
    owners.push(owner)
  }
  return (route) => {
    const named = keysOfRoute(route).flatMap((key) => places.get(key) ?? [])
    const selected = selecting.flatMap(({ route: owner, place }) => (selects(owner, route) ? [place] : []))
    const found = [...named, ...selected]
    return owners[Math.min(...found)]
  }
}

/** Whether an owner selects a route by its labels. */
export function selects({ kind, namespace, selector }: OwnedRoute, route: Omit<WrittenRoute, 'rules'>): boolean {
  const isNear = [namespace, route.namespace].includes('') || namespace === route.namespace
  return selector !== undefined && kind === route.kind && isNear && selectsLabels(selector, route.labels)
}

/** Any namespace, kind or rule. */
const ANY = '*'
const ALL_RULES = 'all'

function keysOfOwned({ kind, namespace, name, rules }: OwnedRoute): readonly string[] {
  const own =
    rules === 'all'
      ? [ALL_RULES]
      : [...rules.http.map((rule) => `http ${rule}`), ...(rules.tls ? ['tls'] : []), ...(rules.tcp ? ['tcp'] : [])]
  return [namespace, ANY].flatMap((place) => [...own, ANY].map((rule) => JSON.stringify([kind, place, name, rule])))
}

function keysOfRoute({ kind, namespace, names, rules }: WrittenRoute): readonly string[] {
  const own = rules.length === 0 ? [ANY] : [ALL_RULES, ...rules.map(ruleKey)]
  const places = namespace === '' ? [ANY] : [namespace, '']
  return [kind, ANY].flatMap((one) =>
    places.flatMap((place) => names.flatMap((name) => own.map((rule) => JSON.stringify([one, place, name, rule])))),
  )
}

function ruleKey({ section, name }: WrittenRoute['rules'][number]): string {
  if (section === 'tls' || section === 'tcp') return section
  return name === undefined ? 'http' : `http ${name}`
}
