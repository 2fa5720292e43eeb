import { err, ok, type Result } from '../result.ts'
import type { Range, RangeAnswer } from './answer.ts'
import type { AnalysisPlan, SidePlan } from './plan.ts'
import type { CheckReason, ServerReason } from './report.ts'
import { timeOf } from './window.ts'

/** The values of one side, by point; only numbers. */
export interface Readings {
  readonly values: ReadonlyMap<number, number>
  /** Undefined if requests are not counted. */
  readonly requests: ReadonlyMap<number, number> | undefined
  readonly warnings: readonly string[]
}

export type Answers = readonly (RangeAnswer | undefined)[]

/** Prometheus answers for the requested moments, to the millisecond. */
const EXACT_MS = 1

/** With a larger difference, "after live" would be before live on that server. */
const MAX_CLOCK_OFF_MS = 60_000

/** The values of a side at the requested moments, or why they are unknown. */
export function readSide(plan: AnalysisPlan, side: SidePlan, answers: Answers): Result<Readings, CheckReason> {
  const values = readAll(plan, side.values, answers)
  if (!values.ok) return values
  const requests = side.requests === undefined ? undefined : readAll(plan, side.requests, answers)
  if (requests?.ok === false) return requests
  const warnings = [...values.value.warnings, ...(requests?.value.warnings ?? [])]
  return ok({ values: values.value.points, requests: requests?.value.points, warnings })
}

interface Read {
  readonly points: ReadonlyMap<number, number>
  readonly warnings: readonly string[]
}

function readAll(plan: AnalysisPlan, asked: readonly number[], answers: Answers): Result<Read, CheckReason> {
  const points = new Map<number, number>()
  const warnings: string[] = []
  for (const index of asked) {
    const read = readOne(plan, index, answers)
    if (!read.ok) return read
    for (const [point, value] of read.value.points) points.set(point, value)
    warnings.push(...read.value.warnings)
  }
  return ok({ points, warnings })
}

function readOne(plan: AnalysisPlan, index: number, answers: Answers): Result<Read, CheckReason> {
  const answer = soundAnswer(plan, index, answers)
  if (!answer.ok) return answer
  const [series = { points: [] }, ...others] = answer.value.series
  if (others.length > 0) return err({ code: 'several-series', count: answer.value.series.length })
  const numbers = series.points.filter(([, value]) => Number.isFinite(value))
  const points = new Map(numbers.map(([time, value]) => [pointAt(plan, time), value]))
  return ok({ points, warnings: answer.value.warnings })
}

type SoundAnswer = Pick<Extract<RangeAnswer, { ok: true }>, 'series' | 'warnings'>

/** The answer to one ask, if it is for the requested moments, with the warnings that matter. */
export function soundAnswer(
  { asks, now }: Pick<AnalysisPlan, 'asks' | 'now'>,
  index: number,
  answers: Answers,
): Result<SoundAnswer, ServerReason> {
  const answer = answers[index]
  const range = asks[index]?.range
  if (answer === undefined || range === undefined) return err({ code: 'unreachable', detail: '' })
  if (!answer.ok) {
    const { code, detail } = answer
    return err(code === 'unknown-server' ? { code, known: [] } : { code, detail })
  }
  const byMs = answer.clock === undefined ? 0 : answer.clock - now
  if (Math.abs(byMs) > MAX_CLOCK_OFF_MS) return err({ code: 'clock-off', byMs })
  const isAsked = answer.series.every(({ points }) => points.every(([time]) => isAskedFor(range, time)))
  if (!isAsked) return err({ code: 'outside-window' })
  return ok({ series: answer.series, warnings: answer.warnings.filter(isWarning) })
}

/** Whether a moment is one of the requested ones. */
function isAskedFor({ from, until, stepMs }: Range, time: number): boolean {
  const nearest = from + Math.round((time - from) / stepMs) * stepMs
  return Math.abs(nearest - time) <= EXACT_MS && time >= from - EXACT_MS && time <= until + EXACT_MS
}

function pointAt({ window }: AnalysisPlan, time: number): number {
  return Math.round((time - timeOf(window, 0)) / window.stepMs)
}

/**
 * Prometheus marks hints about the text of a query (for example the name of a counter) with a prefix. They do not affect the
 * answer.
 */
function isWarning(text: string): boolean {
  return !text.startsWith('PromQL info:')
}
