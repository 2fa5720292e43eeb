/** Finds the routes of targets in their environment's render, where they and their destinations may have other names. */
import { layeredIn } from '../layer/layered.ts'
import { identityKey, type ObjectIdentity } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import type { Target } from '../rollout/target.ts'
import { shortHost } from '../traffic/host.ts'
import { readRoute } from '../traffic/read-route.ts'
import { withNames } from '../traffic/roles.ts'
import type { Destination, Role, Route, RouteNames } from '../traffic/route.ts'

/** A render has no lines that a person could open. */
export const NO_LINES = { line: (): number => 1 }

/**
 * Finds the rendered object of a target's route in an environment: the one with the name from the files. A transformer may change
 * its namespace, or add a prefix or suffix to its name. Then it must be the only object that can be meant.
 */
export function finderIn<T extends ObjectIdentity>(
  environment: string,
  objects: readonly T[],
): (target: Pick<Target, 'layout' | 'object'>) => T | undefined {
  const byKey = new Map(objects.map((object) => [identityKey(object), object]))
  return ({ layout, object }) => {
    const rendered = layeredIn(layout, environment, object)?.rendered
    if (rendered === undefined) return undefined
    const exact = byKey.get(identityKey(rendered))
    const isBuilt = layout.environments.some(({ name, kind }) => name === environment && kind === 'kustomize')
    return exact !== undefined || !isBuilt ? exact : findAlike(objects, rendered, object.name)
  }
}

function findAlike<T extends ObjectIdentity>(
  objects: readonly T[],
  rendered: ObjectIdentity,
  written: string,
): T | undefined {
  const alike = objects.filter(({ group, kind }) => group === rendered.group && kind === rendered.kind)
  const same = alike.filter(({ name }) => name === rendered.name)
  if (same.length > 0) return only(same)
  const longer = alike.filter(({ name }) => name.includes(written))
  const least = Math.min(...longer.map(({ name }) => name.length))
  return only(longer.filter(({ name }) => name.length === least))
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined
}

/** A target's route in the render, with its destinations in the roles from its file. */
export function asRendered({ route }: Pick<Target, 'route'>, object: ManifestObject): Route {
  const { names } = route
  const read = readRoute(NO_LINES, object, names)
  return withNames(read, namesAmong(route, read))
}

/** The names of stable and canary in the render of targets' routes, by identity. */
export function renderedNames(
  environment: string,
  objects: readonly ManifestObject[],
  targets: readonly Target[],
): ReadonlyMap<string, readonly RouteNames[]> {
  const mine = targets.filter(({ environments }) => environments.includes(environment))
  const find = finderIn(environment, objects)
  const names = new Map<string, readonly RouteNames[]>()
  for (const target of mine) {
    const object = find(target)
    if (object === undefined) continue
    const key = identityKey(object)
    // If there are alternative files, only one of them is in a render.
    const others = target.choice === undefined ? (names.get(key) ?? []) : []
    names.set(key, [...others, asRendered(target, object).names])
  }
  return names
}

/** The rendered names of a route's destinations. Entries at the same position belong together if one name contains the other. */
function namesAmong(route: Route, rendered: Route): RouteNames {
  const nameFor = (role: Role): string | undefined => {
    const names = route.rules.flatMap(({ destinations }, index) => {
      const others = rendered.rules[index]?.destinations ?? []
      if (others.length !== destinations.length) return []
      return destinations.flatMap((one, at) => {
        const [was, now] = [nameOf(one), nameOf(others[at])]
        return one.role === role && was !== undefined && now?.includes(was) === true ? [{ was, now }] : []
      })
    })
    const [first, ...more] = [...new Set(names.map(({ now }) => now))]
    return more.length > 0 || names.every(({ was, now }) => was === now) ? undefined : first
  }
  if (route.rules.length !== rendered.rules.length) return route.names
  const { names } = route
  return { ...names, stable: nameFor('stable') ?? names.stable, canary: nameFor('canary') ?? names.canary }
}

function nameOf(destination: Destination | undefined): string | undefined {
  return destination === undefined ? undefined : (destination.subset ?? shortHost(destination.host))
}
