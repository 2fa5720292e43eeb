/** The waves of services whose config names none, from the order in which an ApplicationSet syncs its Applications. */
import type { Config } from '../config/schema.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { type Environment, environmentNamed } from '../environment/environment.ts'
import { deliveryKey } from '../environment/variants.ts'
import type { Target } from '../rollout/target.ts'
import { type Wave, waveOf } from './wave.ts'

/** A commit, as far as it orders environments. */
export interface OrderedCommit {
  readonly config: Config
  readonly environments: readonly Environment[]
  readonly deliveries: readonly Delivery[]
  /** Environments of which some routes may be unreadable. */
  readonly hidden: ReadonlySet<string>
}

/** An environment's place in the order of an ApplicationSet. */
interface Place {
  readonly by: string
  /** Undefined if it is unknown. */
  readonly index: number | undefined
}

/** The same targets, in waves where only the order of an ApplicationSet says so. The config always comes first. */
export function withDeliveredWaves(targets: readonly Target[], commit: OrderedCommit): readonly Target[] {
  const places = placesIn(commit)
  const found = new Map<Target, Wave>()
  for (const [service, own] of Map.groupBy(targets, (target) => target.service)) {
    const all = isOrderedByConfig(commit.config, service, own) ? undefined : wavesOf(own, places, commit)
    for (const target of all === undefined ? [] : own) {
      const wave = waveOf(all?.waves, target.environments, all?.by)
      if (wave !== undefined) found.set(target, wave)
    }
  }
  return targets.map((target) => {
    const wave = found.get(target)
    return wave === undefined ? target : { ...target, settings: { ...target.settings, wave } }
  })
}

/** Whether the config orders the environments of a service, by `waves` or by `after`. `waves: []` says that nothing does. */
function isOrderedByConfig({ services, environments }: Config, service: string, targets: readonly Target[]): boolean {
  if (services[service]?.waves !== undefined) return true
  return targets.some((target) => target.environments.some((name) => environments?.[name]?.after !== undefined))
}

function placesIn({ environments, deliveries }: OrderedCommit): ReadonlyMap<string, Place> {
  const byPath = Map.groupBy(deliveries, ({ path }) => path)
  return new Map(
    environments.flatMap(({ name, root, deliveries: keys }) => {
      const own = (byPath.get(root) ?? []).filter((one) => keys === undefined || keys.includes(deliveryKey(one)))
      const place = placeOf(own)
      return place === undefined ? [] : [[name, place] as const]
    }),
  )
}

/** Clusters that deploy one folder move together, so nothing orders them if they are in different steps. */
function placeOf([first, ...others]: readonly Delivery[]): Place | undefined {
  const { step } = first ?? {}
  if (step === undefined) return undefined
  const isOne = others.every((other) => other.step?.by === step.by && other.step.index === step.index)
  return isOne ? step : { by: step.by, index: undefined }
}

/**
 * The environments of a service in the order of the steps. Undefined if there is no order: a place is unknown, several
 * ApplicationSets order them, one step has all of them, or an environment has the name of a wave.
 */
function wavesOf(
  targets: readonly Target[],
  places: ReadonlyMap<string, Place>,
  { environments, hidden }: Pick<OrderedCommit, 'environments' | 'hidden'>,
): { readonly waves: readonly (readonly string[])[]; readonly by: string } | undefined {
  const own = new Set(targets.flatMap(({ environments }) => environments.filter((name) => places.has(name))))
  const sets = new Set([...own].map((name) => places.get(name)?.by))
  const [by] = sets
  if (sets.size !== 1 || by === undefined) return undefined
  // The service may be in an environment that cannot be read. Nothing may pass it.
  const names = [...places].flatMap(([name, place]) =>
    own.has(name) || (place.by === by && hidden.has(name)) ? [name] : [],
  )
  const steps = Map.groupBy(names, (name) => places.get(name)?.index)
  if (steps.has(undefined) || steps.size < 2) return undefined
  const ordered = [...steps].toSorted(([one = 0], [other = 0]) => one - other)
  const waves = ordered.map(([, wave]) => wave.toSorted())
  const isNamed = waves.some((wave) => wave.length > 1 && environmentNamed(environments, wave.join('+')) !== undefined)
  return isNamed ? undefined : { waves, by }
}
