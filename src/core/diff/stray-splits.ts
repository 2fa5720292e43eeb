import type { Config } from '../config/schema.ts'
import { identityKey } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { straySplit } from '../problem/merge.ts'
import type { Problem } from '../problem/problem.ts'
import type { Target } from '../rollout/target.ts'
import { canaryShare, routeId } from '../traffic/route.ts'
import type { RenderedObject } from './objects.ts'
import type { RenderDiff } from './review.ts'
import { renderedNames } from './rendered-route.ts'
import { configuredRoute, renderedRoutes } from './routes.ts'

type CanaryShare = NonNullable<ReturnType<typeof canaryShare>>

/**
 * Rendered routes that send more traffic to a canary than before and belong to no rollout. For example, a patch can turn an
 * object into a route although its file does not show one. The gates judge the routes of rollouts, which are compared with their
 * files elsewhere.
 */
export function straySplits(
  environment: string,
  { before, after }: RenderDiff['objects'],
  { config, targets }: { readonly config: Config; readonly targets: readonly Target[] },
): readonly Problem[] {
  const known = renderedNames(environment, renderedRoutes(after), targets)
  const isStray = (object: ManifestObject): boolean => !known.has(identityKey(object))
  const old = sharesIn(before, config, () => true)
  return [...sharesIn(after, config, isStray)].flatMap(([route, share]) => {
    const was = old.get(route) ?? 0
    const isMore = share === 'unknown' || was === 'unknown' ? share !== was : share > was
    return isMore ? [straySplit({ environment, route, was, share })] : []
  })
}

function sharesIn(
  objects: readonly RenderedObject[],
  config: Config,
  isWanted: (object: ManifestObject) => boolean,
): ReadonlyMap<string, CanaryShare> {
  const routes = renderedRoutes(objects)
  return new Map(
    routes.filter(isWanted).flatMap((object) => {
      const route = configuredRoute(object, routes, { config, names: new Map() })
      const share = canaryShare(route)
      return share === undefined ? [] : [[routeId(route), share] as const]
    }),
  )
}
