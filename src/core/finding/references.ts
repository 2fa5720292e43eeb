/** Where a VirtualService leads to nothing: hosts, subsets, gateways, ports (IST0101, IST0112, IST0132, IST0173) and pods. */
import type { RenderedObject } from '../diff/objects.ts'
import { resolveHost } from '../traffic/host.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import type { Finding } from './finding.ts'
import { hostsOverlap } from './hosts.ts'
import { type Hop, hopsOf } from './hops.ts'
import { type FindingCheck, podsOf, type ObjectIndex, labelsMatch, specOf } from './scene.ts'
import { effectiveNamespace } from '../manifest/identity.ts'

export const missingHosts: FindingCheck = (scene) =>
  everyHop(scene).flatMap((hop): Finding[] => {
    if (isKnown(scene, hop)) return missingSubset(scene, hop)
    const what = hop.isMirror ? 'mirror' : 'host'
    return [finding(hop, { code: 'IST0101', what, name: hop.written })]
  })

/** Only what this environment would have to hold can be missing from it. */
function isKnown(scene: ObjectIndex, { host, written }: Hop): boolean {
  if (written === '' || scene.services.has(host)) return true
  if (scene.entries.some((entry) => hostsOverlap(entry, host) || hostsOverlap(entry, written))) return true
  const [, namespace, ...suffix] = host.split('.')
  const isInside = suffix.join('.') === 'svc.cluster.local'
  return !isInside || !scene.served.has(namespace ?? '')
}

function missingSubset(scene: ObjectIndex, hop: Hop): Finding[] {
  if (hop.subset === undefined) return []
  const subsets = scene.subsets.get(hop.host) ?? new Map()
  // Without any rule for the host it may be in another repository, unless the Service is here.
  const isJudged = subsets.size > 0 || scene.services.has(hop.host)
  if (!isJudged || subsets.has(hop.subset)) return []
  const path = [...hop.named.slice(0, -1), 'subset']
  return [{ ...finding(hop, { code: 'IST0101', what: 'subset', name: hop.subset, host: hop.written }), path }]
}

/** A Service with several ports, and no word which. */
export const missingPorts: FindingCheck = (scene) =>
  scene.virtualServices.flatMap(hopsOf).flatMap((hop): Finding[] => {
    const service = scene.services.get(hop.host)
    if (service === undefined || hop.hasPort) return []
    const ports = listOf(specOf(service)['ports']).flatMap((port) => {
      const { port: number } = recordOf(port)
      return typeof number === 'number' ? [String(number)] : []
    })
    return ports.length > 1 ? [finding(hop, { code: 'IST0112', host: hop.written, ports })] : []
  })

/** Gateways that are named and not there, or are there and have other hosts. */
export const gateways: FindingCheck = (scene) => {
  const known = new Set([...scene.gateways.keys()].map((key) => key.split('/')[0] ?? ''))
  return scene.virtualServices.flatMap((object) =>
    listOf(specOf(object)['gateways']).flatMap((item, index): Finding[] => {
      const written = textOf(item) ?? ''
      if (written === 'mesh' || written === '') return []
      const [namespace, name] = gatewayName(written, object)
      const gateway = scene.gateways.get(`${namespace}/${name}`)
      const path = ['spec', 'gateways', index]
      if (gateway !== undefined) return unserved(object, gateway, { path, written })
      return known.has(namespace) ? [{ object, path, detail: { code: 'IST0101', what: 'gateway', name: written } }] : []
    }),
  )
}

function gatewayName(written: string, object: RenderedObject): readonly [string, string] {
  const [first = '', second] = written.split('/')
  return second === undefined ? [effectiveNamespace(object), first] : [first, second]
}

/** Where no host of the VirtualService is one of the Gateway's: some may be for the mesh, or for another gateway. */
function unserved(object: RenderedObject, gateway: RenderedObject, { path, written }: WrittenReference): Finding[] {
  const served = listOf(specOf(gateway)['servers']).flatMap((server) =>
    listOf(recordOf(server)['hosts']).flatMap((host) => servedTo(object, gateway, textOf(host) ?? '')),
  )
  const hosts = listOf(specOf(object)['hosts']).flatMap((host) => textOf(host) ?? [])
  if (hosts.some((host) => served.some((one) => hostsOverlap(one, host)))) return []
  return [{ object, path, detail: { code: 'IST0132', hosts, gateway: written } }]
}

interface WrittenReference {
  readonly path: Finding['path']
  readonly written: string
}

/** A server's host, `namespace/host`, as VirtualServices of a namespace see it. */
function servedTo(object: RenderedObject, gateway: RenderedObject, written: string): readonly string[] {
  const [first = '', host] = written.split('/')
  if (host === undefined) return [first]
  const namespace = first === '.' ? effectiveNamespace(gateway) : first
  return namespace === '*' || namespace === effectiveNamespace(object) ? [host] : []
}

/** Subsets of a Service that is here, and whose labels no workload of it has. */
export const emptySubsets: FindingCheck = (scene) =>
  scene.destinationRules.flatMap((rule) => {
    const host = textOf(specOf(rule)['host']) ?? ''
    const service = scene.services.get(resolveHost(host, effectiveNamespace(rule)))
    const pods = service === undefined ? undefined : podsOf(scene, service)
    if (pods === undefined || pods.length === 0) return []
    return listOf(specOf(rule)['subsets']).flatMap((item, index): Finding[] => {
      const subset = recordOf(item)
      const labels = ownLabels(subset['labels'])
      const isEmpty = Object.keys(labels).length > 0 && !pods.some((pod) => labelsMatch(labels, pod.labels))
      const name = textOf(subset['name']) ?? ''
      const path = ['spec', 'subsets', index, 'labels']
      return isEmpty ? [{ object: rule, path, detail: { code: 'IST0173', subset: name, host } }] : []
    })
  })

/** A destination that gets traffic and whose pods are none (E5): every request to it is answered 503. */
export const withoutPods: FindingCheck = (scene) =>
  everyHop(scene).flatMap((hop): Finding[] => {
    const service = scene.services.get(hop.host)
    if (!hop.getsTraffic || service === undefined) return []
    const pods = podsOf(scene, service)
    // Workloads of another repository cannot be seen; where all are here, none is none.
    if (pods === undefined || !scene.worked.has(effectiveNamespace(service))) return []
    const subset = hop.subset === undefined ? undefined : scene.subsets.get(hop.host)?.get(hop.subset)
    const meant = subset === undefined ? pods : pods.filter(({ labels }) => isIn(ownLabels(subset.labels), labels))
    if (meant.some(({ replicas }) => replicas > 0)) return []
    const why = meant.length === 0 ? 'no-workload' : 'no-replicas'
    const destination = hop.subset === undefined ? hop.written : `${hop.written} ${hop.subset}`
    return [finding(hop, { code: 'no-pods', destination, why })]
  })

/** Those that somebody writes: where a pod runs the platform says. */
function ownLabels(labels: unknown): Readonly<Record<string, unknown>> {
  const platform =
    /^(?:topology\.kubernetes\.io|topology\.istio\.io|failure-domain\.beta\.kubernetes\.io|kubernetes\.io)\//
  return Object.fromEntries(Object.entries(recordOf(labels)).filter(([key]) => !platform.test(key)))
}

function isIn(labels: Readonly<Record<string, unknown>>, pod: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(labels).every(([key, value]) => pod[key] === value)
}

function everyHop(scene: ObjectIndex): readonly Hop[] {
  return [...scene.virtualServices, ...scene.routes].flatMap(hopsOf)
}

function finding(hop: Hop, detail: Finding['detail']): Finding {
  return { object: hop.object, path: hop.named, detail }
}
