import { listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import { resolveHost } from '../host.ts'
import { withRoles } from '../roles.ts'
import type { Destination, MirrorDestination, Rule } from '../route.ts'
import { type RouteData, numberOf, type RouteSource, weightOf } from './kind.ts'

/** What all routes of the Gateway API share: `spec.rules[].backendRefs[]`. */
export const GATEWAY_GROUP = 'gateway.networking.k8s.io'

/** Reads the rules. `picksCallers` decides whether one of a rule's `matches` picks callers. */
export function gatewayRules(source: RouteSource, picksCallers: (match: unknown) => boolean): readonly Rule[] {
  const spec = recordOf(source.object.data['spec'])
  return listOf(spec['rules']).flatMap((item, index): Rule[] => {
    const rule = recordOf(item)
    const at = [...source.object.at, 'spec', 'rules', index]
    const backends = listOf(rule['backendRefs'])
    if (backends.length === 0) return []
    const name = textOf(rule['name'])
    const matches = listOf(rule['matches'])
    return [
      {
        label: name ?? `rules[${index}]`,
        name,
        api: 'gateway',
        picksCallers: matches.length > 0 && matches.every(picksCallers),
        // The Gateway API orders rules by how specific their matches are, not by their order in the file.
        isUnreachable: false,
        destinations: withRoles(
          backends.map((backend, position) => readBackend(source, recordOf(backend), [...at, 'backendRefs', position])),
          source,
        ),
        mirrors: mirrorsIn(source, rule, at),
        line: source.manifest.line(source.object.document, at),
      },
    ]
  })
}

function readBackend(source: RouteSource, backend: RouteData, path: Path): Omit<Destination, 'role'> {
  const { manifest, object, namespace } = source
  const host = backendHost(backend, namespace)
  const weightPath = [...path, 'weight']
  return {
    host,
    written: textOf(backend['name']) ?? '',
    subset: undefined,
    port: numberOf(backend['port']),
    ...weightOf(backend),
    path,
    weightPath,
    line: manifest.line(object.document, backend['weight'] === undefined ? path : weightPath),
  }
}

/** The host of a backend, by which all can be compared: the DNS name of a Service, a host of the mesh, or else its name, kind and group. */
export function backendHost(backend: RouteData, routeNamespace: string): string {
  const name = textOf(backend['name']) ?? ''
  const namespace = textOf(backend['namespace']) ?? routeNamespace
  const kind = textOf(backend['kind']) ?? 'Service'
  const group = textOf(backend['group']) ?? ''
  // Istio's way to name a host of the mesh in a route of the Gateway API.
  if (kind === 'Hostname' && group === 'networking.istio.io') return resolveHost(name, namespace)
  return kind === 'Service' && group === ''
    ? `${name}.${namespace}.svc.cluster.local`
    : `${name}.${namespace}.${kind}.${group}`
}

function mirrorsIn({ manifest, object, namespace }: RouteSource, rule: RouteData, at: Path): MirrorDestination[] {
  return listOf(rule['filters']).flatMap((filter, index) => {
    const mirror = recordOf(filter)['requestMirror']
    if (mirror === undefined) return []
    const backend = recordOf(recordOf(mirror)['backendRef'])
    const host = backendHost(backend, namespace)
    const path = [...at, 'filters', index]
    const written = textOf(backend['name']) ?? ''
    return [{ path, host, written, subset: undefined, line: manifest.line(object.document, path) }]
  })
}
