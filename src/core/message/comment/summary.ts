import { concernsTraffic, type Review, type ReviewedChange, verdictsOf } from '../../gate/review.ts'
import { SUMMARY_MARKER } from '../../marker/comment.ts'
import { isBlueGreen, planOf } from '../../rollout/target.ts'
import { fitLines, MAX_BODY, sizeOf } from '../../text/limits.ts'
import { commitAddress } from '../../text/web-url.ts'
import { type DiffPage, diffPages, diffWords, sharedDiffs } from './diff.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, linked, paragraphs } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'
import { planPicture } from '../markdown/plan-picture.ts'
import { explainProblem } from '../problem/problem.ts'
import { HOW_TO_TURN_OFF, newVersionTitle, newVersionWords } from './new-version-words.ts'
import { nextStepWords } from './next-step-words.ts'
import { changeTitle, quietTitle, trafficStatement } from './traffic.ts'
import { counted } from '../markdown/lists.ts'
import { overwrittenWords } from '../refusal/owner-refusal.ts'
import { gatesLeft } from '../gate/gate-title.ts'
import { verdictLine } from '../gate/verdict.ts'

/** The size limit of each part of the comment, in bytes. The diff gets the rest. */
const ROOM = { table: 16_000, gates: 8_000, problems: 8_000, words: 4_000, closing: 600 }
/** More would not fit on the first line of a phone. */
const MAX_TITLES = 3

/** How the comment is written. The check needs the same, because its part of the diff begins where the comment's ends. */
export interface SummaryOptions {
  readonly isFork?: boolean
  /** The address of the repository's page. Without it there are no links. */
  readonly repository?: string | undefined
  /** The time of the review, epoch milliseconds. */
  readonly at?: number
}

const LOOKED_AT = /(?<=^<sub>Looked at commit .*) on [-\d]{10} [:\d]{8} UTC\./m

/** Whether two texts of the comment say the same, whenever their reviews were. */
export function isSameSummary(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => text.trim().replace(LOOKED_AT, ''))
  return first === second
}

/**
 * The comment at the top of a pull request (what would change, where the plan is, what the gate waits for), and the text of the
 * check `canary/validate`, which has the part of the diff that does not fit into the comment.
 */
export function summaryPages(
  review: Review,
  { isFork = false, ...look }: SummaryOptions = {},
): { readonly comment: string; readonly text: string | undefined } {
  const offer = newVersionWords(review, isFork)
  const diffs = sharedDiffs(review.diffs)
  const total = diffs.reduce((sum, { resources }) => sum + resources.length, 0)
  const above = paragraphs(opening(review, look.repository), offer)
  const words = diffWords(review.diffs, ROOM.words)
  const footer = `<sub>${lookedAt(review, look)}\`/canary help\` lists the commands.</sub>`
  // Without traffic there is often no comment. Then the check has the whole diff.
  const room = concernsTraffic(review) ? MAX_BODY - sizeOf(paragraphs(above, words, footer)) - ROOM.closing : 0
  const [first, second] = diffPages(diffs, [room, MAX_BODY - sizeOf(words) - ROOM.closing])
  const pages = { first: first ?? NO_PAGE, second: second ?? NO_PAGE }
  const left = total - pages.first.shown
  const whole = paragraphs(above, words, pages.first.text, closingOfComment(review, pages, total), footer)
  return {
    comment: bounded(offer === '' || concernsTraffic(review) ? whole : firstComment(review, offer)),
    text: left === 0 ? undefined : bounded(paragraphs(words, pages.second.text, closingOfText(review, pages, total))),
  }
}

function lookedAt({ compared }: Review, { repository, at }: Pick<SummaryOptions, 'repository' | 'at'>): string {
  if (compared === undefined) return ''
  const page = repository && commitAddress(repository, compared.head)
  const when = at === undefined ? '' : ` on ${time(at)}`
  return `Looked at commit ${linked(compared.head.slice(0, 12), page)}${when}. `
}

/** The comment while nothing moves yet. It names no commit, so that Perch need not edit it after each push. */
function firstComment(review: Review, offer: string): string {
  const footer = `<sub>\`/canary help\` lists the commands. ${HOW_TO_TURN_OFF}</sub>`
  return paragraphs(SUMMARY_MARKER, `**${newVersionTitle(review)}** · no traffic yet`, offer, footer)
}

const NO_PAGE: DiffPage = { text: '', shown: 0, isCut: false }

function opening(review: Review, repository: string | undefined): string {
  const gates = verdictsOf(review).map((verdict) => `- ${verdictLine(verdict)}`)
  const problems = review.problems.map(explainProblem).map(({ what, next }) => `- ⛔ ${what} ${next}`)
  return paragraphs(
    SUMMARY_MARKER,
    story(review),
    trafficStatement(review, { room: ROOM.table, repository }),
    picture(review),
    ...review.changes.flatMap(overwritten).slice(0, MAX_TITLES),
    section('Gates', fitLines(gates, ROOM.gates, moreIn('`canary/gate`'))),
    section('Problems', fitLines(problems, ROOM.problems, moreIn('`canary/validate`'))),
    nextStepWords(review),
  )
}

/** Every rollout that moves, and what the merge waits for. A phone shows little more than that. */
function story(review: Review): string {
  const { changes, problems } = review
  const titles = changes.slice(0, MAX_TITLES).map((change) => code(changeTitle(change)))
  const others = changes.length - titles.length
  const state = problems.length > 0 ? `⛔ ${counted(problems.length, 'problem')}` : stateWords(changes)
  const what = [...titles, ...(others > 0 ? [counted(others, 'more rollout')] : [])].join(', ')
  return `**${what || quietTitle(review)}**${state === '' ? '' : ` · ${state}`}`
}

function stateWords(changes: readonly ReviewedChange[]): string {
  const verdicts = changes.flatMap(({ verdicts: all }) => all)
  if (changes.length === 0) return ''
  const mark = verdicts.some(({ state }) => state === 'block') ? '⛔' : '⏳'
  const open = verdicts.filter(({ state }) => state !== 'pass')
  if (open.length === 0) return '✅ ready to merge'
  const [first] = open
  const isOne = open.length === 1 && first?.reason.code === 'approvals'
  return `${mark} ${gatesLeft(verdicts)}${isOne ? ` (${first.reason.has} of ${first.reason.wanted})` : ''}`
}

/** The plan of the first rollout that moves in steps. The title names all rollouts. */
function picture({ changes }: Review): string | undefined {
  const change = changes.find(
    ({ target, leaving }) => !isBlueGreen(target) && target.owner === undefined && leaving === undefined,
  )
  if (change === undefined) return undefined
  const isKnown = change.unknown === undefined || change.unknown.length === 0
  return isKnown ? planPicture({ plan: planOf(change.target), now: change.from, next: change.to }) : undefined
}

/** What happens if a pull request changes weights that a controller writes. */
function overwritten({ target }: ReviewedChange): readonly string[] {
  return target.owner === undefined ? [] : [`⚠️ ${overwrittenWords(target, target.owner)}`]
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
