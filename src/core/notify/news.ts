/** Notifications about rollouts outside GitHub. */
import * as z from 'zod'

export const NEWS_EVENTS = ['started', 'live', 'waiting', 'failed', 'rolled-back', 'finished', 'frozen'] as const

export const News = z.object({
  event: z.enum(NEWS_EVENTS),
  environment: z.string(),
  /** Undefined if it is about all services of the environment. */
  service: z.string().optional(),
  /** The canary's share on the base branch, in percent. */
  share: z.number().optional(),
  /** The canary's version. */
  version: z.string().optional(),
  /** The pull request to look at. */
  pull: z.int().optional(),
  /** Why a rollout needs a person: to merge, to approve, to find out why a step is not live, or to do what Perch cannot do. */
  waitsFor: z.enum(['merge', 'approval', 'live', 'help']).optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
  /** When a freeze ends, epoch milliseconds. */
  until: z.number().optional(),
})
export type News = z.infer<typeof News>
