import * as z from 'zod'
import { TOOLS } from '../../core/policy/remark.ts'
import type { ClockLead } from '../../adapters/clock/clock.ts'
import type { ClaimedJob, Job } from '../../ports/jobs.ts'
import type { ProcessEnvironment } from '../env.ts'
import type { Sample } from '../../core/watch/families.ts'

/** Messages come from a thread of this process and not from outside, so their types are trusted. */
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

/** Name and version for people; absent if the tool is not installed, or while Perch looks for it. */
export const Tools = z.object({
  renderer: z.string().optional(),
  /** Perch is still looking for the optional tools. */
  isLooking: z.boolean().optional(),
  helm: z.string().optional(),
  validators: z.map(z.enum(TOOLS), z.string()),
})
export type Tools = z.infer<typeof Tools>

export const SamplesMessage = z.array(fromUs<Sample>())

export const Entries = z.map(z.string(), z.unknown())
