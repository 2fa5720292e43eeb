import { isOfChart } from '../../chart/released-target.ts'
import type { StopScope } from '../../stop/stop.ts'
import type { Snapshot } from '../snapshot.ts'
import { targetName } from '../target.ts'

/**
 * The environments and rollouts that have another name after a change, or none. Holds and freezes belong to names, so they would
 * be lost.
 */
export function lostNames(before: Snapshot, after: Snapshot): readonly StopScope[] {
  const environments = new Set(after.environments.map(({ name }) => name))
  const rollouts = new Set(after.targets.map(targetName))
  return [
    ...before.environments.flatMap(({ name }) => (environments.has(name) ? [] : [{ environment: name }])),
    ...before.targets
      // Its chart may not be rendered on both sides.
      .filter((target) => !isOfChart(target) && !rollouts.has(targetName(target)))
      .map(({ environment, service }) => ({ environment, service })),
  ]
}
