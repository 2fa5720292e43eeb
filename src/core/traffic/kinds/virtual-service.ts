import { listOf, type Path, recordOf, textOf } from '../../manifest/data.ts'
import { resolveHost } from '../host.ts'
import { withRoles } from '../roles.ts'
import type { Destination, MirrorDestination, RouteName, Rule } from '../route.ts'
import { type RouteData, type Kind, numberOf, type RouteSource, says, weightOf } from './kind.ts'

const KIND = 'VirtualService'
const SECTIONS = ['http', 'tls', 'tcp'] as const

/** Cookies are matched as a header. `withoutHeaders` means everybody else, so it does not pick callers. */
const CALLER_MATCHES = ['headers', 'queryParams', 'sourceLabels']

/** Istio's VirtualService; v1alpha3, v1beta1 and v1 share one schema (istio.io/docs/reference/config/networking). */
export const virtualService: Kind = { kind: KIND, group: 'networking.istio.io', rules, delegates }

function rules(source: RouteSource): readonly Rule[] {
  const spec = recordOf(source.object.data['spec'])
  return SECTIONS.flatMap((section) => {
    const items = listOf(spec[section]).map(recordOf)
    const catchAll = section === 'http' ? items.findIndex((rule) => listOf(rule['match']).length === 0) : -1
    return items.flatMap((rule, index) => {
      const isUnreachable = catchAll !== -1 && index > catchAll
      return readRule(source, rule, [...source.object.at, 'spec', section, index]).map((read) => ({
        ...read,
        isUnreachable,
      }))
    })
  })
}

function readRule(source: RouteSource, rule: RouteData, at: Path): Omit<Rule, 'isUnreachable'>[] {
  const entries = listOf(rule['route'])
  if (entries.length === 0) return []
  const [section, index] = at.slice(-2)
  const name = textOf(rule['name'])
  const matches = listOf(rule['match'])
  return [
    {
      label: name ?? `${section}[${index}]`,
      name,
      api: 'istio',
      picksCallers: matches.length > 0 && matches.every((match) => says(match, CALLER_MATCHES)),
      destinations: withRoles(
        entries.map((entry, position) => readDestination(source, recordOf(entry), [...at, 'route', position])),
        source,
      ),
      mirrors: mirrorsIn(source, rule, at),
      line: source.manifest.line(source.object.document, at),
    },
  ]
}

function readDestination(
  { manifest, object, namespace }: RouteSource,
  entry: RouteData,
  path: Path,
): Omit<Destination, 'role'> {
  const destination = recordOf(entry['destination'])
  const written = textOf(destination['host']) ?? ''
  const host = resolveHost(written, namespace)
  const subset = textOf(destination['subset'])
  const weightPath = [...path, 'weight']
  return {
    host,
    written,
    subset,
    port: numberOf(recordOf(destination['port'])['number']),
    ...weightOf(entry),
    path,
    weightPath,
    line: manifest.line(object.document, entry['weight'] === undefined ? path : weightPath),
  }
}

function mirrorsIn({ manifest, object, namespace }: RouteSource, rule: RouteData, at: Path): MirrorDestination[] {
  const single = rule['mirror'] === undefined ? [] : [{ target: rule['mirror'], path: [...at, 'mirror'] }]
  const several = listOf(rule['mirrors']).map((mirror, index) => ({
    target: recordOf(mirror)['destination'],
    path: [...at, 'mirrors', index],
  }))
  return [...single, ...several].map(({ target, path }) => {
    const written = textOf(recordOf(target)['host']) ?? ''
    return {
      path,
      host: resolveHost(written, namespace),
      written,
      subset: textOf(recordOf(target)['subset']),
      line: manifest.line(object.document, path),
    }
  })
}

/** The VirtualServices that a root delegates requests to. Without a namespace, they are in the root's namespace. */
function delegates({ object, namespace }: Pick<RouteSource, 'object' | 'namespace'>): readonly RouteName[] {
  const spec = recordOf(object.data['spec'])
  return listOf(spec['http']).flatMap((rule) => {
    const delegate = recordOf(recordOf(rule)['delegate'])
    const name = textOf(delegate['name'])
    const own = textOf(delegate['namespace']) ?? ''
    return name === undefined ? [] : [{ kind: KIND, name, namespace: own === '' ? namespace : own }]
  })
}
