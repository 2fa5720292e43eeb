/** Which version of a blue/green service gets the traffic. Only `/switch` changes that, so a promotion must not. */
import { isRecord, type JsonValue, type Path } from '../manifest/data.ts'
import type { Target } from '../rollout/target.ts'
import { shortHost } from '../traffic/host.ts'

/** The versions of blue/green services that do not have the traffic in both of two environments. */
export function switchedVersions(
  routes: readonly Target[],
  [from, to]: readonly [string, string],
): ReadonlySet<string> {
  const versions = new Set<string>()
  for (const source of routes.filter(({ environments }) => environments.includes(from)))
    for (const target of routes.filter((one) => one.service === source.service && one.environments.includes(to))) {
      const [own, other] = [source.route.names.blueGreen, target.route.names.blueGreen]
      if (own?.active.written === other?.active.written) continue
      for (const side of [own, other])
        for (const version of side === undefined ? [] : [side.active, side.idle]) versions.add(version.written)
    }
  return versions
}

/** Whether a value makes a destination lead to one of the versions. `path`: its place in the object. */
export function leadsTo(versions: ReadonlySet<string>, value: JsonValue | undefined, path: Path): boolean {
  if (typeof value === 'string') return isOfDestination(path) && (versions.has(value) || versions.has(shortHost(value)))
  if (Array.isArray(value)) return value.some((item: JsonValue, index) => leadsTo(versions, item, [...path, index]))
  return isRecord(value) && Object.entries(value).some(([key, item]) => leadsTo(versions, item, [...path, key]))
}

/** The subset or host of an Istio destination or mirror, or the name of a backend of the Gateway API. */
function isOfDestination(path: Path): boolean {
  const [list, parent, key] = path.slice(-3)
  if (key === 'subset' || key === 'host') return parent === 'destination' || parent === 'mirror'
  return key === 'name' && (parent === 'backendRef' || list === 'backendRefs')
}
