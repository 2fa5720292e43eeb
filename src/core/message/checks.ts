import type { Problem, Review, ReviewedChange } from '../gate/review.ts'
import type { CheckAnnotation, CheckReport } from '../rollout/facts.ts'
import { targetName } from '../rollout/target.ts'
import { code, paragraphs, percent } from './markdown.ts'
import { summaryDiff, trafficTable } from './traffic.ts'
import { sentence, verdictLine } from './verdict.ts'

/** GitHub takes 65,535 characters in a summary or text; the rest is room for closing words. */
const MAX_TEXT = 60_000

const NO_TRAFFIC = 'No canary traffic changes'

export function validateReport(review: Review): CheckReport {
  const { problems } = review
  if (problems.length > 0) {
    return {
      name: 'canary/validate',
      conclusion: 'failure',
      title: problems.length === 1 ? (problems[0]?.what ?? '') : `${problems.length} problems`,
      summary: problems.map(problemLine).join('\n'),
      annotations: problems.flatMap(annotation),
    }
  }
  const title = review.changes.length === 0 ? NO_TRAFFIC : review.changes.map(changeTitle).join(', ')
  const rendered = review.renderer === undefined ? undefined : `Rendered with ${code(review.renderer)}.`
  const diff = summaryDiff(review.diffs, MAX_TEXT)
  return {
    name: 'canary/validate',
    conclusion: 'success',
    title,
    summary: paragraphs(
      review.rows.length > 0 ? trafficTable(review.rows) : `${NO_TRAFFIC} in this pull request.`,
      rendered,
    ),
    ...(diff === '' ? {} : { text: diff }),
  }
}

export function gateReport(review: Review): CheckReport {
  const name = 'canary/gate'
  if (review.problems.length > 0) {
    const summary = '`canary/validate` found problems; until they are fixed nobody can say what a merge would do.'
    return { name, conclusion: 'failure', title: 'Fix canary/validate first', summary }
  }
  const verdicts = review.changes.flatMap((change) => change.verdicts)
  const open = verdicts.filter(({ state }) => state !== 'pass')
  const summary = paragraphs(
    review.changes.map((change) => `- ${changeTitle(change)}`).join('\n') || `${NO_TRAFFIC}: nothing to wait for.`,
    verdicts.map((verdict) => `- ${verdictLine(verdict)}`).join('\n'),
  )
  if (open.length === 0) {
    const title =
      review.changes.length === 0 ? NO_TRAFFIC : verdicts.length === 0 ? 'Nothing to wait for' : 'Live and baked'
    return { name, conclusion: 'success', title, summary }
  }
  const isBlocked = open.some(({ state }) => state === 'block')
  const first = open.find(({ state }) => state === (isBlocked ? 'block' : 'wait'))
  const title =
    first === undefined ? '' : `${isBlocked ? 'Blocked' : 'Waiting'}: ${first.gate} ${plain(sentence(first))}`
  return { name, conclusion: isBlocked ? 'failure' : 'action_required', title: title.slice(0, 120), summary }
}

/** Both checks while the work goes on: what a required check shows until it is concluded. */
export function workingReports(): readonly CheckReport[] {
  return (['canary/validate', 'canary/gate'] as const).map((name) => ({
    name,
    conclusion: undefined,
    title: 'Reading and rendering',
    summary:
      'Perch is rendering the environments that this pull request can touch. This check is concluded when that is done.',
  }))
}

/** Both checks when Perch gave up on a commit: red, because unknown is never green. */
export function failedReports(): readonly CheckReport[] {
  return (['canary/validate', 'canary/gate'] as const).map((name) => ({
    name,
    conclusion: 'failure',
    title: 'Perch could not finish this check',
    summary:
      'Something outside this pull request failed several times: GitHub, Git or the renderer did not answer as they should. ' +
      "The service's log has the reason. Perch looks again by itself; **Re-run** above makes it look now.",
  }))
}

function problemLine(problem: Problem): string {
  const place = problem.file === undefined ? '' : ` (${code(`${problem.file}:${problem.line}`)})`
  return `- ⛔ ${problem.what}${place} ${problem.next}`
}

function annotation(problem: Problem): CheckAnnotation[] {
  if (problem.file === undefined) return []
  const { file: path, line, what, next, code: title } = problem
  return [{ path, line, level: 'failure', title, message: `${plain(what)} ${plain(next)}` }]
}

/** Titles and annotations are plain text on GitHub. */
function plain(markdown: string): string {
  return markdown.replaceAll(/`|\*\*|\\|\u200B/g, '')
}

export function changeTitle(change: ReviewedChange): string {
  const name = targetName(change.target)
  if (change.version !== undefined)
    return `${name} ${change.version.role} ${change.version.from} → ${change.version.to}`
  return `${name} ${percent(change.from)} → ${percent(change.to)}`
}
