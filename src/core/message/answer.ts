import { COMMANDS } from '../command/commands.ts'
import type { Standing } from '../rollout/standing.ts'
import { planOf, targetName } from '../rollout/target.ts'
import { bounded } from './limits.ts'
import { code, paragraphs, percent, plainText, table } from './markdown.ts'
import { type ProofOfEdit, proofWords } from './proof.ts'
import { planPicture } from './plan-picture.ts'
import { explainRefusal, type Refusal } from './refusal.ts'

/** What came of a command. */
export type Outcome =
  | { readonly code: 'refused'; readonly refusal: Refusal }
  | {
      readonly code: 'set'
      readonly name: string
      readonly from: number
      readonly to: number
      readonly sha: string
      readonly proof: ProofOfEdit | undefined
    }
  | { readonly code: 'already'; readonly name: string; readonly share: number }
  | { readonly code: 'proposed'; readonly title: string; readonly pull: number }
  | { readonly code: 'aborted'; readonly closed: readonly number[]; readonly rollback: number | undefined }
  | { readonly code: 'status'; readonly standings: readonly StandingLine[] }
  | { readonly code: 'help' }

export interface StandingLine {
  readonly standing: Standing
  /** The open pull requests of this rollout. */
  readonly open: readonly number[]
}

/** Marks the one answer to a comment, so that it is given once. */
export function answerMarker(comment: number): string {
  return `<!-- perch:answer:${comment} -->`
}

/** The comment that one of ours answers. Only the very start counts: further down we quote what others wrote. */
export function answeredIn(body: string): number | undefined {
  const match = /^<!-- perch:answer:(\d+) -->/.exec(body)
  return match === null ? undefined : Number(match[1])
}

/** One comment that answers all commands of another. */
export function answer(
  comment: number,
  login: string,
  outcomes: readonly { readonly command: string; readonly outcome: Outcome }[],
): string {
  const parts = outcomes.map(({ command, outcome }) => `> ${code(command)} from ${code(login)}\n\n${words(outcome)}`)
  return bounded(paragraphs(answerMarker(comment), ...parts))
}

function words(outcome: Outcome): string {
  switch (outcome.code) {
    case 'refused':
      return `⛔ ${explainRefusal(outcome.refusal)}`
    case 'set':
      return `✅ ${code(outcome.name)}: ${percent(outcome.from)} → **${percent(outcome.to)}** on this pull request, in ${outcome.sha.slice(0, 7)}. The checks say what a merge waits for.${proofParagraph(outcome.proof)}`
    case 'already':
      return `✅ ${code(outcome.name)} is at ${percent(outcome.share)} already: nothing to change.`
    case 'proposed':
      return `✅ #${outcome.pull}: ${plainText(outcome.title)}`
    case 'aborted':
      return abortWords(outcome)
    case 'status':
      return statusWords(outcome.standings)
    case 'help':
      return helpWords()
  }
}

function proofParagraph(proof: ProofOfEdit | undefined): string {
  const words = proofWords(proof, code)
  return words === '' ? '' : `\n\n${words}`
}

function abortWords({ closed, rollback }: Extract<Outcome, { code: 'aborted' }>): string {
  const steps = closed.length === 0 ? 'No step was open.' : `Closed ${closed.map((number) => `#${number}`).join(', ')}.`
  return rollback === undefined
    ? `🛑 ${steps} The canary has no traffic.`
    : `🛑 ${steps} Merge #${rollback} to send all traffic back: it has nothing to wait for.`
}

const PHASES = {
  idle: 'no canary traffic',
  'by-hand': 'moved by hand (no annotation): Perch shows it and leaves it alone',
  stepping: 'rolling out',
  'finishing-version': 'finishing: the stable version becomes the canary’s',
  'finishing-weights': 'finishing: the weights go back to 100/0',
} as const satisfies Record<Standing['phase'], string>

function statusWords(lines: readonly StandingLine[]): string {
  if (lines.length === 0) return 'No rollout belongs to this pull request.'
  const rows = lines.map(({ standing, open }) => [
    code(targetName(standing.target)),
    percent(standing.share),
    standing.versions === undefined
      ? '–'
      : `${plainText(standing.versions.stable)} → ${plainText(standing.versions.canary)}`,
    PHASES[standing.phase],
    open.length === 0 ? '–' : open.map((number) => `#${number}`).join(', '),
  ])
  const moving = lines.filter(({ standing }) => standing.share > 0)
  const pictures = moving.map(({ standing }) =>
    planPicture({ plan: planOf(standing.target), now: standing.share, next: undefined }),
  )
  return paragraphs(table(['Rollout', 'Canary', 'Versions', 'State', 'Open'], rows), ...pictures)
}

function helpWords(): string {
  const rows = Object.values(COMMANDS).map(({ usage, does, needs }) => [code(usage), does, needs])
  return table(['Command', 'Does', 'Needs'], rows)
}
