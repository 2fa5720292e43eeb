import * as z from 'zod'

/** Here Flagger asks whether to take the canary back: a yes does something, and no is the safe answer. */
export const ROLLBACK_HOOK = 'rollback'

/** Here Flagger asks before it begins with a version. */
export const CONFIRM_ROLLOUT_HOOK = 'confirm-rollout'

/** What Flagger may ask. With the others it asks before it goes on: before the pods start, before each raise, and before the promotion. */
export const HOOKS = [CONFIRM_ROLLOUT_HOOK, 'confirm-traffic-increase', 'confirm-promotion', ROLLBACK_HOOK] as const
export type Hook = (typeof HOOKS)[number]

/** The webhook by which Flagger tells what it does. It goes on whatever the answer is. */
export const EVENT_HOOK = 'event'

const Name = z.string().min(1).max(253)

/**
 * Of which Canary Flagger speaks (`CanaryWebhookPayload` in its pkg/apis/flagger/v1beta1). The metadata is what the Canary's author wrote.
 * `checksum`: of the pod template, ConfigMaps and Secrets that Flagger is at.
 */
export const HookPayload = z.object({
  name: Name,
  namespace: Name,
  checksum: z.string().min(1).max(100).optional(),
  metadata: z.object({ key: z.string().max(200), environment: Name.optional() }),
})
export type HookPayload = z.infer<typeof HookPayload>

/** What the `event` webhook tells. Flagger writes these fields over what the Canary's author wrote. `timestamp`: epoch milliseconds. */
export const EventPayload = HookPayload.extend({
  phase: z.string().min(1).max(40),
  metadata: HookPayload.shape.metadata.extend({
    eventMessage: z.string().max(10_000).optional(),
    timestamp: z
      .string()
      .regex(/^\d{10,14}$/)
      .optional(),
  }),
})
export type EventPayload = z.infer<typeof EventPayload>
