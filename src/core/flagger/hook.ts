import * as z from 'zod'

/** Flagger asks whether to roll the canary back. Only a yes has an effect, so no is the safe answer. */
export const ROLLBACK_HOOK = 'rollback'

/** Flagger asks before it begins with a version. */
export const CONFIRM_ROLLOUT_HOOK = 'confirm-rollout'

/**
 * Flagger's questions. With all of them except `rollback`, it asks before it continues: before the pods start, before each raise,
 * and before the promotion.
 */
export const HOOKS = [CONFIRM_ROLLOUT_HOOK, 'confirm-traffic-increase', 'confirm-promotion', ROLLBACK_HOOK] as const
export type Hook = (typeof HOOKS)[number]

/** The webhook with which Flagger reports what it does. It continues whatever the answer is. */
export const EVENT_HOOK = 'event'

const Name = z.string().min(1).max(253)

/**
 * The Canary in a webhook's body (`CanaryWebhookPayload` in Flagger's pkg/apis/flagger/v1beta1). The author of the Canary wrote
 * the metadata. `checksum`: that of the pod template, ConfigMaps and Secrets which Flagger currently handles.
 */
export const HookPayload = z.object({
  name: Name,
  namespace: Name,
  checksum: z.string().min(1).max(100).optional(),
  metadata: z.object({ key: z.string().max(200), environment: Name.optional() }),
})
export type HookPayload = z.infer<typeof HookPayload>

/** The body of the `event` webhook. Flagger overwrites these fields of the author's metadata. `timestamp`: epoch milliseconds. */
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
