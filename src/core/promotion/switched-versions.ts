/** Which version of a blue/green service gets the traffic. Only `/switch` changes that, so a promotion must not. */
import { isRecord, type JsonValue, type Path } from '../manifest/data.ts'
import type { Target } from '../rollout/target.ts'
import { shortHost } from '../traffic/host.ts'

/** The versions of blue/green services that do not have the traffic in both of two environments. */
export function switchedVersions(
  routes: readonly Target[],
  [from, to]: readonly [string, string],
): ReadonlySet<string> {
  const pairs = routes.flatMap((source) => {
    const isMate = (one: Target): boolean => one.service === source.service && one.environments.includes(to)
    return source.environments.includes(from) ? routes.filter(isMate).map((target) => [source, target]) : []
  })
  const versions = pairs.flatMap((pair) => {
    const sides = pair.map(({ route }) => route.names.blueGreen)
    const isSame = new Set(sides.map((side) => side?.active.written)).size === 1
    return isSame ? [] : sides.flatMap((side) => (side === undefined ? [] : [side.active.written, side.idle.written]))
  })
  return new Set(versions)
}

/** Whether a value makes a destination lead to one of the versions. `path`: its place in the object. */
export function leadsToVersion(versions: ReadonlySet<string>, value: JsonValue | undefined, path: Path): boolean {
  if (typeof value === 'string') return isOfDestination(path) && (versions.has(value) || versions.has(shortHost(value)))
  if (Array.isArray(value))
    return value.some((item: JsonValue, index) => leadsToVersion(versions, item, [...path, index]))
  return isRecord(value) && Object.entries(value).some(([key, item]) => leadsToVersion(versions, item, [...path, key]))
}

/** The subset or host of an Istio destination or mirror, or the name of a backend of the Gateway API. */
function isOfDestination(path: Path): boolean {
  const [list, parent, key] = path.slice(-3)
  if (key === 'subset' || key === 'host') return parent === 'destination' || parent === 'mirror'
  return key === 'name' && (parent === 'backendRef' || list === 'backendRefs')
}
