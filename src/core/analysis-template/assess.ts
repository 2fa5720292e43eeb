import type { AnalysisOutcome } from '../analysis/report.ts'
import { timeOf } from '../analysis/window.ts'
import type { MeasuredMetric, MetricReason } from './measured.ts'
import type { MeasuredPoint } from './measure-metric.ts'
import { isEndless } from './metric.ts'
import type { MetricPlan } from './plan.ts'

/** The outcome of a metric, from its measurements in their order. */
export interface Assessment {
  readonly outcome: AnalysisOutcome
  readonly reason: MetricReason | undefined
  readonly isDone: boolean
  readonly counts: MeasuredMetric['counts']
  /** The points that count: nothing is measured after a metric is done. */
  readonly points: readonly MeasuredPoint[]
}

/** The measurements so far. */
interface Tally {
  readonly failed: number[]
  readonly inconclusive: number[]
  successful: number
  error: number
  /** The current number of errors in a row. */
  errorsInRow: number
  successesInRow: number
  /** At the end of the bake or later, the last measurements had no answer. A later answer resets this. */
  isBlind: boolean
}

type End = Pick<Assessment, 'outcome' | 'reason'>

/**
 * Goes through a metric's measurements like Argo Rollouts. Argo Rollouts gives up after errors in a row. Here measuring continues: the
 * config sets the result of errors, and by default they wait.
 */
export function assess(own: MetricPlan, points: readonly MeasuredPoint[]): Assessment {
  const tally: Tally = {
    failed: [],
    inconclusive: [],
    successful: 0,
    error: 0,
    errorsInRow: 0,
    successesInRow: 0,
    isBlind: false,
  }
  for (const [index, point] of points.entries()) {
    count(tally, own, point)
    const end = endOf(tally, own)
    if (end !== undefined) return { ...end, isDone: true, counts: countsOf(tally), points: points.slice(0, index + 1) }
  }
  return { ...soFar(tally, own, points), counts: countsOf(tally), points }
}

function count(tally: Tally, { metric, window }: MetricPlan, { number, verdict }: MeasuredPoint): void {
  tally.errorsInRow = verdict === 'error' ? tally.errorsInRow + 1 : 0
  tally.successesInRow = verdict === 'successful' ? tally.successesInRow + 1 : 0
  if (verdict === 'failed' || verdict === 'inconclusive') tally[verdict].push(number)
  else tally[verdict] += 1
  // After the bake of a metric without a count, missing answers do not undo a result.
  if (verdict !== 'error') tally.isBlind = false
  else if (!isEndless(metric) || number <= window.bakePoints)
    tally.isBlind = tally.errorsInRow > metric.consecutiveErrorLimit
}

function countsOf({ successful, failed, inconclusive, error }: Tally): MeasuredMetric['counts'] {
  return { successful, failed: failed.length, inconclusive: inconclusive.length, error }
}

/** The final result of a metric. Undefined while it is still measured. */
function endOf(tally: Tally, own: MetricPlan): End | undefined {
  const { failureLimit, inconclusiveLimit, consecutiveSuccessLimit, count: wanted, intervalMs } = own.metric
  if (failureLimit !== undefined && isOver(tally.failed, failureLimit, own))
    return { outcome: 'fail', reason: { code: 'over-limit', limit: failureLimit } }
  if (isOver(tally.inconclusive, inconclusiveLimit, own))
    return { outcome: 'inconclusive', reason: { code: 'over-limit', limit: inconclusiveLimit } }
  const pass = { outcome: 'pass', reason: undefined } as const
  if (consecutiveSuccessLimit > 0 && tally.successesInRow >= consecutiveSuccessLimit) return pass
  const needed = intervalMs === undefined ? 1 : wanted
  if (needed === undefined || answered(tally) < needed) return undefined
  if (consecutiveSuccessLimit === 0) return pass
  // There were not enough successes in a row. That is a failure only if this is the only limit.
  const outcome = failureLimit === undefined ? 'fail' : 'inconclusive'
  return { outcome, reason: { code: 'few-in-row', wanted: consecutiveSuccessLimit } }
}

function answered({ successful, failed, inconclusive }: Tally): number {
  return successful + failed.length + inconclusive.length
}

/**
 * For a metric without a count, whether there are more than the limit in any period as long as the bake. A longer wait does not make
 * the limit stricter.
 */
function isOver(numbers: readonly number[], limit: number, { metric, window }: MetricPlan): boolean {
  const last = numbers.at(-1)
  const first = numbers.at(-1 - limit)
  if (last === undefined || first === undefined || numbers.length <= limit) return false
  return !isEndless(metric) || last - first < window.bakePoints
}

function soFar(
  tally: Tally,
  { metric, window }: MetricPlan,
  points: readonly MeasuredPoint[],
): Pick<Assessment, 'outcome' | 'reason' | 'isDone'> {
  if (points.length === 0)
    return { outcome: 'no-data', reason: { code: 'too-early', first: timeOf(window, 1) }, isDone: false }
  const isUnseen = answered(tally) === 0
  if (isUnseen && points.every(({ values }) => values.length === 0))
    return { outcome: 'no-data', reason: { code: 'no-values' }, isDone: false }
  if (isUnseen || tally.isBlind) return { outcome: 'error', reason: notEvaluated(points), isDone: false }
  // Enough successes in a row would have passed at once.
  const isOver = isEndless(metric) && window.isComplete
  if (isOver && metric.consecutiveSuccessLimit > 0)
    return {
      outcome: 'inconclusive',
      reason: { code: 'few-in-row', wanted: metric.consecutiveSuccessLimit },
      isDone: false,
    }
  return { outcome: 'pass', reason: undefined, isDone: isOver }
}

function notEvaluated(points: readonly MeasuredPoint[]): MetricReason {
  const last = points.findLast(({ verdict }) => verdict === 'error')
  const place = points.findLastIndex(({ verdict }) => verdict !== 'error')
  return {
    code: 'not-evaluated',
    condition: last?.condition ?? 'successCondition',
    trouble: last?.trouble ?? { code: 'no-item', at: 1, index: 0, length: 0 },
    values: last?.values ?? [],
    inRow: points.length - 1 - place,
  }
}
