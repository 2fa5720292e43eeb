import { imageNameOf } from '../arrival/version-behind.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { type Workload, workloadsIn } from '../finding/scene/workload.ts'
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import type { Target } from '../rollout/target.ts'
import { shortHost } from '../traffic/host.ts'

/** The objects of one service. */
export interface ServiceObjects {
  /** Whether an object belongs to the service, by its name in a file. */
  readonly has: (object: { readonly kind: string; readonly name: string }) => boolean
  /** Whether only its own workloads use an image. The image has no tag or digest. */
  readonly usesAlone: (image: string) => boolean
}

/**
 * The objects of a service in the renders of both environments: its route, the services, rules, workloads and policies that the
 * route leads to by name or by labels, and the ConfigMaps that only its workloads use.
 */
export function serviceObjects(
  service: string,
  objects: readonly RenderedObject[],
  targets: readonly Target[],
): ServiceObjects {
  const names = namesOf(service, objects, targets)
  const workloads = workloadsIn(objects)
  const own = workloads.filter(({ object }) => names.has(object.name))
  const isOwn = ({ name, data }: RenderedObject): boolean => {
    const { host, scaleTargetRef, targetRef, selector } = recordOf(data['spec'])
    const labels = Object.entries(recordOf(recordOf(selector)['matchLabels']))
    const picks = labels.length > 0 && own.some((one) => labels.every(([key, value]) => one.labels[key] === value))
    const refers = [scaleTargetRef, targetRef].some((ref) => names.has(textOf(recordOf(ref)['name']) ?? ''))
    return names.has(name) || names.has(shortHost(textOf(host) ?? '')) || refers || picks
  }
  const others = new Set(workloads.filter((one) => !own.includes(one)).flatMap(configMapsOf))
  const settings = own.flatMap(configMapsOf).filter((name) => !others.has(name))
  const keys = [
    ...objects.filter(isOwn).map(({ kind, name }) => ({ kind, name })),
    ...settings.map((name) => ({ kind: 'ConfigMap', name })),
  ]
  const users = (image: string): readonly RenderedObject[] =>
    workloads
      .map(({ object }) => object)
      .filter(({ data }) => imagesIn(data).some((used) => imageNameOf(used) === image))
  return {
    has: ({ kind, name }) => names.has(name) || keys.some((key) => key.kind === kind && key.name.includes(name)),
    usesAlone: (image) => {
      const all = users(image)
      return all.length > 0 && all.every((object) => names.has(object.name))
    },
  }
}

/** The service's own name, the Services of its versions, and the workloads that these select. */
function namesOf(service: string, objects: readonly RenderedObject[], targets: readonly Target[]): ReadonlySet<string> {
  const routes = targets.filter((target) => target.service === service).map(({ route }) => route)
  const hosts = routes.flatMap(({ rules }) =>
    rules.flatMap(({ destinations }) =>
      destinations.flatMap(({ host, role }) => (role === 'other' ? [] : [shortHost(host)])),
    ),
  )
  const names = new Set([service, ...routes.map(({ name }) => name), ...hosts])
  const workloads = workloadsIn(objects)
  for (const { kind, name, data } of objects) {
    if (kind !== 'Service' || !names.has(name)) continue
    const selector = Object.entries(recordOf(recordOf(data['spec'])['selector']))
    if (selector.length === 0) continue
    for (const { object, labels } of workloads)
      if (selector.every(([key, value]) => labels[key] === value)) names.add(object.name)
  }
  return names
}

/** The ConfigMaps that a workload reads, in its environment or as files. */
function configMapsOf({ object }: Workload): readonly string[] {
  return configMapsIn(object.data)
}

const CONFIG_MAP_KEYS = ['configMap', 'configMapRef', 'configMapKeyRef']

function configMapsIn(data: unknown): readonly string[] {
  if (Array.isArray(data)) return listOf(data).flatMap(configMapsIn)
  return Object.entries(recordOf(data)).flatMap(([key, value]) => {
    const name = CONFIG_MAP_KEYS.includes(key) ? textOf(recordOf(value)['name']) : undefined
    return name === undefined ? configMapsIn(value) : [name]
  })
}

/** All `image` fields of containers, however deep. */
function imagesIn(data: unknown): readonly string[] {
  if (Array.isArray(data)) return listOf(data).flatMap(imagesIn)
  return Object.entries(recordOf(data)).flatMap(([key, value]) =>
    key === 'image' && typeof value === 'string' ? [value] : imagesIn(value),
  )
}
