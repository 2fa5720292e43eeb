import { problemRefusal } from '../message/problem.ts'
import type { Refusal } from '../message/refusal.ts'
import { err, type Result } from '../result.ts'
import { resolveTarget, type Wish } from './resolve.ts'
import type { Snapshot } from './snapshot.ts'
import type { Target } from './target.ts'

/** The target that a command means in a snapshot. A route that is not found may be in a file that cannot be read: then that is said. */
export function findTarget(snapshot: Snapshot, wish: Wish): Result<Target, Refusal> {
  const target = resolveTarget(snapshot.targets, wish)
  const [problem] = snapshot.problems
  if (target.ok || problem === undefined || target.error.code !== 'no-service') return target
  return err(problemRefusal(problem))
}
