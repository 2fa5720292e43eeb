import { recordOf } from '../manifest/data.ts'
import type { Manifest, ManifestObject } from '../manifest/parse.ts'
import { grpcRoute } from './kinds/grpc-route.ts'
import { httpRoute } from './kinds/http-route.ts'
import type { Kind } from './kinds/kind.ts'
import { tcpRoute } from './kinds/tcp-route.ts'
import { tlsRoute } from './kinds/tls-route.ts'
import { virtualService } from './kinds/virtual-service.ts'
import { rolesFrom } from './roles.ts'
import { type Route, routeId, type RouteName, type RouteNames } from './route.ts'
import { effectiveNamespace, groupOf } from '../manifest/identity.ts'
import { oncePer } from '../cached.ts'

const KINDS: readonly Kind[] = [virtualService, httpRoute, grpcRoute, tlsRoute, tcpRoute]

/** Whether an object can split traffic by weights, in any version of its API. */
export function isRoute(object: Pick<ManifestObject, 'apiVersion' | 'kind'>): boolean {
  return kindOf(object) !== undefined
}

/**
 * Reads an object as a route. If the config does not name the roles, the object's own annotation `<prefix>/roles` does.
 * Rules without destinations (redirects, direct responses, delegates) are left out; an object of another kind has no rules.
 */
export function readRoute(manifest: Pick<Manifest, 'line'>, object: ManifestObject, names: RouteNames): Route {
  const annotations = annotationsOf(object)
  const own = rolesFrom(annotations)
  const called = { ...names, stable: names.stable ?? own.stable, canary: names.canary ?? own.canary }
  const namespace = effectiveNamespace(object)
  const kind = kindOf(object)
  return {
    kind: kind?.kind ?? 'VirtualService',
    namespace,
    name: object.name,
    place: { file: object.file, line: object.line },
    document: object.document,
    at: object.at,
    annotations,
    names: called,
    rules: kind?.rules({ manifest, object, namespace, names: called }) ?? [],
    delegates: kind?.delegates?.({ object, namespace }) ?? [],
  }
}

/** The routes that delegate to this one. The delegate has the weights, but people know the root. */
export function rootsOf(route: RouteName, objects: readonly ManifestObject[]): readonly RouteName[] {
  return rootsIn(objects).get(routeId(route)) ?? []
}

/** The routes that delegate, by the routes that they delegate to. Hundreds of routes ask about the same objects. */
const rootsIn = oncePer((objects: readonly ManifestObject[]): ReadonlyMap<string, readonly RouteName[]> => {
  const found = new Map<string, RouteName[]>()
  for (const object of objects) {
    const kind = kindOf(object)
    if (kind?.delegates === undefined) continue
    const namespace = effectiveNamespace(object)
    const root = { kind: kind.kind, name: object.name, namespace }
    for (const id of new Set(kind.delegates({ object, namespace }).map(routeId)))
      found.set(id, [...(found.get(id) ?? []), root])
  }
  return found
})

function kindOf({ apiVersion, kind }: Pick<ManifestObject, 'apiVersion' | 'kind'>): Kind | undefined {
  const wanted = `${groupOf(apiVersion)}/${kind}`
  return KINDS.find((known) => `${known.group}/${known.kind}` === wanted)
}

function annotationsOf(object: ManifestObject): Readonly<Record<string, string>> {
  const annotations = recordOf(recordOf(object.data['metadata'])['annotations'])
  return Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, String(value)]))
}
