import type { AnalysisOutcome, AnalysisReport, Bar, MeasuredCheck } from '../../analysis/report.ts'
import { OUTCOME_MARKS, reasonWords, rounded } from './analysis-reason.ts'
import { firstOf } from '../markdown/lists.ts'
import { code, plainText, table } from '../markdown/markdown.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { sparkline } from '../markdown/sparkline.ts'
import { time } from '../markdown/time.ts'
import { templateFinding, templateNextStep, templateTable } from './template.ts'

/** Most people read no more than this. One check in full is better than three that are cut off. */
const MAX_TOLD = 3

/** The measurements in one or two sentences, for the line of a gate. If they do not pass, with the next step. */
export function analysisWords(report: AnalysisReport): string {
  const { outcome, isComplete, template } = report
  const isBroken = template !== undefined && template.problems.length > 0
  const isDecided = outcome === 'fail' || (outcome !== 'pass' && isComplete) || isBroken
  return isDecided ? `${findingWords(report)} ${nextStep(report)}` : findingWords(report)
}

/** What was measured, without what to do about it. */
export function findingWords(report: AnalysisReport): string {
  const { outcome, checks, isComplete, ends, from, template } = report
  if (template !== undefined) return templateFinding(report, template)
  const worst = checks.filter((check) => check.outcome === outcome)
  if (outcome === 'pass') {
    const values = firstOf(worst.map(valueWords), MAX_TOLD)
    return isComplete
      ? `${values}, measured from ${time(from)} until ${time(ends)}.`
      : `so far ${values}; measured until ${time(ends)}.`
  }
  if (outcome === 'fail')
    return `${firstOf(
      worst.map((check) => failure(report, check)),
      MAX_TOLD,
    )}.`
  // Checks often fail for the same reason, so each reason is said once.
  const lacks = [...Map.groupBy(worst, (check) => reasonWords(report, check))]
  const said = lacks.map(([words, those]) => `${those.map(({ metric }) => code(metric)).join(', ')} ${words}`)
  return said.slice(0, MAX_TOLD).join(' ')
}

function valueWords({ metric, unit, worst, bars }: MeasuredCheck): string {
  const value = worst === undefined ? '' : ` ${withUnit(worst.value, unit)} at worst`
  return `${code(metric)}${value} (${bars.map((bar) => barWords(bar, unit)).join(', ')})`
}

function failure({ failureLimit }: AnalysisReport, check: MeasuredCheck): string {
  const { metric, unit, worst, failed, points, reason } = check
  const value = worst === undefined ? 'failed' : `was ${withUnit(worst.value, unit)} at ${time(worst.time)}`
  const bar =
    reason?.code === 'broke-bar' ? `, ${barWords(reason.bar, unit)}${stableWords(reason.bar, check)} is required` : ''
  const limit = failureLimit === 0 ? '' : `; ${failureLimit} may fail`
  return `${code(metric)} ${value}${bar} (${failed} of ${points} points failed${limit})`
}

function stableWords(bar: Bar, { worst, unit }: MeasuredCheck): string {
  if ('value' in bar || worst?.stable === undefined) return ''
  return ` (stable had ${withUnit(worst.stable, unit)})`
}

function nextStep({ outcome, isFailure, template }: AnalysisReport): string {
  if (template !== undefined) return templateNextStep(template, { outcome, isFailure })
  if (isFailure) return 'Send the traffic back with `/canary abort`, or correct `analysis` in `.github/canary.yml`.'
  const how =
    outcome === 'no-data' ? 'without data' : outcome === 'inconclusive' ? 'with too little data' : 'unmeasured'
  return `Nothing passes ${how}: Perch measures again, and \`/canary abort\` sends the traffic back.`
}

/** The measurements as a Markdown table, with a small chart in each row. */
export function analysisTable(report: AnalysisReport): string {
  if (report.template !== undefined) return templateTable(report.template)
  const rows = report.checks.map((check) => [
    `${OUTCOME_MARKS[check.outcome]} ${code(check.metric)} ${outcomeWords(check)}`,
    `${worstWords(check)} (${check.bars.map((bar) => barWords(bar, check.unit)).join(', ')})`,
    chart(check),
  ])
  return table(['Metric', 'Worst (required)', 'Over time'], rows)
}

function worstWords({ worst, unit }: MeasuredCheck): string {
  if (worst === undefined) return '–'
  const stable = worst.stable === undefined ? '' : `, stable then ${withUnit(worst.stable, unit)}`
  return `${withUnit(worst.value, unit)}${stable}`
}

const OUTCOME_WORDS = {
  pass: 'good',
  fail: 'failed',
  'no-data': 'no data',
  error: 'not measured',
  inconclusive: 'too little data',
} as const satisfies Record<AnalysisOutcome, string>

function outcomeWords({ outcome, failed, points, requests }: MeasuredCheck): string {
  const bad = failed > 0 ? `, ${failed} of ${points} points bad` : ''
  const seen = requests === undefined ? '' : `, ${requests} requests`
  return `${OUTCOME_WORDS[outcome]}${bad}${seen}`
}

function chart({ values, unit }: MeasuredCheck): string {
  const numbers = values.map(([, value]) => value)
  if (numbers.length === 0) return '–'
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)]
  const range = least === most ? withUnit(least, unit) : `${rounded(least)} to ${withUnit(most, unit)}`
  return `${sparkline(numbers)} ${range}`
}

function barWords(bar: Bar, unit: string): string {
  switch (bar.kind) {
    case 'min':
      return `at least ${withUnit(bar.value, unit)}`
    case 'max':
      return `at most ${withUnit(bar.value, unit)}`
    case 'max-below':
      return `at most ${toleranceWords(bar, unit)} below stable`
    case 'max-above':
      return `at most ${toleranceWords(bar, unit)} above stable`
  }
}

function toleranceWords({ by, isPercent }: Extract<Bar, { by: number }>, unit: string): string {
  if (isPercent) return `${rounded(by)}%`
  // "0.5% below 99%" could mean 0.5% of 99.
  return unit === '%' ? `${rounded(by)} points` : withUnit(by, unit)
}

function withUnit(value: number, unit: string): string {
  return unit === '%' ? `${rounded(value)}%` : `${rounded(value)} ${plainText(unit)}`.trim()
}

/** Why a rollout is held, in one line of plain text. */
export function failureReason(report: AnalysisReport): string {
  return `the canary failed its analysis: ${plainWords(findingWords(report))}`
}
