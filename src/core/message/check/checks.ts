import type { Verdict } from '../../gate/gate.ts'
import { isGated, type Review, verdictsOf } from '../../gate/review.ts'
import { isNotSeen, type Problem } from '../../problem/problem.ts'
import type { CheckAnnotation, CheckReport } from '../../rollout/facts.ts'
import { fitLines } from '../../text/limits.ts'
import { analysisTable } from '../gate/analysis.ts'
import { riseWords } from '../gate/exposure.ts'
import { gateTitle } from '../gate/gate-title.ts'
import { titleText } from '../../text/inert.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, list, paragraphs } from '../markdown/markdown.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { explainProblem } from '../problem/problem.ts'
import { type SummaryOptions, summaryPages } from '../comment/summary.ts'
import { changeTitle, quietTitle, trafficStatement } from '../comment/traffic.ts'
import { counted, moreLine } from '../markdown/lists.ts'
import { progressLine, verdictLine } from '../gate/verdict.ts'

/** The size limits for the parts of a summary, in bytes. A table and a list fit together. */
const ROOM = { table: 20_000, list: 35_000, bars: 5_000, notes: 8_000 }
/** GitHub takes these in three requests. Nobody reads more annotations, and the summary lists all problems. */
const MAX_ANNOTATIONS = 150
const MAX_NOTES = 20

/** `comment`: how the comment is written that begins the diff. */
export function validateReport(review: Review, comment?: SummaryOptions): CheckReport {
  const { problems, notes } = review
  const { text } = summaryPages(review, comment)
  const report = { name: 'canary/validate', ...(text === undefined ? {} : { text }) } as const
  if (problems.length > 0) {
    const title =
      problems.length === 1
        ? plainWords(problems.map((problem) => explainProblem(problem).what)[0] ?? '')
        : `${problems.length} problems`
    return {
      ...report,
      conclusion: problems.every(isNotSeen) ? 'action_required' : 'failure',
      title: titleText(title),
      summary: bounded(
        paragraphs(
          fitLines(
            problems.map((problem) => problemLine(problem)),
            ROOM.list,
            moreProblems,
          ).join('\n'),
          noteList(notes),
          toolWords(review),
        ),
      ),
      annotations: [
        ...problems.flatMap((problem) => annotation(problem, 'failure')).slice(0, MAX_ANNOTATIONS),
        ...noteAnnotations(notes),
      ],
    }
  }
  const title = review.changes.length === 0 ? quietTitle(review) : review.changes.map(changeTitle).join(', ')
  return {
    ...report,
    conclusion: 'success',
    title: titleText(title),
    summary: bounded(
      paragraphs(
        trafficStatement(review, { room: ROOM.table, repository: undefined }),
        noteList(notes),
        toolWords(review),
      ),
    ),
    ...(notes.length === 0 ? {} : { annotations: noteAnnotations(notes) }),
  }
}

/** The programs that checked it, because another version may find something else. */
function toolWords({ renderer, validators }: Review): string | undefined {
  const rendered = renderer === undefined ? [] : [`Rendered with ${code(renderer)}.`]
  const checked = validators.length === 0 ? [] : [`Checked with ${list(validators)}.`]
  return rendered.length + checked.length === 0 ? undefined : [...rendered, ...checked].join(' ')
}

/** Notes: problems that were there before, and other facts worth knowing. They never make a check red. */
function noteList(notes: readonly Problem[]): string {
  if (notes.length === 0) return ''
  const lines = notes.map((note) => problemLine(note, note.level === 'warning' ? '⚠️' : 'ℹ️'))
  return `**Worth knowing**\n\n${fitLines(lines, ROOM.notes, moreProblems).join('\n')}`
}

function noteAnnotations(notes: readonly Problem[]): readonly CheckAnnotation[] {
  return notes.flatMap((note) => annotation(note, note.level ?? 'notice')).slice(0, MAX_NOTES)
}

function moreProblems(left: number): string {
  return `- … and ${counted(left, 'more problem')}: \`perch validate\` in a checkout lists them all.`
}

export function gateReport(review: Review): CheckReport {
  const name = 'canary/gate'
  if (review.problems.length > 0) {
    if (review.problems.every(isNotSeen)) {
      const summary = '`canary/validate` could not check everything, and says why. Perch judges the merge when it can.'
      return { name, conclusion: 'action_required', title: 'Unknown: see canary/validate', summary }
    }
    const summary = '`canary/validate` found problems. Perch judges the merge when they are fixed.'
    return { name, conclusion: 'failure', title: 'Fix canary/validate first', summary }
  }
  const verdicts = verdictsOf(review)
  const open = verdicts.filter(({ state }) => state !== 'pass')
  const promoted = review.promotion === undefined ? [] : [`- Promotes ${code(review.promotion.name)}`]
  const changes = [
    ...promoted,
    ...review.changes.flatMap((change) => [
      `- ${code(changeTitle(change))}`,
      ...(change.widened ?? []).map((rise) => `- ${riseWords(rise)}`),
    ]),
  ]
  const lines = verdicts.map((verdict) => `- ${verdictLine(verdict)}`)
  const summary = paragraphs(
    fitLines(changes, ROOM.table, moreLine).join('\n') || `${quietTitle(review)}: nothing to wait for.`,
    fitLines(lines, ROOM.list, moreLine).join('\n'),
    fitLines(
      verdicts.flatMap((verdict) => progressLine(verdict) || []),
      ROOM.bars,
      moreLine,
    ).join('\n'),
  )
  const measured = measurements(verdicts)
  const report = { name, summary, ...(measured === undefined ? {} : { text: measured }) } as const
  const title = isGated(review) ? gateTitle(verdicts) : quietTitle(review)
  if (open.length === 0) return { ...report, conclusion: 'success', title }
  const isBlocked = open.some(({ state }) => state === 'block')
  return { ...report, conclusion: isBlocked ? 'failure' : 'action_required', title }
}

/** The measurements in tables. The line of the gate says the same in a sentence. */
function measurements(verdicts: readonly Verdict[]): string | undefined {
  const analysed = verdicts.filter(({ gate }) => gate === 'analysis')
  if (analysed.length === 0) return undefined
  const tables = analysed.map(({ target, reason }) =>
    reason.code === 'analysis'
      ? `**${code(target)}**\n\n${analysisTable(reason.report)}`
      : `**${code(target)}**\n\nNothing has been measured yet.`,
  )
  return bounded(tables.join('\n\n'))
}

/** Both checks while Perch works. A required check shows this until it is concluded. */
export function workingReports(): readonly CheckReport[] {
  return (['canary/validate', 'canary/gate'] as const).map((name) => ({
    name,
    conclusion: undefined,
    title: 'Reading and rendering',
    summary:
      'Perch is rendering the environments that this pull request can touch. This check is concluded when that is done.',
  }))
}

/** Both checks of a commit that nothing would merge now. They are never green, because the commit may become the head of a pull request. */
export function idleReports(): readonly CheckReport[] {
  return (['canary/validate', 'canary/gate'] as const).map((name) => ({
    name,
    conclusion: 'action_required',
    title: 'Nothing to judge',
    summary:
      'This commit is not the head of an open pull request, nor of a merge group, so there is no merge to judge. Open or reopen a pull request for it, or re-run the checks of the newest commit.',
  }))
}

/** A failure outside the pull request. `detail`: the message of the error, if Perch may show it. */
export function outageWords(detail: string): string {
  const last =
    detail === '' ? "The service's log has the reason." : `The last time: ${code(detail.slice(0, MAX_DETAIL))}.`
  return `Something outside this pull request failed several times: GitHub, Git or the renderer did not answer as they should. ${last}`
}

const MAX_DETAIL = 300

/** Both checks when Perch gave up on a commit: red, because unknown is never green. `reason`: Markdown that Perch wrote. */
export function failedReports(reason: string): readonly CheckReport[] {
  return (['canary/validate', 'canary/gate'] as const).map((name) => ({
    name,
    conclusion: 'failure',
    title: 'Perch could not finish this check',
    summary: bounded(`${reason} Perch tries again by itself. To try now, press **Re-run** above.`),
  }))
}

function problemLine(problem: Problem, mark = '⛔'): string {
  const place = problem.file === undefined ? '' : ` (${code(`${problem.file}:${problem.line}`)})`
  const { what, next } = explainProblem(problem)
  return `- ${mark} ${what}${place} ${next}`
}

function annotation(problem: Problem, level: CheckAnnotation['level']): CheckAnnotation[] {
  if (problem.file === undefined) return []
  const { file: path, line, code: title } = problem
  const { what, next } = explainProblem(problem)
  return [{ path, line, level, title: titleText(title), message: plainWords(`${what} ${next}`) }]
}
