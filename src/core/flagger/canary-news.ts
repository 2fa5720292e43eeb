/** What Flagger tells of a Canary by its `event` webhook: for people to read, never for a gate. */
import * as z from 'zod'
import { clip } from '../text/limits.ts'
import type { EventPayload } from './hook.ts'

export const CanaryNews = z.object({
  /** Flagger's word, such as `Progressing`. */
  phase: z.string(),
  /** The share of the canary in percent, where Flagger named one since its rollout began. */
  weight: z.number().optional(),
  message: z.string(),
  /** By Flagger's clock, epoch milliseconds. */
  at: z.number(),
})
export type CanaryNews = z.infer<typeof CanaryNews>

const MAX_MESSAGE = 300

/** A clock that is ahead by more must not keep what is said later from being heard. */
const MAX_AHEAD_MS = 60_000

/** While a Canary is in one of these, its last weight still counts. */
const UNDER_WAY = ['Waiting', 'Progressing', 'WaitingPromotion']

/** What is known after an event of Flagger; undefined where the event is older than what is known. `now`: epoch milliseconds. */
export function newsAfter(
  known: CanaryNews | undefined,
  { phase, metadata: { eventMessage = '', timestamp } }: EventPayload,
  now: number,
): CanaryNews | undefined {
  const said = timestamp === undefined ? now : Number(timestamp)
  const at = said > now + MAX_AHEAD_MS ? now : said
  if (known !== undefined && at < known.at) return undefined
  const isBeginning = eventMessage.startsWith('New revision detected')
  const goesOn = UNDER_WAY.includes(phase) && known !== undefined && UNDER_WAY.includes(known.phase) && !isBeginning
  const weight = weightIn(eventMessage) ?? (goesOn ? known.weight : undefined)
  return { phase, ...(weight === undefined ? {} : { weight }), message: clip(eventMessage, MAX_MESSAGE), at }
}

/** `Advance web.shop canary weight 20` (Flagger's pkg/controller/scheduler.go). */
function weightIn(message: string): number | undefined {
  const [, weight] = /^Advance \S+ canary weight (\d{1,3})$/.exec(message) ?? []
  return weight === undefined || Number(weight) > 100 ? undefined : Number(weight)
}
