import type { Review } from '../../gate/review.ts'
import type { CheckReport, CheckSubject, Conclusion } from '../../rollout/facts.ts'
import { clip, fitLines, MAX_TITLE } from '../../text/limits.ts'
import type { SummaryOptions } from '../comment/summary.ts'
import { buttonsFor } from './buttons.ts'
import { gateReport, validateReport } from './checks.ts'
import { bounded } from '../markdown/bounded.ts'
import { firstOf, moreLine } from '../markdown/lists.ts'
import { code, paragraphs, plainText } from '../markdown/markdown.ts'

/** The checks of one merge of a commit, and what they are about. */
export interface MergeReports extends CheckSubject {
  /** The deployed branch that the commit was judged for: `base` itself, unless nothing deploys that one. */
  readonly judgedFor: string
  readonly validate: CheckReport
  readonly gate: CheckReport
}

interface Merge extends CheckSubject {
  readonly judgedFor: string
  /** The pull request is a step that Perch opened, which has more buttons. */
  readonly isStep: boolean
  /** How the comment on the pull request is written. Undefined if there is none. */
  readonly comment: SummaryOptions | undefined
}

/** The checks of one merge. */
export function mergeReports(review: Review, merge: Merge): MergeReports {
  const { pull, base, judgedFor, isStep, comment } = merge
  const validate = validateReport(review, comment)
  const gate = { ...gateReport(review), actions: buttonsFor(review, isStep) }
  const subject = { pull, base, judgedFor }
  if (!review.problems.some(({ code: name }) => name === 'not-judged')) return { ...subject, validate, gate }
  // The commit has no known problem. Perch just cannot judge it for that branch.
  const open = { conclusion: 'action_required', title: `Not judged for a merge into ${judgedFor}` } as const
  return { ...subject, validate: { ...validate, ...open }, gate: { ...gate, ...open, summary: validate.summary } }
}

const BADNESS = { success: 0, action_required: 1, failure: 2 } as const satisfies Record<Conclusion, number>

/** The size limit for the list of a commit's merges, in bytes. */
const ROOM = 8_000

/** Both checks of a commit: the worst result over all merges that these checks would allow. */
export function commitReports(merges: readonly MergeReports[]): readonly CheckReport[] {
  const counted = countedOf(merges)
  return (['validate', 'gate'] as const).flatMap((name) => {
    const worst = counted.reduce<MergeReports | undefined>(
      (one, other) => (one !== undefined && badness(one[name]) >= badness(other[name]) ? one : other),
      undefined,
    )
    if (worst === undefined) return []
    const report = worst[name]
    const isOne = counted.length === 1
    return {
      ...report,
      title: clip(isOne ? report.title : `${nameOf(worst)}: ${report.title}`, MAX_TITLE),
      summary: bounded(paragraphs(isOne ? '' : severalWords(counted, name), report.summary, footer(merges, worst))),
      subjects: merges.map(({ pull, base }) => ({ pull, base })),
    }
  })
}

/**
 * A pull request against a branch that nothing deploys is judged for the deployed branch. If another pull request merges the same commit
 * there, only the verdict of that one counts, with its approvals and overrides.
 */
function countedOf(merges: readonly MergeReports[]): readonly MergeReports[] {
  const direct = new Set(merges.filter(isDirect).map(({ base }) => base))
  return merges.filter((merge) => isDirect(merge) || !direct.has(merge.judgedFor))
}

function isDirect({ base, judgedFor }: MergeReports): boolean {
  return base === judgedFor
}

function badness({ conclusion }: CheckReport): number {
  return conclusion === undefined ? BADNESS.failure : BADNESS[conclusion]
}

function nameOf({ pull }: CheckSubject): string {
  return pull === undefined ? 'Merge queue' : `#${pull}`
}

function mergeName(merge: MergeReports): string {
  return `${nameOf(merge)} into ${code(merge.base)}`
}

const MARKS = { success: '✅', action_required: '⏳', failure: '⛔' } as const satisfies Record<Conclusion, string>

function severalWords(counted: readonly MergeReports[], name: 'validate' | 'gate'): string {
  const lines = counted.map((merge) => {
    const { conclusion = 'failure', title } = merge[name]
    return `- ${MARKS[conclusion]} ${mergeName(merge)}: ${plainText(title)}`
  })
  return paragraphs(
    `${counted.length} possible merges contain this commit, and GitHub shows the same check for all of them. The check shows the worst result:`,
    fitLines(lines, ROOM, moreLine).join('\n'),
  )
}

/** How many merges one line names. */
const MAX_NAMES = 10

/** Which merges the check is about. */
function footer(merges: readonly MergeReports[], worst: MergeReports): string {
  const direct = merges.filter(isDirect).map(mergeName)
  const others = merges.filter((merge) => !isDirect(merge))
  const [stacked] = others
  if (stacked === undefined) return `<sub>Judged: ${firstOf(direct, MAX_NAMES)}.</sub>`
  const names = firstOf(others.map(mergeName), MAX_NAMES)
  const why = isDirect(worst)
    ? ''
    : ` This check shows what a merge of this commit into ${code(worst.judgedFor)} needs. Approvals and overrides given here do not count there.`
  const judged = direct.length === 0 ? '' : `Judged: ${firstOf(direct, MAX_NAMES)}. `
  return `<sub>${judged}Nothing deploys the base of ${names}, so that merge itself does not need Perch.${why}</sub>`
}

/** Replaces the verdict of a commit that has lost its last pull request, so that the old verdict does not allow the merge of another one. */
export function orphanReport(): CheckReport {
  return {
    name: 'canary/gate',
    conclusion: 'action_required',
    title: 'No open pull request has this commit',
    summary: 'Perch judges this commit again as soon as an open pull request has it as its head.',
    subjects: [],
  }
}
