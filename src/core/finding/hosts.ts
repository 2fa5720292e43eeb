/** What several VirtualServices say about one host (IST0109, IST0140), and weights that differ. */
import type { RenderedObject } from '../diff/objects.ts'
import { resolveHost } from '../traffic/host.ts'
import { listOf, textOf } from '../traffic/kinds/kind.ts'
import type { Finding } from './finding.ts'
import { type Hop, hopsOf } from './hops.ts'
import { type FindingCheck, type ObjectIndex, specOf } from './scene.ts'
import { effectiveNamespace, qualifiedTitle } from '../manifest/identity.ts'

/** Whether a host name, perhaps with `*` in front, can be the other. */
export function hostsOverlap(one: string, other: string): boolean {
  return hostCovers(one, other) || hostCovers(other, one)
}

/** Whether a host name, perhaps with `*` in front, is all that the other can be. */
export function hostCovers(wide: string, narrow: string): boolean {
  return wide === narrow || wide === '*' || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)))
}

/** Two VirtualServices for one host in the mesh: Istio takes one of them, and nobody says which. */
export const meshConflicts: FindingCheck = (scene) => {
  const claims = scene.virtualServices.filter(isOnMesh).flatMap((object): readonly Claim[] => {
    const scopes = scopesOf(object)
    return hostsOf(object).map((host, index) => ({ object, host, index, scopes }))
  })
  const same = Map.groupBy(claims, ({ host }) => host)
  const wide = claims.filter(({ host }) => host.startsWith('*'))
  return claims.flatMap((claim): Finding[] => {
    // A host without a star meets only itself, and those with one.
    const near = claim.host.startsWith('*') ? claims : [...(same.get(claim.host) ?? []), ...wide]
    const other = near.find((known) => known.object !== claim.object && meets(known, claim))
    if (other === undefined) return []
    const { object, host, index } = claim
    return [
      {
        object,
        path: ['spec', 'hosts', index],
        detail: { code: 'IST0109', host, other: qualifiedTitle(other.object) },
      },
    ]
  })
}

function isOnMesh(object: RenderedObject): boolean {
  const gateways = listOf(specOf(object)['gateways'])
  return hostsOf(object).length > 0 && (gateways.length === 0 || gateways.includes('mesh'))
}

/** Whether some namespace sees two VirtualServices for one host. */
function meets(one: Claim, other: Claim): boolean {
  const [own, others] = [one.scopes, other.scopes]
  if (own === 'all' && others === 'all') return one.host === other.host
  // For a namespace that has one of its own Istio looks for those that are for all by what they match.
  if (own === 'all' || others === 'all') return hostsOverlap(one.host, other.host)
  return one.host === other.host && own.some((namespace) => others.includes(namespace))
}

function scopesOf(object: RenderedObject): 'all' | readonly string[] {
  const exported = listOf(specOf(object)['exportTo']).flatMap((to) => textOf(to) ?? [])
  if (exported.length === 0 || exported.includes('*')) return 'all'
  return exported.map((to) => (to === '.' ? effectiveNamespace(object) : to))
}

interface Claim {
  readonly object: RenderedObject
  readonly host: string
  /** Which of the object's hosts it is. */
  readonly index: number
  readonly scopes: 'all' | readonly string[]
}

function hostsOf(object: RenderedObject): readonly string[] {
  return listOf(specOf(object)['hosts']).flatMap((host) => {
    const text = textOf(host)
    return text === undefined ? [] : [resolveHost(text, effectiveNamespace(object))]
  })
}

/** At the gateway requests go to the plain host, while the split into subsets is only for the mesh: nobody outside meets the canary. */
export const ingressUnsplit: FindingCheck = (scene) => {
  const splits = scene.virtualServices
    .filter(isOnMesh)
    .filter((object) => hopsOf(object).some(({ subset }) => subset !== undefined))
  return scene.virtualServices
    .filter((object) => listOf(specOf(object)['gateways']).some((gateway) => gateway !== 'mesh'))
    .flatMap((object) =>
      hopsOf(object).flatMap((hop): Finding[] => {
        if (hop.isMirror || hop.subset !== undefined) return []
        const other = splits.find((split) => split !== object && hostsOf(split).includes(hop.host))
        if (other === undefined) return []
        const detail = { code: 'IST0140', host: hop.written, other: qualifiedTitle(other) } as const
        return [{ object, path: hop.named, detail }]
      }),
    )
}

/** The same two destinations with other shares in two VirtualServices (one at a gateway, say): which share is meant? */
export const differingWeights: FindingCheck = (scene) => {
  const splits = scene.virtualServices.flatMap((object) => splitsOf(scene, object))
  const same = Map.groupBy(splits, ({ key }) => key)
  return splits.flatMap(({ object, key, shares, hop }): Finding[] => {
    const other = same.get(key)?.find((split) => split.object !== object && split.shares !== shares)
    if (other === undefined || !isFirst(scene, object, other.object)) return []
    const detail = { code: 'weights-differ', host: hop.written, other: qualifiedTitle(other.object) } as const
    return [{ object, path: hop.path, detail }]
  })
}

function isFirst({ virtualServices }: ObjectIndex, object: RenderedObject, other: RenderedObject): boolean {
  return virtualServices.indexOf(object) < virtualServices.indexOf(other)
}

interface Split {
  readonly object: RenderedObject
  readonly key: string
  readonly shares: string
  readonly hop: Hop
}

/** Rules without conditions that split one service: those for some callers may well differ. */
function splitsOf(_scene: ObjectIndex, object: RenderedObject): readonly Split[] {
  const groups = Map.groupBy(
    hopsOf(object).filter(({ isMirror, siblings }) => !isMirror && siblings > 1),
    ({ path }) => JSON.stringify(path.slice(0, 3)),
  )
  return [...groups.values()].flatMap((hops): Split[] => {
    const [first] = hops
    if (first === undefined || hasMatch(object, first)) return []
    const total = hops.reduce((sum, { weight = 0 }) => sum + weight, 0)
    const parts = hops.map(({ host, subset = '', weight = 0 }) => ({
      name: `${host} ${subset}`,
      share: total === 0 ? 0 : weight / total,
    }))
    const sorted = parts.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const key = sorted.map(({ name }) => name).join('|')
    return [{ object, key, shares: sorted.map(({ share }) => share.toFixed(6)).join('|'), hop: first }]
  })
}

function hasMatch(object: RenderedObject, { path }: Hop): boolean {
  const [, section = '', index = 0] = path
  const rule: unknown = listOf(specOf(object)[String(section)])[Number(index)]
  return listOf(typeof rule === 'object' && rule !== null ? Reflect.get(rule, 'match') : undefined).length > 0
}
