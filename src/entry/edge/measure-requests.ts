import type { IncomingMessage } from 'node:http'
import { isRecord } from '../../core/manifest/data.ts'
import { type Meter, UNWATCHED } from '../../ports/meter.ts'
import type { Answer } from './http.ts'

interface Watched {
  readonly meter?: Meter
  readonly events: ReadonlySet<string>
}

/** Counts a webhook by its event and answer. Anyone can send any event name, so all unknown names are counted as one. */
export async function measureDelivery(
  { meter = UNWATCHED, events }: Watched,
  { headers }: Pick<IncomingMessage, 'headers'>,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const named = String(headers['x-github-event'] ?? '')
  const event = events.has(named) || named === 'ping' ? named : 'other'
  const started = performance.now()
  return measured(work, (answer) => {
    meter.record('perch_deliveries_total', { event, result: resultOf(answer) })
    meter.record('perch_delivery_duration_seconds', {}, (performance.now() - started) / 1_000)
  })
}

export async function measureReport(
  { meter = UNWATCHED }: Watched,
  source: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  return measured(work, (answer) => meter.record('perch_reports_total', { source, result: resultOf(answer) }))
}

/** Counts Flagger's questions by the answer that it got. */
export async function measureHook(
  { meter = UNWATCHED }: Watched,
  hook: string,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const answerOf = (answer: Answer | undefined): string => {
    if (answer?.status === 200) return 'go'
    return answer?.status === 403 ? 'stop' : resultOf(answer)
  }
  return measured(work, (answer) => meter.record('perch_flagger_hooks_total', { hook, answer: answerOf(answer) }))
}

async function measured(work: () => Promise<Answer>, tell: (answer: Answer | undefined) => void): Promise<Answer> {
  let answer: Answer | undefined
  try {
    answer = await work()
    return answer
  } finally {
    tell(answer)
  }
}

/** Undefined: the request was cut off, or could not be answered. */
function resultOf(answer: Answer | undefined): string {
  if (answer === undefined || answer.status >= 500) return 'failed'
  if (answer.status >= 400) return 'refused'
  return isRecord(answer.body) && 'accepted' in answer.body ? 'accepted' : 'ignored'
}
