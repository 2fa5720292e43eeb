import * as z from 'zod'

/** Flagger asks whether to roll the canary back. A yes has an effect, so no is the safe answer. */
export const ROLLBACK_HOOK = 'rollback'

/** Here Flagger asks before it begins with a version. */
export const CONFIRM_ROLLOUT_HOOK = 'confirm-rollout'

/**
 * The questions of Flagger. With all but `rollback` it asks before it continues: before the pods start, before each raise, and before the
 * promotion.
 */
export const HOOKS = [CONFIRM_ROLLOUT_HOOK, 'confirm-traffic-increase', 'confirm-promotion', ROLLBACK_HOOK] as const
export type Hook = (typeof HOOKS)[number]

/** The webhook in which Flagger reports what it does. It continues whatever the answer is. */
export const EVENT_HOOK = 'event'

const Name = z.string().min(1).max(253)

/**
 * The Canary of a webhook (`CanaryWebhookPayload` in Flagger's pkg/apis/flagger/v1beta1). The author of the Canary wrote the metadata.
 * `checksum`: of the pod template, ConfigMaps and Secrets that Flagger is at.
 */
export const HookPayload = z.object({
  name: Name,
  namespace: Name,
  checksum: z.string().min(1).max(100).optional(),
  metadata: z.object({ key: z.string().max(200), environment: Name.optional() }),
})
export type HookPayload = z.infer<typeof HookPayload>

/** The payload of the `event` webhook. Flagger overwrites these fields of the author's metadata. `timestamp`: epoch milliseconds. */
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
