import { err, ok, type Result } from '../result.ts'
import { parentOf } from '../environment/tree.ts'
import { withCanary } from '../traffic/start.ts'
import { versionObjects } from '../traffic/version.ts'
import { isBlueGreen, type Target, targetName } from './target.ts'
import type { Refusal } from '../refusal/refusal.ts'

/** The parts of a rollout that a command names. Perch derives missing parts, or asks. */
export interface RolloutQuery {
  readonly service: string | undefined
  readonly environment: string | undefined
  /** If no service is named, blue/green services are preferred (true), or all others (false). */
  readonly isSwitch?: boolean
}

/**
 * Targets that one command changes together. `alone`: the only environments to change, if the command names some of those that
 * share a target.
 */
export interface TargetChoice {
  readonly targets: readonly Target[]
  readonly alone: readonly string[] | undefined
}

/**
 * Finds the target of a command. Named parts must match. If several targets match, Perch takes the one that the pull request
 * touches: by the files of its environments, then by its own file, then by the files that set its versions, then by the folder of
 * its route. Otherwise Perch asks. `changes`: the paths that the pull request changes.
 */
export function resolve(
  targets: readonly Target[],
  query: RolloutQuery,
  changes: readonly string[],
): Result<TargetChoice, Refusal> {
  const called = candidatesFor(targets, query)
  const named = inEnvironment(called, query.environment)
  if (named.length === 0) {
    const known = targets.filter(isReady).map((target) => targetName(target))
    return err({ code: 'no-service', asked: query.service, environment: query.environment, known })
  }
  const changed = new Set(changes)
  const folders = new Set(changes.map(parentOf))
  const narrowings: readonly ((target: Target) => boolean)[] = [
    () => true,
    (target) => isTouched(target, changed),
    (target) => changed.has(target.object.file),
    ({ route, neighbours }) => versionObjects(route, neighbours).some(({ file }) => changed.has(file)),
    (target) => folders.has(parentOf(target.route.place.file)),
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

/** The refusal if an environment has one name several times, so that no command can tell the rollouts apart. */
function listedTwice(targets: readonly Target[]): Refusal | undefined {
  const [first] = targets
  if (first === undefined || new Set(targets.map(targetName)).size > 1) return undefined
  const files = [...new Set(targets.map(({ route }) => route.place.file))]
  return { code: 'listed-twice', service: first.service, environment: first.environment, files }
}

/** Perch's question if several rollouts match. It offers `all` if they are one service in several environments. */
export function ambiguous(targets: readonly Target[], query?: RolloutQuery): Extract<Refusal, { code: 'ambiguous' }> {
  const services = new Set(targets.map(({ service }) => service))
  const isForAll = query !== undefined && query.environment === undefined && services.size === 1
  const all = isForAll ? [...services].map((service) => ({ service, environment: 'all' })) : []
  return {
    code: 'ambiguous',
    choices: [...targets.map(({ service, environment }) => ({ service, environment })), ...all],
  }
}

/** The first wave of a service that moves in waves, unless the command says more. */
function firstWave(left: readonly (readonly Target[])[]): readonly Target[] | undefined {
  const services = new Set(left.flat().map(({ service }) => service))
  const inWaves = left.every((group) => group.every(({ settings }) => settings.wave !== undefined))
  if (services.size !== 1 || !inWaves) return undefined
  const indexOf = ([first]: readonly Target[]): number => first?.settings.wave?.index ?? 0
  return left.toSorted((one, other) => indexOf(one) - indexOf(other))[0]
}

/** Groups the targets of each wave. Every other target is a group of its own. */
function byWave(targets: readonly Target[]): readonly (readonly Target[])[] {
  const groups = Map.groupBy(targets, (target) => {
    const { wave } = target.settings
    return wave === undefined ? target : JSON.stringify([target.service, wave.index])
  })
  return [...groups.values()]
}

/**
 * The targets that an environment's name means: each target of that environment by itself, those of a wave together, and for
 * `all` those of each service together.
 */
function inEnvironment(targets: readonly Target[], environment: string | undefined): readonly (readonly Target[])[] {
  if (environment === undefined) return byWave(targets)
  const exact = targets.filter((target) => target.environment === environment)
  if (exact.length > 0) return exact.map((target) => [target])
  const ofWave = targets.filter(({ settings }) => settings.wave?.name === environment)
  if (ofWave.length > 0) return byWave(ofWave)
  if (environment === 'all') return [...Map.groupBy(targets, ({ service }) => service).values()]
  return targets.filter(({ environments }) => environments.includes(environment)).map((target) => [target])
}

/** The environments that a command names, by their own name or that of their wave. Undefined if it means the targets as they are. */
function aloneFor(targets: readonly Target[], { environment }: RolloutQuery): readonly string[] | undefined {
  if (environment === undefined || targets.some((target) => target.environment === environment)) return undefined
  const named = targets.flatMap(({ environments, settings: { wave } }) => {
    const own = wave?.name === environment ? wave.all[wave.index] : [environment]
    return environments.filter((name) => own?.includes(name))
  })
  return named.length === 0 ? undefined : named
}

/**
 * The targets that a name means. The name of a service comes before that of a route or its root. Without a name, the targets that
 * can be moved as they are.
 */
function candidatesFor(targets: readonly Target[], { service, isSwitch = false }: RolloutQuery): readonly Target[] {
  const ready = targets.filter(isReady)
  if (service === undefined) {
    const kind = ready.filter((target) => isBlueGreen(target) === isSwitch)
    return [kind, ready].find((some) => some.length > 0) ?? targets
  }
  const own = targets.filter((target) => target.service === service)
  return own.length > 0 ? own : targets.filter(({ aliases }) => aliases.includes(service))
}

/**
 * Whether it splits its traffic, or has what is needed to begin. A rollout that a controller moves counts too, because it has a
 * refusal of its own.
 */
function isReady({ route, neighbours, owner }: Target): boolean {
  return owner !== undefined || withCanary(route, neighbours).ok
}

/** Whether the pull request changes a file of its environments. */
export function isTouched({ layout, environments }: Target, changed: ReadonlySet<string>): boolean {
  const own = new Set(environments)
  return layout.environments.some(({ name, files }) => own.has(name) && files.some((file) => changed.has(file)))
}
