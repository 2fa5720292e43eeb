import type { Edit } from '../manifest/edit/edit.ts'
import type { Path } from '../manifest/data.ts'
import { type MirrorDestination, ownRules, type Route } from './route.ts'

/** The fields that belong to `mirror` in a rule (istio.io VirtualService reference, HTTPRoute). */
const WITH_MIRROR = ['mirror', 'mirrorPercentage', 'mirrorPercent', 'mirror_percent'] as const

/**
 * The edits that stop a route's rules from mirroring to its canary. A list stays as it is if only some of its mirrors go to the
 * canary, because its author wants copies elsewhere too. A Gateway API filter also stays, because the order of filters matters.
 */
export function withoutMirrors(route: Route): readonly Edit[] {
  return route.rules.flatMap(({ api, mirrors }) => {
    const [first] = mirrors
    if (first === undefined || api !== 'istio' || !mirrors.every((mirror) => isToCanary(route, mirror))) return []
    return keysOf(first.path).map((path): Edit => ({ kind: 'set', document: route.document, path, value: undefined }))
  })
}

/** Whether a mirror sends its copies to the canary. */
export function isToCanary(route: Route, { host, subset }: MirrorDestination): boolean {
  const rules = ownRules(route) ?? route.rules
  const canaries = rules.flatMap(({ destinations }) => destinations.filter(({ role }) => role === 'canary'))
  return canaries.some((canary) => canary.host === host && canary.subset === subset)
}

function keysOf(mirror: Path): readonly Path[] {
  const rule = mirror.slice(0, mirror.at(-1) === 'mirror' ? -1 : -2)
  return mirror.at(-1) === 'mirror' ? WITH_MIRROR.map((key) => [...rule, key]) : [[...rule, 'mirrors']]
}
