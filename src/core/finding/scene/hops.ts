import type { RenderedObject } from '../../diff/objects.ts'
import { listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import { resolveHost } from '../../traffic/host.ts'
import { isGatewayRoute, specOf } from './scene.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'

/** A part of a VirtualService or of a route of the Gateway API that sends requests somewhere. */
export interface Hop {
  readonly object: RenderedObject
  readonly host: string
  readonly written: string
  readonly subset: string | undefined
  readonly hasPort: boolean
  /** Percent-like number as written; undefined where there is none. */
  readonly weight: number | undefined
  /** Its weight is not a number. */
  readonly isUnread: boolean
  readonly isMirror: boolean
  /** Whether any request comes to it, mirrored ones aside. */
  readonly getsTraffic: boolean
  /** How many share its rule's traffic. */
  readonly siblings: number
  readonly path: Path
  /** Where its host stands. */
  readonly named: Path
}

export const SECTIONS = ['http', 'tls', 'tcp'] as const

/** Every destination of a VirtualService or of a route of the Gateway API, mirrors too. */
export function hopsOf(object: RenderedObject): readonly Hop[] {
  return isGatewayRoute(object) ? backends(object) : destinations(object)
}

/** The destinations that share a rule's requests, rule by rule; mirrors get none of their own. */
export function rulesOf(object: RenderedObject): readonly (readonly Hop[])[] {
  const rules = Map.groupBy(
    hopsOf(object).filter(({ isMirror }) => !isMirror),
    ({ path }) => JSON.stringify(path.slice(0, 3)),
  )
  return [...rules.values()]
}

function destinations(object: RenderedObject): readonly Hop[] {
  const spec = specOf(object)
  return SECTIONS.flatMap((section) =>
    listOf(spec[section]).flatMap((item, index) => {
      const rule = recordOf(item)
      const at = ['spec', section, index] as const
      const entries = listOf(rule['route'])
      const routes = entries.map((entry, place) => {
        const path = [...at, 'route', place]
        const { weight, isUnread } = weightIn(recordOf(entry))
        const siblings = entries.length
        // One alone gets everything, whatever its weight says.
        const getsTraffic = siblings === 1 || (weight ?? 0) > 0
        const share = { weight, isUnread, siblings, getsTraffic, isMirror: false }
        return hop(object, recordOf(entry)['destination'], { ...share, path, named: [...path, 'destination', 'host'] })
      })
      const [single, several] = [
        [...at, 'mirror'],
        [...at, 'mirrors'],
      ]
      const mirrors = listOf(rule['mirrors']).map((one, place) =>
        hop(object, recordOf(one)['destination'], mirrorAt([...several, place], ['destination', 'host'])),
      )
      return rule['mirror'] === undefined
        ? [...routes, ...mirrors]
        : [...routes, hop(object, rule['mirror'], mirrorAt(single, ['host'])), ...mirrors]
    }),
  )
}

type Share = Omit<Hop, 'object' | 'host' | 'written' | 'subset' | 'hasPort'>

function mirrorAt(path: Path, host: Path): Share {
  const none = { weight: undefined, isUnread: false, siblings: 1, getsTraffic: false }
  return { ...none, isMirror: true, path, named: [...path, ...host] }
}

function weightIn({ weight }: Readonly<Record<string, unknown>>): Pick<Hop, 'weight' | 'isUnread'> {
  const number = typeof weight === 'number' ? weight : undefined
  return { weight: number, isUnread: (weight ?? undefined) !== number }
}

function hop(object: RenderedObject, value: unknown, share: Share): Hop {
  const destination = recordOf(value)
  const written = textOf(destination['host']) ?? ''
  return {
    ...share,
    object,
    written,
    host: resolveHost(written, effectiveNamespace(object)),
    subset: textOf(destination['subset']),
    hasPort: destination['port'] !== undefined,
  }
}

function backends(object: RenderedObject): readonly Hop[] {
  return listOf(specOf(object)['rules']).flatMap((item, index) => {
    const rule = recordOf(item)
    const at = ['spec', 'rules', index] as const
    const entries = listOf(rule['backendRefs'])
    const routes = entries.flatMap((entry, place) => {
      const path = [...at, 'backendRefs', place]
      const { weight, isUnread } = weightIn(recordOf(entry))
      // Without a weight it is 1, and one alone with 0 gets nothing.
      const share = { weight, isUnread, siblings: entries.length, getsTraffic: (weight ?? 1) > 0, isMirror: false }
      return backend(object, entry, { ...share, path, named: [...path, 'name'] })
    })
    const mirrors = listOf(rule['filters']).flatMap((filter, place) => {
      const mirror = recordOf(recordOf(filter)['requestMirror'])
      const path = [...at, 'filters', place, 'requestMirror', 'backendRef']
      return mirror['backendRef'] === undefined ? [] : backend(object, mirror['backendRef'], mirrorAt(path, ['name']))
    })
    return [...routes, ...mirrors]
  })
}

/** Only Services: what else a reference may lead to is not known here. */
function backend(object: RenderedObject, value: unknown, share: Share): Hop[] {
  const { kind = 'Service', group = '', namespace, name, port } = recordOf(value)
  if (kind !== 'Service' || group !== '') return []
  const written = textOf(name) ?? ''
  const host = resolveHost(written, textOf(namespace) ?? effectiveNamespace(object))
  return [{ ...share, object, written, host, subset: undefined, hasPort: port !== undefined }]
}
