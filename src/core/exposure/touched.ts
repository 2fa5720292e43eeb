/** Finds the canaries that a change may affect. Most changes touch one of a thousand services. */
import { type RenderedObject } from '../diff/objects.ts'
import { type ObjectIndex, labelsMatch, specOf } from '../finding/scene/scene.ts'
import { resolveHost } from '../traffic/host.ts'
import { recordOf, textOf } from '../manifest/data.ts'
import type { ExposureSides, Canary, ExposureSide } from './side.ts'
import { hostsOfEntry, leadsTo, selectionsOf } from './world.ts'
import { identityKey, effectiveNamespace, qualifiedTitle } from '../manifest/identity.ts'

interface Objects {
  readonly before: readonly RenderedObject[]
  readonly after: readonly RenderedObject[]
}

/** Returns a predicate: whether any changed object can move requests to or from a canary. */
export function touchedBy(objects: Objects, { old, now }: ExposureSides): (canary: Canary) => boolean {
  const sides = [old, now]
  const hosts = new Set(changedIn(objects).flatMap((object) => sides.flatMap((side) => hostsOf(object, side))))
  if ([...hosts].some((host) => host.includes('*'))) return () => true
  const near = new Set(sides.flatMap((side) => besides(side, hosts)))
  return (canary) => {
    const isNear = [...canary.before, ...canary.after].some(({ host }) => hosts.has(host) || near.has(host))
    return isNear || sides.some((side) => isPicked(side, hosts, canary))
  }
}

function changedIn({ before, after }: Objects): readonly RenderedObject[] {
  const old = new Map(before.map((object) => [identityKey(object), object]))
  const left = new Set(old.keys())
  const changed: RenderedObject[] = []
  for (const object of after) {
    const key = identityKey(object)
    const was = old.get(key)
    left.delete(key)
    if (was === undefined) changed.push(object)
    else if (was.data !== object.data && JSON.stringify(was.data) !== JSON.stringify(object.data))
      changed.push(object, was)
  }
  return [...changed, ...[...left].flatMap((key) => old.get(key) ?? [])]
}

/** The hosts that an object has rules for. */
function hostsOf(object: RenderedObject, { tables, world }: ExposureSide): readonly string[] {
  const namespace = effectiveNamespace(object)
  if (object.kind === 'Service') return [resolveHost(object.name, namespace)]
  if (world.serviceEntries.includes(object)) return hostsOfEntry(object)
  if (object.kind === 'DestinationRule') return [resolveHost(textOf(specOf(object)['host']) ?? '', namespace)]
  // A VirtualService that delegates everything has no rules of its own.
  const title = qualifiedTitle(object)
  const own = tables.filter(({ owner, entries }) => owner === title || entries.some((entry) => entry.object === object))
  const sent = own.flatMap(({ host, entries }) => [
    host,
    ...entries.flatMap((entry) => entry.sent.map(({ place }) => place.host)),
  ])
  return [...sent, ...servicesOf(object, world)]
}

/** The Services that select an object's pods. */
function servicesOf(object: RenderedObject, { services, workloads }: ObjectIndex): readonly string[] {
  const own = workloads.find((workload) => workload.object === object)
  if (own === undefined) return []
  return [...services].flatMap(([host, service]) => {
    const isPicked =
      effectiveNamespace(service) === own.namespace && labelsMatch(recordOf(specOf(service)['selector']), own.labels)
    return isPicked ? [host] : []
  })
}

/** The destinations in tables of these hosts. */
function besides({ tables }: ExposureSide, hosts: ReadonlySet<string>): readonly string[] {
  return tables.flatMap(({ host, entries }) => {
    const sent = entries.flatMap((entry) => entry.sent.map(({ place }) => place.host))
    return hosts.has(host) || sent.some((one) => hosts.has(one)) ? sent : []
  })
}

/** Whether a changed Service may select the canary's pods. */
function isPicked({ world }: ExposureSide, hosts: ReadonlySet<string>, { before, after }: Canary): boolean {
  const canaries = [...before, ...after].flatMap((place) => selectionsOf(world, place))
  return [...hosts].some((host) =>
    selectionsOf(world, { host, subset: undefined }).some((selection) =>
      canaries.some((canary) => leadsTo(selection, canary) !== 'none'),
    ),
  )
}
