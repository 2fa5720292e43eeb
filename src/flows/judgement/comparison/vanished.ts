import { leavesUnseen } from '../../../core/gate/leaving-owner.ts'
import { vanishedProblem } from '../../../core/problem/merge.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import { mayHaveTraffic, standingOf } from '../../../core/rollout/standing.ts'
import { sameRollouts, type Target } from '../../../core/rollout/target.ts'
import { isSplit } from '../../../core/traffic/route.ts'
import type { SnapshotPair } from './render.ts'

/**
 * Rollouts in progress that the pull request hides, so that nobody can judge where their traffic would go. A route that a
 * controller moves is removed with its controller, or stays and is gated, except for changes that no gate would see.
 */
export function vanished({ before, after }: SnapshotPair): readonly Problem[] {
  const left = after.snapshot.targets.filter(({ route }) => isSplit(route))
  const isLeft = (target: Target, environment: string): boolean =>
    sameRollouts(left, target).some(({ environments }) => environments.includes(environment))
  // The reason why a release is not rendered is reported separately.
  const unseen = new Set(after.snapshot.unrendered.flatMap(({ environments }) => environments))
  const isWhole = (target: Target): boolean =>
    target.environments.every((name) => unseen.has(name) || isLeft(target, name))
  return before.snapshot.targets
    .map(standingOf)
    .filter((standing) =>
      standing.phase === 'owned'
        ? leavesUnseen(standing.target, before.snapshot.targets, after.snapshot.targets)
        : mayHaveTraffic(standing) && !isWhole(standing.target),
    )
    .map(vanishedProblem)
}
