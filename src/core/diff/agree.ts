import { disagreement } from '../problem/merge.ts'
import type { Problem } from '../problem/problem.ts'
import { differences, settled } from '../layer/compare.ts'
import { layeredIn } from '../layer/layered.ts'
import { edited } from '../layer/operations.ts'
import { canonicalText, type Path } from '../manifest/data.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import type { ObjectChange } from '../rollout/move.ts'
import type { Target } from '../rollout/target.ts'
import { readRoute } from '../traffic/read-route.ts'
import { withNames } from '../traffic/roles.ts'
import { canaryShare } from '../traffic/route.ts'
import { type RenderedObject } from './objects.ts'
import { NO_LINES, renderedRoutes } from './routes.ts'
import { identityKey, type ObjectIdentity, titleOf } from '../manifest/identity.ts'

/**
 * Why two renders of an environment do not show what changes of objects were to do, and only that. `also` names what changes
 * besides, `missing` what does not change; both empty: just what is wanted.
 */
export interface Mismatch {
  readonly also: readonly string[]
  readonly missing: readonly string[]
}

/** Compares, path by path, what an environment's render changes with what was wanted there: nothing, where it is in none of the changes. */
export function mismatchOf(
  environment: string,
  objects: { readonly before: readonly RenderedObject[]; readonly after: readonly RenderedObject[] },
  changes: readonly ObjectChange[],
): Mismatch {
  const [before, after] = [byIdentity(objects.before), byIdentity(objects.after)]
  const wanted = changes
    .filter(({ target }) => target.environments.includes(environment))
    .flatMap((change) => wantedIn(environment, change))
  const also: string[] = []
  const missing: string[] = []
  const left = new Set(wanted)
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(key), after.get(key)]
    const either = now ?? old
    const meant = wanted.find((object) => identityKey(object) === key)
    if (either === undefined) continue
    const found = differences(settled(old?.data), settled(now?.data))
    // A Secret's paths are nobody's business.
    if (meant === undefined) also.push(...(found.length > 0 ? [titleOf(either)] : []))
    else {
      left.delete(meant)
      const keyOf = ({ path, after: value }: { readonly path: Path; readonly after: unknown }): string =>
        canonicalText([path, value])
      const expected = new Set(meant.differences.map(keyOf))
      const seen = new Set(found.map(keyOf))
      also.push(
        ...found.filter((one) => !expected.has(keyOf(one))).map(({ path }) => `${titleOf(either)} ${path.join('.')}`),
      )
      missing.push(
        ...meant.differences
          .filter((one) => !seen.has(keyOf(one)))
          .map(({ path }) => `${titleOf(either)} ${path.join('.')}`),
      )
    }
  }
  missing.push(
    ...[...left].filter((object) => object.differences.length > 0).map(({ kind, name }) => `${kind} ${name}`),
  )
  return { also, missing }
}

interface ExpectedObject extends ObjectIdentity {
  readonly differences: ReturnType<typeof differences>
}

function wantedIn(environment: string, { target, object, edits }: ObjectChange): ExpectedObject[] {
  const layered = layeredIn(target.layout, environment, object)
  if (layered === undefined) return []
  const { data } = layered.object
  const own = edits.map((edit) => ({ ...edit, path: edit.path.slice(object.at.length) }))
  return [{ ...layered.rendered, differences: differences(settled(data), settled(edited(data, own))) }]
}

function byIdentity(objects: readonly RenderedObject[]): ReadonlyMap<string, RenderedObject> {
  return new Map(objects.map((object) => [identityKey(object), object]))
}

/** The canary's share of a target's route as an environment renders it; undefined where the route is not there, or nobody can tell. */
export function renderedShare(
  environment: string,
  objects: readonly RenderedObject[],
  target: Target,
): number | undefined {
  const share = shareIn(renderedRoutes(objects), environment, target)
  return share === 'unknown' ? undefined : share
}

/**
 * The targets whose files say another share than what their environment renders to: something that Perch does not follow sets
 * their weights, and no gate can judge them.
 */
export function disagreements(
  environment: string,
  objects: readonly RenderedObject[],
  targets: readonly Target[],
): readonly Problem[] {
  const mine = targets.filter(({ environments }) => environments.includes(environment))
  if (mine.length === 0) return []
  const routes = renderedRoutes(objects)
  return mine.flatMap((target) => {
    const said = canaryShare(target.route)
    const rendered = shareIn(routes, environment, target)
    return said === undefined || said === rendered ? [] : [disagreement({ environment, target, said, rendered })]
  })
}

function shareIn(
  routes: readonly ManifestObject[],
  environment: string,
  target: Target,
): ReturnType<typeof canaryShare> {
  const layered = layeredIn(target.layout, environment, target.object)
  const key = layered === undefined ? undefined : identityKey(layered.rendered)
  const object = routes.find((route) => identityKey(route) === key)
  if (object === undefined) return undefined
  const { names, namespace } = target.route
  return canaryShare(withNames(readRoute(NO_LINES, { ...object, namespace }, names), names))
}
