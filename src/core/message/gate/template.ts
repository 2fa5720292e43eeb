/** The words for an analysis with an AnalysisTemplate. */
import type { MeasuredMetric, MeasuredTemplate, MetricMeasurement } from '../../analysis-template/measured.ts'
import type { AnalysisReport } from '../../analysis/report.ts'
import { clip } from '../../text/limits.ts'
import { code, table } from '../markdown/markdown.ts'
import { sparkline } from '../markdown/sparkline.ts'
import { time } from '../markdown/time.ts'
import { OUTCOME_MARKS, reasonWords, rounded } from './analysis-reason.ts'
import { templateProblemWords, titleWords, troubleWords } from './template-problem.ts'

const MAX_TOLD = 3
const MAX_CONDITION = 120

/** The measurements of a template, without the next step. */
export function templateFinding(report: AnalysisReport, template: MeasuredTemplate): string {
  const { outcome, isComplete, from, ends } = report
  const { metrics, problems } = template
  if (problems.length > 0)
    return told(
      problems.map((problem) => templateProblemWords(template, problem).what),
      ' ',
    )
  const counted = metrics.filter(({ isDryRun }) => !isDryRun)
  if (outcome === 'pass') {
    const values =
      counted.length === 0
        ? `${titleWords(template)} has metrics in dry-run mode only`
        : told(counted.map(goodWords), ', ')
    return isComplete
      ? `${values}, measured from ${time(from)} until ${time(ends)}.`
      : `measured until ${time(ends)}; so far ${values}.`
  }
  const worst = counted.filter((metric) => metric.outcome === outcome)
  return told(
    worst.map((metric) => `${code(metric.name)} ${metricWords(report, metric)}`),
    ' ',
  )
}

function told(words: readonly string[], between: string): string {
  const left = words.length - MAX_TOLD
  return `${words.slice(0, MAX_TOLD).join(between)}${left > 0 ? ` And ${left} more.` : ''}`
}

function goodWords(metric: MeasuredMetric): string {
  const { name, counts } = metric
  return `${code(name)} was good in ${counts.successful} of ${measuredIn(metric)} (${conditionWords(metric)})`
}

/** `5 measurements`, including those without an answer. */
function measuredIn({ measurements }: MeasuredMetric): string {
  return `${measurements.length} ${measurements.length === 1 ? 'measurement' : 'measurements'}`
}

function conditionWords({ conditions: { successCondition, failureCondition } }: MeasuredMetric): string {
  const shown = (text: string): string => code(clip(text, MAX_CONDITION))
  const words = [
    ...(successCondition === undefined ? [] : [`good if ${shown(successCondition)}`]),
    ...(failureCondition === undefined ? [] : [`bad if ${shown(failureCondition)}`]),
  ]
  return words.length === 0 ? 'good whenever it can be measured' : words.join(', ')
}

/** Why a metric does not pass, as the rest of a sentence that begins with its name. */
function metricWords(report: AnalysisReport, metric: MeasuredMetric): string {
  const { reason, outcome, counts } = metric
  if (reason === undefined) return 'passed.'
  switch (reason.code) {
    case 'over-limit':
      return outcome === 'fail'
        ? `failed in ${counts.failed} of ${measuredIn(metric)}, but at most ${reason.limit} may fail (${conditionWords(metric)})${lastWords(metric, 'failed')}.`
        : `was neither good nor bad in ${counts.inconclusive} of ${measuredIn(metric)}, but at most ${reason.limit} may be undecided (${conditionWords(metric)})${lastWords(metric, 'inconclusive')}.`
    case 'few-in-row':
      return `was not good ${reason.wanted} times in a row in ${measuredIn(metric)} (${conditionWords(metric)}).`
    case 'not-evaluated':
      return `has no answer: ${code(reason.condition)} cannot be evaluated on ${valueWords(reason.values)}, because ${troubleWords(reason.trouble)} (${reason.inRow} in a row).`
    case 'no-values':
      return `has no data on ${code(report.server)} in ${measuredIn(metric)}. Does the canary get requests, and does Prometheus scrape it?`
    case 'too-early':
    case 'warned':
    case 'unknown-server':
    case 'unreachable':
    case 'timed-out':
    case 'refused':
    case 'not-understood':
    case 'too-large':
    case 'outside-window':
    case 'clock-off':
      return reasonWords(report, { reason })
  }
}

function lastWords({ measurements }: MeasuredMetric, verdict: MetricMeasurement['verdict']): string {
  const last = measurements.findLast((one) => one.verdict === verdict)
  return last === undefined ? '' : `, last with ${valueWords(last.values)} at ${time(last.time)}`
}

const MAX_VALUES = 4

/** `0.061`, `[0.1, 0.2]`, or `[]` without a value. */
function valueWords(values: readonly number[]): string {
  const [first] = values
  if (values.length === 1 && first !== undefined) return code(rounded(first))
  const more = values.length > MAX_VALUES ? ', …' : ''
  return code(`[${values.slice(0, MAX_VALUES).map(rounded).join(', ')}${more}]`)
}

/** The next step if a template does not pass. */
export function templateNextStep(
  { problems, metrics, ...template }: MeasuredTemplate,
  { outcome, isFailure }: Pick<AnalysisReport, 'outcome' | 'isFailure'>,
): string {
  const [problem] = problems
  if (problem !== undefined)
    return `${templateProblemWords(template, problem).next} Perch reads the files of the base branch. \`/canary abort\` sends the traffic back.`
  if (isFailure) return 'Send the traffic back with `/canary abort`, or correct the template on the base branch.'
  const isDone = metrics.some((metric) => !metric.isDryRun && metric.outcome === outcome && metric.isDone)
  if (isDone)
    return 'This does not change by itself: override it with `/canary override analysis <reason>`, or send the traffic back with `/canary abort`.'
  return 'Nothing passes without an answer: Perch measures again, and `/canary abort` sends the traffic back.'
}

const OUTCOME_WORDS = {
  pass: 'good',
  fail: 'failed',
  'no-data': 'no data',
  error: 'no answer',
  inconclusive: 'undecided',
} as const

/** Each metric, its conditions and its measurements, as a Markdown table of three columns, which fits on a phone. */
export function templateTable({ metrics }: MeasuredTemplate): string {
  if (metrics.length === 0) return ''
  const rows = metrics.map((metric) => {
    const { name, isDryRun, measurements, outcome } = metric
    const last = measurements.at(-1)
    return [
      `${OUTCOME_MARKS[outcome]} ${code(name)}${isDryRun ? ' (dry run)' : ''} ${OUTCOME_WORDS[outcome]}${countWords(metric)}`,
      `${last === undefined ? '–' : valueWords(last.values)} (${conditionWords(metric)})`,
      chart(measurements),
    ]
  })
  return table(['Metric', 'Last (condition)', 'Over time'], rows)
}

/** `, 9 of 10 good, 1 bad`; empty before the first measurement. */
function countWords({ measurements, counts }: MeasuredMetric): string {
  if (measurements.length === 0) return ''
  const others = [
    [counts.failed, 'bad'],
    [counts.inconclusive, 'undecided'],
    [counts.error, 'without an answer'],
  ] as const
  const rest = others.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]))
  return `, ${[`${counts.successful} of ${measurements.length} good`, ...rest].join(', ')}`
}

/** Only of the first series, because most conditions read only that one. */
function chart(measurements: readonly MetricMeasurement[]): string {
  const numbers = measurements.flatMap(({ values }) => values.slice(0, 1).filter(Number.isFinite))
  if (numbers.length === 0) return '–'
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)]
  return `${sparkline(numbers)} ${least === most ? rounded(least) : `${rounded(least)} to ${rounded(most)}`}`
}
