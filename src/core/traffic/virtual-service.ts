import { isRecord, type Manifest, type ManifestObject } from '../manifest/parse.ts'
import { resolveHost } from './host.ts'
import { type RoleNames, roleOf } from './roles.ts'
import type { Destination, Route, Rule } from './route.ts'

/** Istio's API group; its versions (`v1alpha3`, `v1beta1`, `v1`) share one schema. */
const GROUP = 'networking.istio.io/'
const SECTIONS = ['http', 'tls', 'tcp'] as const

export function isVirtualService(object: ManifestObject): boolean {
  return object.kind === 'VirtualService' && object.apiVersion.startsWith(GROUP)
}

/** Reads a VirtualService as a route. Rules without `route` (redirects, direct responses, delegates) are left out. */
export function readVirtualService(manifest: Manifest, object: ManifestObject, names: RoleNames): Route {
  const namespace = object.namespace ?? 'default'
  const spec = isRecord(object.data['spec']) ? object.data['spec'] : {}
  const rules = SECTIONS.flatMap((section) =>
    listOf(spec[section]).flatMap((rule, index): Rule[] => {
      const at = [...object.at, 'spec', section, index]
      const entries = isRecord(rule) ? listOf(rule['route']) : []
      if (!isRecord(rule) || entries.length === 0) return []
      const name = typeof rule['name'] === 'string' ? rule['name'] : undefined
      const destinations = entries.map((entry, position) =>
        readDestination(entry, [...at, 'route', position], { namespace, names }),
      )
      return [{ label: name ?? `${section}[${index}]`, name, destinations, line: manifest.line(object.document, at) }]
    }),
  )
  return {
    kind: 'VirtualService',
    namespace,
    name: object.name,
    place: { file: object.file, line: object.line },
    document: object.document,
    at: object.at,
    annotations: annotationsOf(object),
    rules,
  }
}

function readDestination(
  entry: unknown,
  at: Rule['destinations'][number]['weightPath'],
  context: { readonly namespace: string; readonly names: RoleNames },
): Destination {
  const target = isRecord(entry) && isRecord(entry['destination']) ? entry['destination'] : {}
  const host = resolveHost(typeof target['host'] === 'string' ? target['host'] : '', context.namespace)
  const subset = typeof target['subset'] === 'string' ? target['subset'] : undefined
  const weight = isRecord(entry) ? entry['weight'] : undefined
  return {
    host,
    subset,
    role: roleOf({ host, subset }, context.names),
    weight: typeof weight === 'number' ? weight : undefined,
    weightPath: [...at, 'weight'],
  }
}

function annotationsOf(object: ManifestObject): Readonly<Record<string, string>> {
  const metadata = object.data['metadata']
  const annotations = isRecord(metadata) ? metadata['annotations'] : undefined
  if (!isRecord(annotations)) return {}
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, String(value)]))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
