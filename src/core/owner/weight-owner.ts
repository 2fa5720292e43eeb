import { templateOf } from '../chart/rendered-parts.ts'
import { type BuiltObject, layeredIn, waysTo } from '../layer/layered.ts'
import { type Layout, manifestIn, resourcesOf } from '../layer/layout.ts'
import { type ObjectIdentity, qualifiedTitle } from '../manifest/identity.ts'
import type { Location } from '../manifest/parse.ts'
import { type OwnedRoute, ownedRoutes, type Writer, writerOf } from './owned-routes.ts'

/** An object that makes a controller in the cluster write the weights of routes, as one environment has it. */
export interface WeightOwner {
  readonly writer: Writer
  /** Its identity in the render. */
  readonly identity: ObjectIdentity
  /** `Canary shop/web`. */
  readonly title: string
  readonly place: Location
  readonly routes: readonly OwnedRoute[]
  /** The object at its place in the file, with its data after all patches. */
  readonly object: BuiltObject
  /** The environment that has it, if that is not the route's environment. */
  readonly elsewhere?: string
}

/** Whether any file may have such an object in any spelling. Most repositories have none. */
export function mentionsOwners({ texts }: Layout): boolean {
  return [...texts.values()].some((text) => text !== undefined && /Canary|Rollout/.test(text))
}

/** All objects of an environment that own a route. */
export function ownersIn(layout: Layout, environment: string): readonly WeightOwner[] {
  return resourcesOf(layout, environment).flatMap((file) => {
    const manifest = manifestIn(layout, file)
    const objects = manifest.ok ? (manifest.value?.objects ?? []) : []
    return objects
      .filter((object) => writerOf(object) !== undefined)
      .flatMap((object) => {
        const ways = waysTo(layout, environment, object)
        return (ways.length === 0 ? [undefined] : ways).flatMap((way) =>
          ownerAt(layout, environment, { ...object, way }),
        )
      })
  })
}

/** Empty if a patch removes the object, or if it owns nothing. */
function ownerAt(layout: Layout, environment: string, spot: BuiltObject): readonly WeightOwner[] {
  const writer = writerOf(spot)
  const layered = layeredIn(layout, environment, spot)
  if (writer === undefined || layered === undefined) return []
  const { object, rendered } = layered
  const routes = ownedRoutes({ ...rendered, data: object.data })
  if (routes.length === 0) return []
  const place = { file: templateOf(object.file), line: object.line }
  return [{ writer, identity: rendered, title: qualifiedTitle(rendered), place, routes, object }]
}
