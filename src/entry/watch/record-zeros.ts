import { EVENTS } from '../edge/webhook-events.ts'
import type { Meter } from '../../ports/meter.ts'
import { TASK_TYPES } from './count-jobs.ts'

/**
 * Counters that alerts use start at 0, because Prometheus does not see the first increase of a counter that did not exist before.
 */
export function recordZeros(meter: Meter): void {
  for (const event of [...Object.keys(EVENTS), 'other'])
    for (const result of ['accepted', 'failed', 'refused']) meter.record('perch_deliveries_total', { event, result }, 0)
  for (const task of TASK_TYPES) meter.record('perch_jobs_total', { task, result: 'given-up' }, 0)
  for (const cause of ['failed', 'command', 'restart']) meter.record('perch_rollbacks_total', { cause }, 0)
  for (const level of ['warn', 'error', 'fatal']) meter.record('perch_log_lines_total', { level }, 0)
}
