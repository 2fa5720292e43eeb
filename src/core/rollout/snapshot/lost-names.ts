import { isOfChart } from '../../chart/released-target.ts'
import { stopBranch, type StopScope } from '../../stop/stop.ts'
import type { Snapshot } from '../snapshot.ts'

/**
 * The environments and rollouts whose stops a change would lose, because it renames or removes them: holds and freezes belong to
 * names.
 */
export function lostNames(before: Snapshot, after: Snapshot): readonly StopScope[] {
  const renamed = new Map(after.environments.map(({ name, renamedTo = name }) => [name, renamedTo]))
  const merged = (scope: StopScope): string =>
    stopBranch({ ...scope, environment: renamed.get(scope.environment) ?? scope.environment })
  const kept = new Set([...environmentsIn(after), ...after.targets.map(scopeOf)].map(merged))
  // The chart of a rollout may not be rendered on both sides.
  const rollouts = before.targets.filter((target) => !isOfChart(target)).map(scopeOf)
  return [...environmentsIn(before), ...rollouts].filter((scope) => !kept.has(stopBranch(scope)))
}

function environmentsIn({ environments }: Snapshot): readonly StopScope[] {
  return environments.map(({ name }) => ({ environment: name }))
}

function scopeOf({ environment, service }: Required<StopScope>): StopScope {
  return { environment, service }
}
