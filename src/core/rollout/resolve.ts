import { err, ok, type Result } from '../result.ts'
import { withCanary } from '../traffic/start.ts'
import { versionObjects } from '../traffic/version.ts'
import { isBlueGreen, type Target, targetName } from './target.ts'
import type { Refusal } from '../refusal/refusal.ts'

/** The parts of a rollout that a command names. Missing parts are derived, or Perch asks. */
export interface RolloutQuery {
  readonly service: string | undefined
  readonly environment: string | undefined
  /** Where no service is named, those of this kind are meant before others. */
  readonly isSwitch?: boolean
}

/** Targets that one command changes together, and the only environment that it is to change them in, where it names one of several. */
export interface TargetChoice {
  readonly targets: readonly Target[]
  readonly alone: string | undefined
}

/**
 * Finds the target of a command. Named parts must match. If several match, the one that the pull request touches is meant: by its
 * environment's files, then by its own file, then by the files that set its versions, then by the folder of its route. Otherwise
 * Perch asks. `changes`: the paths that the pull request changes.
 */
export function resolve(
  targets: readonly Target[],
  query: RolloutQuery,
  changes: readonly string[],
): Result<TargetChoice, Refusal> {
  const called = callable(targets, query)
  const named = inEnvironment(called, query.environment)
  if (named.length === 0) {
    const known = targets.filter(isReady).map((target) => targetName(target))
    return err({ code: 'no-service', asked: query.service, environment: query.environment, known })
  }
  const changed = new Set(changes)
  const folders = new Set(changes.map(folderOf))
  const narrowings: readonly ((target: Target) => boolean)[] = [
    () => true,
    (target) => isTouched(target, changed),
    (target) => changed.has(target.object.file),
    ({ route, neighbours }) => versionObjects(route, neighbours).some(({ file }) => changed.has(file)),
    (target) => folders.has(folderOf(target.route.place.file)),
  ]
  let left = named
  for (const keep of narrowings) {
    const kept = left.filter((together) => together.some(keep))
    if (kept.length > 0) left = kept
    const [only] = left
    if (left.length === 1 && only !== undefined) return ok({ targets: only, alone: aloneFor(only, query) })
  }
  const wave = firstWave(left)
  if (wave !== undefined) return ok({ targets: wave, alone: undefined })
  return err(listedTwice(left.flat()) ?? ambiguous(left.flat(), query))
}

/** No name tells apart what one environment has several times. */
function listedTwice(targets: readonly Target[]): Refusal | undefined {
  const [first] = targets
  if (first === undefined || new Set(targets.map(targetName)).size > 1) return undefined
  const files = [...new Set(targets.map(({ route }) => route.place.file))]
  return { code: 'listed-twice', service: first.service, environment: first.environment, files }
}

/** The question back, where several rollouts fit; one service in several environments may be meant in all of them. */
export function ambiguous(targets: readonly Target[], query?: RolloutQuery): Extract<Refusal, { code: 'ambiguous' }> {
  const services = new Set(targets.map(({ service }) => service))
  const isForAll = query !== undefined && query.environment === undefined && services.size === 1
  const all = isForAll ? [...services].map((service) => ({ service, environment: 'all' })) : []
  return {
    code: 'ambiguous',
    choices: [...targets.map(({ service, environment }) => ({ service, environment })), ...all],
  }
}

/** Of a service that moves in waves the first wave is meant, where nothing says which. */
function firstWave(left: readonly (readonly Target[])[]): readonly Target[] | undefined {
  const services = new Set(left.flat().map(({ service }) => service))
  const inWaves = left.every((group) => group.every(({ settings }) => settings.wave !== undefined))
  if (services.size !== 1 || !inWaves) return undefined
  const indexOf = ([first]: readonly Target[]): number => first?.settings.wave?.index ?? 0
  return left.toSorted((one, other) => indexOf(one) - indexOf(other))[0]
}

/** Each target by itself, those of one wave together. */
function byWave(targets: readonly Target[]): readonly (readonly Target[])[] {
  const groups = Map.groupBy(targets, (target) => {
    const { wave } = target.settings
    return wave === undefined ? target : JSON.stringify([target.service, wave.index])
  })
  return [...groups.values()]
}

/** The targets of an environment, each by itself; of a wave together; of `all`, those of a service together. */
function inEnvironment(targets: readonly Target[], environment: string | undefined): readonly (readonly Target[])[] {
  if (environment === undefined) return byWave(targets)
  const exact = targets.filter((target) => target.environment === environment)
  if (exact.length > 0) return exact.map((target) => [target])
  const ofWave = targets.filter(({ settings }) => settings.wave?.name === environment)
  if (ofWave.length > 0) return byWave(ofWave)
  if (environment === 'all') return [...Map.groupBy(targets, ({ service }) => service).values()]
  return targets.filter(({ environments }) => environments.includes(environment)).map((target) => [target])
}

function aloneFor(targets: readonly Target[], { environment }: RolloutQuery): string | undefined {
  const isPart = targets.some((target) => target.environment !== environment && target.environments.length > 1)
  return environment === undefined || environment === 'all' || !isPart ? undefined : environment
}

/** Those of a name, the closest first: its own, then its route's and its roots'. Unnamed, those that can be moved as they are. */
function callable(targets: readonly Target[], { service, isSwitch = false }: RolloutQuery): readonly Target[] {
  const ready = targets.filter(isReady)
  if (service === undefined) {
    const kind = ready.filter((target) => isBlueGreen(target) === isSwitch)
    return [kind, ready].find((some) => some.length > 0) ?? targets
  }
  const own = targets.filter((target) => target.service === service)
  return own.length > 0 ? own : targets.filter(({ aliases }) => aliases.includes(service))
}

/** Whether it splits its traffic, or says enough to begin; what a controller moves is for its own refusal. */
function isReady({ route, neighbours, owner }: Target): boolean {
  return owner !== undefined || withCanary(route, neighbours).ok
}

/** Whether the pull request changes a file of its environments. */
export function isTouched({ layout, environments }: Target, changed: ReadonlySet<string>): boolean {
  const own = new Set(environments)
  return layout.environments.some(({ name, files }) => own.has(name) && files.some((file) => changed.has(file)))
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
