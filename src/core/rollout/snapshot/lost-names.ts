import { isOfChart } from '../../chart/released-target.ts'
import type { StopScope } from '../../stop/stop.ts'
import type { Snapshot } from '../snapshot.ts'

/**
 * The environments and rollouts that have another name after a change, or none. Holds and freezes belong to names, so they would
 * be lost.
 */
export function lostNames(before: Snapshot, after: Snapshot): readonly StopScope[] {
  const environments = new Set(after.environments.map(({ name }) => name))
  const isNamed = ({ environment, service }: Required<StopScope>): boolean =>
    after.targets.some((target) => target.environment === environment && target.service === service)
  return [
    ...before.environments.flatMap(({ name }) => (environments.has(name) ? [] : [{ environment: name }])),
    ...before.targets
      // Its chart may not be rendered on both sides.
      .filter((target) => !isOfChart(target) && !isNamed(target))
      .map(({ environment, service }) => ({ environment, service })),
  ]
}
