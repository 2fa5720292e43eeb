/** The reports of Flagger's `event` webhook about a Canary. They are for people, never for a gate. */
import * as z from 'zod'
import { clip } from '../text/limits.ts'
import type { EventPayload } from './hook.ts'

export const CanaryNews = z.object({
  /** Flagger's word, such as `Progressing`. */
  phase: z.string(),
  /** The canary's share in percent, if Flagger named one since the rollout began. */
  weight: z.number().optional(),
  message: z.string(),
  /** The time of the first event of its rollout, by Flagger's clock, in epoch milliseconds. */
  began: z.number(),
  /** The time of the last event, by Flagger's clock, in epoch milliseconds. */
  at: z.number(),
})
export type CanaryNews = z.infer<typeof CanaryNews>

const MAX_MESSAGE = 300

/** If a clock is ahead by more than this, its reports must not block later ones. */
const MAX_AHEAD_MS = 60_000

/** During these phases, the last weight of a Canary still counts. */
const UNDER_WAY = ['Waiting', 'Progressing', 'WaitingPromotion']
/** An event after one of these phases belongs to another rollout. */
const AT_REST: readonly string[] = ['Initializing', 'Initialized', 'Succeeded', 'Failed']

/** The news after an event of Flagger. Undefined if the event is older than the known news. `now`: epoch milliseconds. */
export function newsAfter(
  known: CanaryNews | undefined,
  { phase, metadata: { eventMessage = '', timestamp } }: EventPayload,
  now: number,
): CanaryNews | undefined {
  const at = momentOf(timestamp, now)
  if (known !== undefined && at < known.at) return undefined
  const isFirst = known === undefined || isBeginning(known, phase, eventMessage)
  const goesOn = !isFirst && UNDER_WAY.includes(phase) && UNDER_WAY.includes(known.phase)
  const weight = weightIn(eventMessage) ?? (goesOn ? known.weight : undefined)
  return {
    phase,
    ...(weight === undefined ? {} : { weight }),
    message: clip(eventMessage, MAX_MESSAGE),
    began: isFirst ? at : known.began,
    at,
  }
}

function momentOf(timestamp: string | undefined, now: number): number {
  const said = timestamp === undefined ? now : Number(timestamp)
  return said > now + MAX_AHEAD_MS ? now : said
}

/** Whether an event is the first of another rollout. */
function isBeginning(known: CanaryNews, phase: string, message: string): boolean {
  return message.startsWith('New revision detected') || (hasEnded(known) && !AT_REST.includes(phase))
}

function hasEnded(news: CanaryNews): boolean {
  return AT_REST.includes(news.phase) || canaryEnd(news) !== undefined
}

/** Whether there is a rollout to show: one that is running or has just ended. */
export function isOfRollout(news: CanaryNews): boolean {
  return !AT_REST.includes(news.phase) || canaryEnd(news) !== undefined
}

/** How a rollout of Flagger has ended. Undefined if it is still running, or there was none. */
export function canaryEnd({
  phase,
  message,
}: Pick<CanaryNews, 'phase' | 'message'>): 'promoted' | 'taken-back' | undefined {
  // Flagger sends this message with the previous phase, which is Finalising (pkg/controller/scheduler.go).
  if (phase === 'Succeeded' || message.startsWith('Promotion completed!')) return 'promoted'
  return phase === 'Failed' || message.startsWith('Canary failed!') ? 'taken-back' : undefined
}

/** A key that is equal for reports that look the same to people, whatever their time. */
export function newsKey({ phase, weight, message, began }: CanaryNews): string {
  return JSON.stringify([phase, weight, message, began])
}

/** `Advance web.shop canary weight 20` (Flagger's pkg/controller/scheduler.go). */
function weightIn(message: string): number | undefined {
  const [, weight] = /^Advance \S+ canary weight (\d{1,3})$/.exec(message) ?? []
  return weight === undefined || Number(weight) > 100 ? undefined : Number(weight)
}
