import { countsAsFailure } from '../analysis/policy.ts'
import type { Answers } from '../analysis/readings.ts'
import { type AnalysisOutcome, type AnalysisReport, OUTCOMES } from '../analysis/report.ts'
import { measureMetric } from './measure-metric.ts'
import type { MeasuredMetric } from './measured.ts'
import type { TemplatePlan } from './plan.ts'

/** The outcome of a template, from the answers to its asks in the same order. Metrics in dry-run mode are shown, but decide nothing. */
export function judgeTemplate(plan: TemplatePlan, answers: Answers): AnalysisReport {
  const { analysis, metrics: planned, since, template } = plan
  const problems = planned.ok ? [] : planned.error
  const metrics = planned.ok ? planned.value.map((own) => measureMetric(plan, own, answers)) : []
  const counted = metrics.filter(({ isDryRun }) => !isDryRun)
  const outcome = problems.length > 0 ? 'error' : worstOf(counted)
  // A metric that has not passed at its end waits and is measured further. A pass counts only when the metric is done.
  const isComplete = plan.isDue && counted.every((metric) => metric.isDone || metric.outcome !== 'pass')
  const until = metrics.flatMap(({ measurements }) => measurements.at(-1)?.time ?? [])
  return {
    outcome,
    isFailure: countsAsFailure(analysis, outcome, isComplete) || counted.some((one) => isFailed(plan, one, isComplete)),
    isComplete,
    from: since,
    until: Math.max(since, ...until),
    ends: Math.max(plan.baked, ...metrics.map(({ ends }) => ends)),
    next: nextOf(plan, metrics),
    server: analysis.provider,
    failureLimit: 0,
    checks: [],
    template: { ...template, problems, metrics },
  }
}

function worstOf(metrics: readonly MeasuredMetric[]): AnalysisOutcome {
  return OUTCOMES.findLast((known) => metrics.some(({ outcome }) => outcome === known)) ?? 'pass'
}

/** The config may make a milder outcome a failure although the worst outcome is not one. */
function isFailed({ analysis }: TemplatePlan, { outcome }: MeasuredMetric, isComplete: boolean): boolean {
  return countsAsFailure(analysis, outcome, isComplete)
}

/** Without a metric to measure, Perch still waits this long before it looks again. */
const NOTHING_TO_MEASURE_MS = 60_000

function nextOf({ now, metrics: planned }: TemplatePlan, metrics: readonly MeasuredMetric[]): number {
  const going = metrics.filter(({ isDone }) => !isDone)
  const times = (going.length > 0 ? going : metrics).map(({ next }) => next)
  return planned.ok && times.length > 0 ? Math.min(...times) : now + NOTHING_TO_MEASURE_MS
}
