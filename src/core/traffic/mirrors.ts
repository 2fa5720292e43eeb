import type { Edit } from '../manifest/edit/edit.ts'
import type { Path } from '../manifest/data.ts'
import { type MirrorDestination, ownRules, type Route } from './route.ts'

/** What goes with `mirror` in a rule (istio.io VirtualService reference, HTTPRoute). */
const WITH_MIRROR = ['mirror', 'mirrorPercentage', 'mirrorPercent', 'mirror_percent'] as const

/**
 * The edits that stop a route's rules from mirroring to its canary. A list of mirrors of which only some are the canary's
 * stays: whoever wrote it wants copies elsewhere too. So does a filter of the Gateway API: its order among others means
 * something.
 */
export function withoutMirrors(route: Route): readonly Edit[] {
  return route.rules.flatMap(({ api, mirrors }) => {
    const [first] = mirrors
    if (first === undefined || api !== 'istio' || !mirrors.every((mirror) => isToCanary(route, mirror))) return []
    return keysOf(first.path).map((path): Edit => ({ kind: 'set', document: route.document, path, value: undefined }))
  })
}

/** Whether a mirror's copies go where the canary's share goes. */
export function isToCanary(route: Route, { host, subset }: MirrorDestination): boolean {
  const rules = ownRules(route) ?? route.rules
  const canaries = rules.flatMap(({ destinations }) => destinations.filter(({ role }) => role === 'canary'))
  return canaries.some((canary) => canary.host === host && canary.subset === subset)
}

function keysOf(mirror: Path): readonly Path[] {
  const rule = mirror.slice(0, mirror.at(-1) === 'mirror' ? -1 : -2)
  return mirror.at(-1) === 'mirror' ? WITH_MIRROR.map((key) => [...rule, key]) : [[...rule, 'mirrors']]
}
