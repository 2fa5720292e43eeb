import * as z from 'zod'
import { TargetName } from '../rollout/target.ts'
import { FreezeWindow } from '../stop/window.ts'

const KnownStop = z.object({
  /** The environment whose raises it stops. Undefined if it stops only the rollout. */
  frozen: z.string().optional(),
  by: z.string().optional(),
  reason: z.string().optional(),
  until: z.number().optional(),
})
/** A hold, or the freeze of an environment. */
export type KnownStop = z.infer<typeof KnownStop>

const KnownCanary = z.object({
  /** '' if nothing in Git names it. */
  namespace: z.string(),
  name: z.string(),
  /** The name of the rollout in commands. */
  rollout: TargetName,
  environments: z.array(z.string()),
  /** The stops that people set, for the rollout or one of its environments. */
  stops: z.array(KnownStop),
  /**
   * Set if somebody asked to roll it back. `isSame`: its environments in Git have not changed since, so it is the same version.
   */
  aborted: z.object({ by: z.string().optional(), reason: z.string().optional(), isSame: z.boolean() }).optional(),
  /** The times in which the config allows no raises. */
  windows: z.array(z.object({ environment: z.string(), window: FreezeWindow })),
  /** The number of required approvals of the pull request that brought a version, from the config of its environments. */
  approvals: z.int(),
})
/** A Canary of Flagger in Git, with the stops for it. */
export type KnownCanary = z.infer<typeof KnownCanary>

/** All Canaries of a repository when it was last read. Together with the time, this is all that an answer to Flagger needs. */
export const Canaries = z.object({
  /** When Git was read, epoch milliseconds. */
  at: z.number(),
  known: z.array(KnownCanary),
  /** Deployed branches whose config is not valid, so that their Canaries are unknown. */
  unreadable: z.array(z.string()),
})
export type Canaries = z.infer<typeof Canaries>
