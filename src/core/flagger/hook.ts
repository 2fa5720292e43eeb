import { z } from 'zod'

/** What Flagger may ask before it goes on: before the pods start, before each raise, and before the promotion. */
export const CONFIRM_HOOKS = ['confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion'] as const
export type ConfirmHook = (typeof CONFIRM_HOOKS)[number]

const Name = z.string().min(1).max(253)

/** Of which Canary Flagger speaks (`CanaryWebhookPayload` in its pkg/apis/flagger/v1beta1). The metadata is what the Canary's author wrote. */
export const HookPayload = z.object({
  name: Name,
  namespace: Name,
  metadata: z.object({ key: z.string().max(200), environment: Name.optional() }),
})
export type HookPayload = z.infer<typeof HookPayload>
