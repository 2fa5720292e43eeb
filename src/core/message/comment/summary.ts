import { concernsTraffic, type Review } from '../../gate/review.ts'
import { SUMMARY_MARKER } from '../../marker/comment.ts'
import { isBlueGreen, planOf } from '../../rollout/target.ts'
import { fitLines, MAX_BODY, sizeOf } from '../../text/limits.ts'
import { type DiffPage, diffPages, diffWords } from './diff.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, paragraphs } from '../markdown/markdown.ts'
import { planPicture } from '../markdown/plan-picture.ts'
import { explainProblem } from '../problem/problem.ts'
import { changeTitle, counted, trafficStatement } from './traffic.ts'
import { verdictLine } from '../gate/verdict.ts'

/** What each part of the comment may take, in bytes; the diff has the rest. */
const ROOM = { table: 16_000, gates: 8_000, problems: 8_000, words: 4_000, closing: 600 }
const MAX_PICTURES = 5

/**
 * The comment that stays at the top of a pull request (what would change, where the plan is, what the gate waits for), and
 * the text of the check `canary/validate`: it has what of the diff does not fit into the comment.
 */
export function summaryPages(review: Review): { readonly comment: string; readonly text: string | undefined } {
  const total = review.diffs.reduce((sum, { resources }) => sum + resources.length, 0)
  const above = opening(review)
  const words = diffWords(review.diffs, ROOM.words)
  const footer = '<sub>`/canary help` lists the commands.</sub>'
  // Without traffic there is often no comment: then the check has it all.
  const room = concernsTraffic(review) ? MAX_BODY - sizeOf(paragraphs(above, words, footer)) - ROOM.closing : 0
  const [first, second] = diffPages(review.diffs, [room, MAX_BODY - sizeOf(words) - ROOM.closing])
  const pages = { first: first ?? NO_PAGE, second: second ?? NO_PAGE }
  const left = total - pages.first.shown
  return {
    comment: bounded(paragraphs(above, words, pages.first.text, closingOfComment(review, pages, total), footer)),
    text: left === 0 ? undefined : bounded(paragraphs(words, pages.second.text, closingOfText(review, pages, total))),
  }
}

const NO_PAGE: DiffPage = { text: '', shown: 0, isCut: false }

function opening(review: Review): string {
  const pictures = review.changes
    .slice(0, MAX_PICTURES)
    .map((change) =>
      paragraphs(
        `**${code(changeTitle(change))}**`,
        isBlueGreen(change.target)
          ? undefined
          : planPicture({ plan: planOf(change.target), now: change.from, next: change.to }),
      ),
    )
  const others = review.changes.length - pictures.length
  const gates = review.changes.flatMap(({ verdicts }) => verdicts).map((verdict) => `- ${verdictLine(verdict)}`)
  const problems = review.problems.map(explainProblem).map(({ what, next }) => `- ⛔ ${what} ${next}`)
  return paragraphs(
    SUMMARY_MARKER,
    '### Canary',
    trafficStatement(review, ROOM.table),
    ...pictures,
    others > 0 ? `… and ${counted(others, 'more rollout')}.` : undefined,
    section('The gate', fitLines(gates, ROOM.gates, moreIn('`canary/gate`'))),
    section('Problems', fitLines(problems, ROOM.problems, moreIn('`canary/validate`'))),
  )
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `**${title}**\n\n${lines.join('\n')}`
}

function moreIn(check: string): (left: number) => string {
  return (left) => `- … and ${left} more, in the check ${check}.`
}

interface Pages {
  readonly first: DiffPage
  readonly second: DiffPage
}

function closingOfComment(review: Review, { first, second }: Pages, total: number): string {
  if (first.shown === total) return first.isCut ? `Not all lines are shown: ${allOfIt(review)}.` : ''
  const check = 'the check `canary/validate`'
  const begin =
    first.shown === 0
      ? `The diff of ${counted(total, 'resource')} is in ${check}`
      : `${first.shown} of ${total} resources shown, the next ${second.shown} in ${check}`
  return `${begin}, ${allOfIt(review)}.`
}

function closingOfText(review: Review, { first, second }: Pages, total: number): string {
  const last = first.shown + second.shown
  if (first.shown === 0 && last === total && !second.isCut) return ''
  const before = first.shown === 0 ? '' : ', those before them in the comment'
  return `Resources ${first.shown + 1} to ${last} of ${total} shown${before}; ${allOfIt(review)}.`
}

/** The command line that prints the whole diff, in a checkout that has both commits. */
function allOfIt({ compared }: Review): string {
  const commits = compared === undefined ? '' : ` ${compared.base.slice(0, 12)}...${compared.head.slice(0, 12)}`
  return `all of it with ${code(`perch diff${commits}`)} in a checkout`
}
