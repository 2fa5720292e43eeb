import { environmentNamed, parentOfEnvironment } from '../../../core/environment/environment.ts'
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
  const isLeft = leftIn(after)
  // The reason why a release is not rendered is reported separately. A chart that deploys others has no routes of its own.
  const renders = after.snapshot.unrendered.filter(({ cause }) => cause.kind !== 'parent-not-rendered')
  const unseen = new Set(renders.flatMap(({ environments }) => environments))
  const isWhole = (target: Target): boolean =>
    target.environments.every((name) => unseen.has(name) || isLeft(target, name))
  const isGone = (name: string): boolean => environmentNamed(after.snapshot.environments, name) === undefined
  return before.snapshot.targets
    .map(standingOf)
    .filter((standing) =>
      standing.phase === 'owned'
        ? leavesUnseen(standing.target, before.snapshot.targets, after.snapshot.targets)
        : mayHaveTraffic(standing) && !isWhole(standing.target),
    )
    .map((standing) => vanishedProblem(standing, standing.target.environments.find(isGone)))
}

/**
 * Charts that the pull request breaks, and that deploy rollouts. Without these charts nobody sees the rollouts, so no gate would stop
 * the next pull request that raises a canary, whatever its share is now.
 */
export function hidingParents({ before, after }: SnapshotPair): readonly Problem[] {
  const known = new Set(before.snapshot.unrendered.flatMap((problem) => brokenParent(problem) ?? []))
  const broken = after.snapshot.unrendered.filter((problem) => !known.has(brokenParent(problem) ?? ''))
  const isThere = leftIn(after)
  const isLeft = (target: Target, name: string): boolean => isThere(target, name) && hasDeployer(after, name)
  const hidden = before.snapshot.targets
    .filter(({ route }) => isSplit(route))
    .flatMap((target) => target.environments.filter((name) => !isLeft(target, name)))
  const files = new Set(
    hidden.flatMap((name) => {
      const environment = environmentNamed(before.snapshot.environments, name)
      return (environment && parentOfEnvironment(environment)?.files) ?? []
    }),
  )
  return broken.filter(
    ({ cause }) => cause.kind === 'parent-not-rendered' && cause.files.some((file) => files.has(file)),
  )
}

/** A config can name a folder that nothing deploys. Then its build is a guess, with the chart's own values. */
function hasDeployer({ snapshot }: SnapshotPair['after'], name: string): boolean {
  const { release, deployer, deliveries = [] } = environmentNamed(snapshot.environments, name) ?? {}
  return release === undefined ? deployer !== undefined : deliveries.length > 0
}

function brokenParent({ cause }: Problem): string | undefined {
  return cause.kind === 'parent-not-rendered' ? cause.folder : undefined
}

/** Whether a rollout is still there in an environment. */
function leftIn({ snapshot }: SnapshotPair['after']): (target: Target, environment: string) => boolean {
  const left = snapshot.targets.filter(({ route }) => isSplit(route))
  return (target, environment) =>
    sameRollouts(left, target).some(({ environments }) => environments.includes(environment))
}
