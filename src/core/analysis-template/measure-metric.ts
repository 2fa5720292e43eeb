/** Judges the answers about one metric like Argo Rollouts (analysis/analysis.go, `assessMetricStatus`). */
import { grouped } from '../grouped.ts'
import { type Answers, soundAnswer } from '../analysis/readings.ts'
import type { ServerReason } from '../analysis/report.ts'
import { timeOf } from '../analysis/window.ts'
import { err, ok, type Result } from '../result.ts'
import { evaluateCondition } from './expression/evaluate.ts'
import type { Trouble } from './expression/trouble.ts'
import type { ConditionKey, MeasuredMetric, MeasurementVerdict, MetricMeasurement, MetricReason } from './measured.ts'
import type { TemplateMetric } from './metric.ts'
import type { MetricPlan, TemplatePlan } from './plan.ts'
import { assess, type Assessment } from './assess.ts'

export function measureMetric(plan: TemplatePlan, own: MetricPlan, answers: Answers): MeasuredMetric {
  const { metric, window, numbers } = own
  if (plan.unknownServer !== undefined) return unmeasured(own, { code: 'unknown-server', known: plan.unknownServer })
  const read = readVectors(plan, own, answers)
  if (!read.ok) return unmeasured(own, read.error)
  const points = numbers.map((number) => measureAt(metric, number, read.value.values.get(number) ?? []))
  const assessed = assess(own, points)
  const measurements = assessed.points.map(({ number, values, verdict }): MetricMeasurement => {
    return { time: timeOf(window, number), values, verdict }
  })
  const [detail] = read.value.warnings
  const isPartial = assessed.outcome === 'pass' && assessed.isDone && detail !== undefined
  const outcome = isPartial
    ? ({ outcome: 'inconclusive', reason: { code: 'warned', detail }, isDone: false } as const)
    : { outcome: assessed.outcome, reason: assessed.reason, isDone: assessed.isDone }
  return { ...named(own), ...outcome, ...timesOf(own, assessed), counts: assessed.counts, measurements }
}

type Named = 'name' | 'isDryRun' | 'conditions' | 'wanted' | 'failureLimit'

function named({ metric }: MetricPlan): Pick<MeasuredMetric, Named> {
  const { name, isDryRun, successCondition, failureCondition, failureLimit, intervalMs, count } = metric
  const conditions = { successCondition: successCondition?.text, failureCondition: failureCondition?.text }
  return { name, isDryRun, conditions, failureLimit, wanted: intervalMs === undefined ? 1 : count }
}

function unmeasured(own: MetricPlan, reason: ServerReason): MeasuredMetric {
  const counts = { successful: 0, failed: 0, inconclusive: 0, error: 0 }
  const { ends } = own.window
  const next = timeOf(own.window, own.window.due + 1)
  return { ...named(own), outcome: 'error', reason, isDone: false, counts, measurements: [], ends, next }
}

/** The times of a metric's measurements. Later ones make up for those without an answer. */
function timesOf(
  { metric, window }: MetricPlan,
  { isDone, counts, points }: Assessment,
): { ends: number; next: number } {
  const next = timeOf(window, window.due + 1)
  const { count, intervalMs } = metric
  if (isDone) return { ends: timeOf(window, points.at(-1)?.number ?? window.bakePoints), next }
  const wanted = intervalMs === undefined ? 1 : count
  if (wanted === undefined) return { ends: Math.max(window.ends, window.isComplete ? next : 0), next }
  const left = Math.max(1, wanted - counts.successful - counts.failed - counts.inconclusive)
  return { ends: timeOf(window, window.due + left), next }
}

/** One measurement, by the number of its point. */
export interface MeasuredPoint {
  readonly number: number
  readonly values: readonly number[]
  readonly verdict: MeasurementVerdict
  readonly trouble: Extract<MetricReason, { code: 'not-evaluated' }>['trouble'] | undefined
  /** The condition that has no answer. */
  readonly condition: ConditionKey | undefined
}

function measureAt(metric: TemplateMetric, number: number, values: readonly number[]): MeasuredPoint {
  const point = { number, values, trouble: undefined, condition: undefined }
  const good = isTrue(metric, 'successCondition', values)
  if (good.trouble !== undefined)
    return { ...point, verdict: 'error', trouble: good.trouble, condition: 'successCondition' }
  const bad = isTrue(metric, 'failureCondition', values)
  if (bad.trouble !== undefined)
    return { ...point, verdict: 'error', trouble: bad.trouble, condition: 'failureCondition' }
  return { ...point, verdict: verdictOf(good.value, bad.value) }
}

/** If both conditions are true, the failure counts. If there is only one, it decides alone. */
function verdictOf(good: boolean | undefined, bad: boolean | undefined): MeasurementVerdict {
  if (good === undefined && bad === undefined) return 'successful'
  if (bad ?? good === false) return 'failed'
  return (good ?? true) ? 'successful' : 'inconclusive'
}

interface ConditionAnswer {
  /** Undefined if the metric has no such condition. */
  readonly value?: boolean
  readonly trouble?: Trouble
}

function isTrue(metric: TemplateMetric, key: ConditionKey, values: readonly number[]): ConditionAnswer {
  const condition = metric[key]
  const [value] = values
  // A scalar always has a value, so an answer without a value is not an answer.
  if (metric.isScalar && value === undefined) return { trouble: { code: 'no-item', at: 1, index: 0, length: 0 } }
  if (condition === undefined) return {}
  const answer = evaluateCondition(condition.node, metric.isScalar && value !== undefined ? value : values)
  return answer.ok ? { value: answer.value } : { trouble: answer.error }
}

interface Vectors {
  /** For each point, the values of the series that have one, in the order of the answer. */
  readonly values: ReadonlyMap<number, readonly number[]>
  readonly warnings: readonly string[]
}

function readVectors(
  plan: TemplatePlan,
  { asked, window }: MetricPlan,
  answers: Answers,
): Result<Vectors, ServerReason> {
  const values: (readonly [number, number])[] = []
  const warnings: string[] = []
  for (const index of asked) {
    const answer = soundAnswer(plan, index, answers)
    if (!answer.ok) return err(answer.error)
    warnings.push(...answer.value.warnings)
    for (const [time, value] of answer.value.series.flatMap(({ points }) => points))
      values.push([Math.round((time - window.from) / window.stepMs), value])
  }
  return ok({ values: grouped(values), warnings })
}
