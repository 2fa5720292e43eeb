import { Task } from '../../flows/tasks/tasks.ts'
import type { WorkOptions } from '../../ports/jobs.ts'
import type { Meter } from '../../ports/meter.ts'

export const TASK_TYPES = Task.options.map(({ shape }) => shape.type.value)

const KNOWN: ReadonlySet<unknown> = new Set(TASK_TYPES)

/** Counts the jobs of the queue by their task and result. */
export function jobCounter(meter: Meter): NonNullable<WorkOptions['onEnd']> {
  return ({ data }, result, ms) => {
    // A job from another version of Perch may contain anything.
    const task = KNOWN.has(data['type']) ? String(data['type']) : 'unknown'
    meter.record('perch_jobs_total', { task, result })
    meter.record('perch_job_duration_seconds', { task }, ms / 1_000)
  }
}
