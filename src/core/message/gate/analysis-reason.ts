import type { AnalysisReport, CheckReason, MeasuredCheck } from '../../analysis/report.ts'
import { formatDuration } from '../../config/duration.ts'
import { clip } from '../../text/limits.ts'
import { code, list } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'
import { sideTroubleWords } from './analysis-side.ts'

export const OUTCOME_MARKS = { pass: '✅', fail: '❌', 'no-data': '❔', inconclusive: '❔', error: '⚠️' } as const

const MAX_DETAIL = 200

/** Why a check neither passes nor fails, as the rest of a sentence that begins with its name. */
export function reasonWords(report: AnalysisReport, { reason }: Pick<MeasuredCheck, 'reason'>): string {
  if (reason === undefined) return 'unknown.'
  switch (reason.code) {
    case 'too-early':
      return `is measured for the first time at ${time(reason.first)}.`
    case 'no-values':
      return `has no data on ${code(report.server)} since ${time(report.from)}. Does the canary get requests, does Prometheus scrape it, and does \`interval\` include at least two scrapes?`
    case 'few-requests':
    case 'gaps':
    case 'stable-unknown':
    case 'warned':
      return shortageWords(reason)
    case 'unknown-server':
      return reason.known.length === 0
        ? `cannot be measured: Perch was started without a Prometheus. Ask its operator to set \`PROMETHEUS_URL\`.`
        : `cannot be measured: Perch does not know the server ${code(report.server)}. Set \`provider\` to one of ${list(reason.known)}.`
    case 'unreachable':
    case 'timed-out':
    case 'refused':
    case 'not-understood':
    case 'too-large':
      return serverWords(report.server, reason)
    case 'several-series':
      return `returns ${reason.count} series instead of one: put \`sum(…)\` or \`max(…)\` around the query.`
    case 'outside-window':
      return `got an answer for times that Perch did not ask for: turn off step alignment in the proxy in front of ${code(report.server)}.`
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
      return 'cannot be compared, because the stable version has too little data.'
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
    case 'too-large':
      return `cannot be measured: ${name} answers with more data than Perch keeps for a step. Put \`sum(…)\` or \`max(…)\` around the query, or make the interval longer.`
    case 'not-understood':
    case 'warned':
      return `cannot be measured: ${name} does not answer as Prometheus does${detail}. Ask the operator of Perch to check \`PROMETHEUS_URL\`.`
  }
}

/** Four digits, but a value below a limit never rounds up to it: 98.9996 does not become 99, and neither does 98.9999996. */
export function rounded(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 0.001 || size >= 1e9)) return value.toExponential(2)
  const digits = size >= 1_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4
  const short = Number(value.toFixed(digits))
  const isHidden = Number.isInteger(short) && short !== value && size < 1_000
  if (!isHidden) return String(short)
  const longer = Number(value.toFixed(digits + 3))
  return String(Number.isInteger(longer) ? value : longer)
}
