/** Flagger's waiting for approvals of the pull request that brought a version. */
import * as z from 'zod'
import { CONFIRM_ROLLOUT_HOOK, type Hook, type HookPayload } from './hook.ts'

export const VersionApprovals = z.object({
  /** When GitHub was asked, epoch milliseconds. */
  at: z.number(),
  /** The pull request that brought the version. Undefined if there was none, or if it is unknown. */
  pull: z.int().optional(),
  /** At most as many as were wanted then. */
  has: z.int(),
})
export type VersionApprovals = z.infer<typeof VersionApprovals>

/** The current version in Git. */
export const NEWEST_VERSION = 'newest'

/**
 * Identifies the version of a question by Flagger's checksum. Undefined if Flagger is too old to send one (before 1.34).
 * `confirm-rollout` is about a version that Flagger has not started yet, but it still sends the checksum of the previous one
 * (`checkCanaryStatus` in its pkg/controller/scheduler.go).
 */
export function versionAsked(hook: Hook, { checksum }: Pick<HookPayload, 'checksum'>): string | undefined {
  if (hook === CONFIRM_ROLLOUT_HOOK) return NEWEST_VERSION
  return checksum === undefined ? undefined : `checksum ${checksum}`
}
