import * as z from 'zod'
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
  /** '' where nothing in Git says it. */
  namespace: z.string(),
  name: z.string(),
  /** The rollout, as commands name it. */
  rollout: z.string(),
  environments: z.array(z.string()),
  /** What people have stopped: the rollout itself, or one of its environments. */
  stops: z.array(KnownStop),
  /** Somebody asked to roll it back. `isSame`: its environments in Git are unchanged since then, so it is the same version. */
  aborted: z.object({ by: z.string().optional(), reason: z.string().optional(), isSame: z.boolean() }).optional(),
  /** The times in which the config allows no raises. */
  windows: z.array(z.object({ environment: z.string(), window: FreezeWindow })),
  /** How many people must approve the pull request that brought a version, by the config of its environments. */
  approvals: z.int(),
})
/** A Canary of Flagger that Git has, with what stops it. */
export type KnownCanary = z.infer<typeof KnownCanary>

/** All Canaries of a repository, as last read. It contains everything for an answer to Flagger except the time. */
export const Canaries = z.object({
  /** When Git was read, epoch milliseconds. */
  at: z.number(),
  known: z.array(KnownCanary),
  /** Deployed branches whose config is not valid, so that their Canaries are unknown. */
  unreadable: z.array(z.string()),
})
export type Canaries = z.infer<typeof Canaries>
