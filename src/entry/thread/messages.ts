import * as z from 'zod'
import { TOOLS } from '../../core/policy/remark.ts'
import type { ClockLead } from '../../adapters/clock/clock.ts'
import type { ClaimedJob, Job } from '../../ports/jobs.ts'
import type { ProcessEnvironment } from '../env.ts'
import type { Sample } from '../../core/watch/families.ts'

/** Comes from a thread of this process and not from outside, so the sender's types are trusted. */
function fromUs<T>(): z.ZodType<T> {
  return z.custom<T>((value) => typeof value === 'object' && value !== null)
}

export const ThreadStart = z.object({
  env: fromUs<ProcessEnvironment>(),
  logLevel: z.string(),
  lead: fromUs<ClockLead>(),
})
export type ThreadStart = z.infer<typeof ThreadStart>

export const JobMessage = fromUs<Job>()
export const ClaimedMessage = fromUs<ClaimedJob>()

/** With name and version, for people; absent where it is not installed, or while it is looked for. */
export const Tools = z.object({
  renderer: z.string().optional(),
  /** Which others there are is not known yet. */
  isLooking: z.boolean().optional(),
  helm: z.string().optional(),
  validators: z.map(z.enum(TOOLS), z.string()),
})
export type Tools = z.infer<typeof Tools>

export const SamplesMessage = z.array(fromUs<Sample>())

export const Entries = z.map(z.string(), z.unknown())
