import { err, ok, type Result } from '../result.ts'
import type { Refusal } from '../message/refusal.ts'
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
  const named = targets.filter((target) => isNamed(target, wish))
  const sharing = targets.find((target) => isShared(target, wish))
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
    const known = targets.map((target) => targetName(target))
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

function isNamed(target: Target, { service, environment }: Wish): boolean {
  return isService(target, service) && (environment === undefined || target.environment === environment)
}

/** The environment is named, but its weights live in a file that others use too: changing it changes all of them. */
function isShared(target: Target, { service, environment }: Wish): boolean {
  return isService(target, service) && environment !== undefined && target.environments.includes(environment)
}

function isService(target: Target, service: string | undefined): boolean {
  return service === undefined || target.service === service || target.route.name === service
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
