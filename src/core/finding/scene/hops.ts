import type { RenderedObject } from '../../diff/objects.ts'
import { listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import { resolveHost } from '../../traffic/host.ts'
import { isGatewayRoute, specOf } from './scene.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'

/** A destination in a VirtualService or a Gateway API route. */
export interface Hop {
  readonly object: RenderedObject
  readonly host: string
  readonly written: string
  readonly subset: string | undefined
  readonly hasPort: boolean
  /** The weight as written; undefined if there is none. */
  readonly weight: number | undefined
  /** The weight is not a number. */
  readonly isUnread: boolean
  readonly isMirror: boolean
  /** Whether any requests reach it, apart from mirrored ones. */
  readonly getsTraffic: boolean
  /** How many destinations share the rule's traffic. */
  readonly siblings: number
  readonly path: Path
  /** The path of its host. */
  readonly named: Path
}

export const SECTIONS = ['http', 'tls', 'tcp'] as const

/** Every destination of a VirtualService or a Gateway API route, including mirrors. */
export function hopsOf(object: RenderedObject): readonly Hop[] {
  return isGatewayRoute(object) ? backends(object) : destinations(object)
}

/** The destinations that share a rule's requests, rule by rule. Mirrors get no share. */
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
        // A single destination gets everything, whatever its weight.
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
      // The default weight is 1, and a single destination with 0 gets nothing.
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

/** Only Services, because nothing is known here about other targets of a reference. */
function backend(object: RenderedObject, value: unknown, share: Share): Hop[] {
  const { kind = 'Service', group = '', namespace, name, port } = recordOf(value)
  if (kind !== 'Service' || group !== '') return []
  const written = textOf(name) ?? ''
  const host = resolveHost(written, textOf(namespace) ?? effectiveNamespace(object))
  return [{ ...share, object, written, host, subset: undefined, hasPort: port !== undefined }]
}
