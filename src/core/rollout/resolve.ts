import { err, ok, type Result } from '../result.ts'
import type { Refusal } from '../message/refusal.ts'
import { withCanary } from '../traffic/start.ts'
import { type Target, targetName } from './target.ts'

/** What a command names, and what the pull request is about. */
export interface Wish {
  readonly service: string | undefined
  readonly environment: string | undefined
  /** The paths that the pull request changes. */
  readonly changed: readonly string[]
}

/**
 * The one target that a command means. What is named must match; among several that do, the one that the pull request
 * touches is meant: by its environment's files, then by the folder of its route. Anything else is a question back.
 */
export function resolveTarget(targets: readonly Target[], wish: Wish): Result<Target, Refusal> {
  const called = callable(targets, wish.service)
  const named = called.filter((target) => wish.environment === undefined || target.environment === wish.environment)
  const sharing = called.find((target) => isShared(target, wish))
  if (named.length === 0 && sharing?.patched !== undefined) return ok(sharing)
  if (named.length === 0 && sharing !== undefined) {
    const { environments, route, environment } = sharing
    return err({
      code: 'shared-file',
      asked: wish.environment ?? '',
      file: route.place.file,
      environments,
      all: environment,
    })
  }
  if (named.length === 0) {
    const known = targets.filter(isReady).map((target) => targetName(target))
    return err({ code: 'no-service', asked: wish.service, environment: wish.environment, known })
  }
  const changed = new Set(wish.changed)
  const folders = new Set(wish.changed.map(folderOf))
  const narrowings: readonly ((target: Target) => boolean)[] = [
    () => true,
    (target) => target.neighbours.some(({ file }) => changed.has(file)),
    (target) => folders.has(folderOf(target.route.place.file)),
  ]
  let left = named
  for (const keep of narrowings) {
    const kept = left.filter(keep)
    if (kept.length > 0) left = kept
    const [only] = left
    if (left.length === 1 && only !== undefined) return ok(only)
  }
  return err({ code: 'ambiguous', choices: left.map((target) => `${target.service} --env ${target.environment}`) })
}

/** Those of a name, the closest first: its own, then its route's and its roots'. Unnamed, those that can be moved as they are. */
function callable(targets: readonly Target[], service: string | undefined): readonly Target[] {
  const ready = targets.filter(isReady)
  if (service === undefined) return ready.length > 0 ? ready : targets
  const own = targets.filter((target) => target.service === service)
  return own.length > 0 ? own : targets.filter(({ aliases }) => aliases.includes(service))
}

/** Whether it splits its traffic, or says enough to begin. */
function isReady({ route, neighbours }: Target): boolean {
  return withCanary(route, neighbours).ok
}

/** The environment is named, but its weights live in a file that others use too: changing it changes all of them. */
function isShared({ environments }: Target, { environment }: Wish): boolean {
  return environment !== undefined && environments.includes(environment)
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
