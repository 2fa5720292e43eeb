import type { AnalysisOutcome, AnalysisReport, Bar, CheckReason, MeasuredCheck } from '../../analysis/report.ts'
import { formatDuration } from '../../config/duration.ts'
import { clip } from '../../text/limits.ts'
import { sideTroubleWords } from './analysis-side.ts'
import { code, list, plainText, table } from '../markdown/markdown.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { sparkline } from '../markdown/sparkline.ts'
import { time } from '../markdown/time.ts'

const MARKS = { pass: '✅', fail: '❌', 'no-data': '❔', inconclusive: '❔', error: '⚠️' } as const

/** What most people read of it; a check that is told in full is worth three that are cut. */
const MAX_TOLD = 3
const MAX_DETAIL = 200

/** The measurements as one sentence, or two, of a gate's line; where they do not pass with the next step. */
export function analysisWords(report: AnalysisReport): string {
  const { outcome, isComplete } = report
  const isDecided = outcome === 'fail' || (outcome !== 'pass' && isComplete)
  return isDecided ? `${findingWords(report)} ${nextStep(report)}` : findingWords(report)
}

/** What was measured, without what to do about it. */
export function findingWords(report: AnalysisReport): string {
  const { outcome, checks, isComplete, ends, from } = report
  const worst = checks.filter((check) => check.outcome === outcome)
  if (outcome === 'pass') {
    const values = told(worst.map(valueWords))
    return isComplete
      ? `${values}, measured from ${time(from)} until ${time(ends)}.`
      : `so far ${values}; measured until ${time(ends)}.`
  }
  if (outcome === 'fail') return `${told(worst.map((check) => failure(report, check)))}.`
  // Checks mostly lack the same: each thing is said once.
  const lacks = [...Map.groupBy(worst, (check) => reasonWords(report, check))]
  const said = lacks.map(([words, those]) => `${those.map(({ metric }) => code(metric)).join(', ')} ${words}`)
  return said.slice(0, MAX_TOLD).join(' ')
}

function told(words: readonly string[]): string {
  const left = words.length - MAX_TOLD
  return `${words.slice(0, MAX_TOLD).join(', ')}${left > 0 ? ` and ${left} more` : ''}`
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

function nextStep({ outcome, isFailure }: AnalysisReport): string {
  if (isFailure) return 'Send the traffic back with `/canary abort`, or correct `analysis` in `.github/canary.yml`.'
  const how = outcome === 'no-data' ? 'without data' : outcome === 'inconclusive' ? 'on too little data' : 'unmeasured'
  return `Nothing passes ${how}: Perch looks again, and \`/canary abort\` sends the traffic back.`
}

/** What a check that neither passes nor fails lacks, as sentences that go on after its name. */
function reasonWords(report: AnalysisReport, { reason }: MeasuredCheck): string {
  if (reason === undefined) return 'unknown.'
  switch (reason.code) {
    case 'too-early':
      return `is measured for the first time at ${time(reason.first)}.`
    case 'no-values':
      return `has no data on ${code(report.server)} since ${time(report.from)}. Has the canary had requests, does Prometheus scrape it, and does \`interval\` hold at least two scrapes?`
    case 'few-requests':
    case 'gaps':
    case 'stable-unknown':
    case 'warned':
      return shortageWords(reason)
    case 'unknown-server':
      return reason.known.length === 0
        ? `cannot be measured: this Perch was started without any Prometheus. Ask its operator to set \`PROMETHEUS_URL\`.`
        : `cannot be measured: ${code(report.server)} is not a server that this Perch knows. Set \`provider\` to one of ${list(reason.known)}.`
    case 'unreachable':
    case 'timed-out':
    case 'refused':
    case 'not-understood':
      return serverWords(report.server, reason)
    case 'several-series':
      return `returns ${reason.count} series, and one is needed: put \`sum(…)\` or \`max(…)\` around the query.`
    case 'outside-window':
      return `has an answer for other times than Perch asked for: turn off step alignment in the proxy in front of ${code(report.server)}.`
    case 'clock-off':
      return `cannot be measured: the clock of ${code(report.server)} is ${formatDuration(Math.abs(reason.byMs))} ${reason.byMs > 0 ? 'ahead' : 'behind'}. Set the clocks right.`
    case 'side':
      return sideTroubleWords(reason.trouble)
    case 'no-variable':
      return `cannot be measured: the repository does not say what ${reason.variables.map((name) => code(`{{${name}}}`)).join(', ')} is. Write the value into the query.`
    case 'long-query':
      return 'cannot be measured: its query is too long once its variables are filled in. Make it shorter.'
    case 'broke-bar':
      return 'failed.'
  }
}

type Shortage = Extract<CheckReason, { code: 'few-requests' | 'gaps' | 'stable-unknown' | 'warned' }>

function shortageWords(reason: Shortage): string {
  switch (reason.code) {
    case 'few-requests': {
      const more =
        reason.enoughMs === undefined
          ? 'Raise `bake` and `interval`, or lower `minRequests`.'
          : `With \`interval: ${Math.round(reason.enoughMs / 60_000)}m\` there would be enough.`
      return `has too little data: ${rounded(reason.average)} requests per point, and \`minRequests\` is ${reason.wanted}. ${more}`
    }
    case 'gaps':
      return `has no data in ${reason.missing} of ${reason.points} points.`
    case 'stable-unknown':
      return 'cannot be compared: the stable version has too little data of its own.'
    case 'warned':
      return `was answered with a warning, so part of the data may be missing: ${code(clip(reason.detail, MAX_DETAIL))}.`
  }
}

type Trouble = Extract<CheckReason, { detail: string }>

function serverWords(server: string, reason: Trouble): string {
  const name = code(server)
  const detail = reason.detail === '' ? '' : ` (${code(clip(reason.detail, MAX_DETAIL))})`
  switch (reason.code) {
    case 'unreachable':
      return `cannot be measured: ${name} does not answer${detail}. Ask the operator of Perch to find out why.`
    case 'timed-out':
      return `cannot be measured: ${name} takes too long${detail}. Is the query too heavy?`
    case 'refused':
      return `cannot be measured: ${name} refuses the query${detail}. Correct it, or the credentials that Perch was started with.`
    case 'not-understood':
    case 'warned':
      return `cannot be measured: ${name} does not answer as Prometheus does${detail}. Ask the operator of Perch to check \`PROMETHEUS_URL\`.`
  }
}

/** The measurements as a Markdown table, with a small chart each. */
export function analysisTable(report: AnalysisReport): string {
  const rows = report.checks.map((check) => [
    code(check.metric),
    check.worst === undefined ? '–' : withUnit(check.worst.value, check.unit),
    check.bars.map((bar) => barWords(bar, check.unit)).join(', '),
    check.worst?.stable === undefined ? '–' : withUnit(check.worst.stable, check.unit),
    `${MARKS[check.outcome]} ${outcomeWords(check)}`,
    chart(check),
  ])
  return table(['Metric', 'Worst', 'Required', 'Stable then', 'Outcome', 'Over time'], rows)
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
  // 0.5% below 99% could be read as a part of it.
  return unit === '%' ? `${rounded(by)} points` : withUnit(by, unit)
}

function withUnit(value: number, unit: string): string {
  return unit === '%' ? `${rounded(value)}%` : `${rounded(value)} ${plainText(unit)}`.trim()
}

/** Four digits, and never so rounded that a broken bar looks kept: 98.9996 is not 99. */
function rounded(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 0.001 || size >= 1e9)) return value.toExponential(2)
  const digits = size >= 1_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4
  const short = Number(value.toFixed(digits))
  const isHidden = Number.isInteger(short) && short !== value && size < 1_000
  return String(isHidden ? Number(value.toFixed(digits + 3)) : short)
}

/** Why a rollout is held, in one line of plain text. */
export function failureReason(report: AnalysisReport): string {
  return `the canary failed its analysis: ${plainWords(findingWords(report))}`
}
