import { problemRefusal } from '../refusal/unreadable.ts'
import { err, ok, type Result } from '../result.ts'
import { narrowed } from './read-target.ts'
import { resolve, type RolloutQuery } from './resolve.ts'
import type { Snapshot } from './snapshot.ts'
import type { Target } from './target.ts'
import type { Refusal } from '../refusal/refusal.ts'

/**
 * The targets that a command means in a snapshot: one, or with `--env all` those of a service in every environment. Several
 * environments are never changed unasked. A route that is not found may be in a file that cannot be read: then that is said.
 */
export function findTargets(
  snapshot: Snapshot,
  query: RolloutQuery,
  changes: readonly string[],
): Result<readonly Target[], Refusal> {
  const found = resolve(snapshot.targets, query, changes)
  const [problem] = snapshot.problems
  if (!found.ok)
    return problem === undefined || found.error.code !== 'no-service' ? found : err(problemRefusal(problem))
  const { targets, alone } = found.value
  if (alone !== undefined) return ok(targets.map((target) => narrowed(snapshot.config, target, [alone])))
  const shared = targets.find(({ environments }) => environments.length > 1)
  if (query.environment !== undefined || shared === undefined) return ok(targets)
  const { service, environment, environments, route } = shared
  return err({ code: 'shared-file', service, file: route.place.file, environments, all: environment })
}
