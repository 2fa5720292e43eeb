import { COMMAND_NAMES, COMMANDS, usageOf } from '../../command/commands.ts'
import { isOverridable } from '../../gate/names.ts'
import { type Review, verdictsOf } from '../../gate/review.ts'
import { answerMarker, buttonMarker } from '../../marker/comment.ts'
import { overrideMarker } from '../../marker/override.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, list, paragraphs, percent, plainText, table } from '../markdown/markdown.ts'
import { proofWords } from './proof.ts'
import { explainProblem } from '../problem/problem.ts'
import { promotionPreview } from '../pull-request/promotion.ts'
import { planWords } from '../pull-request/pull-request.ts'
import { abortedElsewhere, limitedWords } from '../refusal/owner-refusal.ts'
import { explainRefusal } from '../refusal/refusal.ts'
import { diffPages, diffWords } from './diff.ts'
import { planStatusWords, statusWords } from './status.ts'
import { time } from '../markdown/time.ts'
import { changeTitle } from './traffic.ts'
import { remedy, verdictLine } from '../gate/verdict.ts'
import type { AbortResult, Outcome, ProofOfEdit } from '../../command/outcome.ts'

/** GitHub's limit for a comment is 65,536 characters, and a comment has more parts than the diff. */
const ROOM_FOR_DIFF = 50_000
const ROOM_FOR_WORDS = 4_000

/** The answer to a button on a check. */
export function buttonAnswer(
  pressed: { readonly id: string; readonly name: string; readonly login: string },
  outcome: Outcome,
): string {
  return paragraphs(
    buttonMarker(pressed.id),
    `> ${code(pressed.name)}, a button, by ${code(pressed.login)}`,
    words(outcome),
  )
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

/** The answer to a comment whose commands Perch has already carried out, if the first answer is lost. */
export function repeatedAnswer(comment: number, login: string): string {
  const words = `Perch has already carried out this comment of ${code(login)}, but its answer is gone. \`/canary status\` shows where the rollouts stand. To carry it out again, comment again.`
  return paragraphs(answerMarker(comment), words)
}

function words(outcome: Outcome): string {
  switch (outcome.code) {
    case 'refused':
      return `⛔ ${explainRefusal(outcome.refusal)}${outcome.refusal.code === 'github-refused' ? ' Then comment again.' : ''}`
    case 'set':
      return `✅ ${code(outcome.name)}: ${percent(outcome.from)} → **${percent(outcome.to)}** on this pull request, in ${outcome.sha.slice(0, 7)}. Next: \`canary/gate\` shows what is still needed before you can merge.${proofParagraph(outcome.proof)}`
    case 'switched':
      return outcome.sha === undefined
        ? `✅ All traffic of ${code(outcome.name)} already goes to ${code(outcome.to)}: nothing to change.`
        : `✅ ${code(outcome.name)}: ${code(outcome.from)} → **${code(outcome.to)}**, all traffic at once, on this pull request, in ${outcome.sha.slice(0, 7)}. Next: \`canary/gate\` shows what is still needed before you can merge.${proofParagraph(outcome.proof)}`
    case 'limited':
      return `${limitedWords(outcome)}${proofParagraph(outcome.proof, 'object')}`
    case 'committed':
      return `✅ Done in ${outcome.sha.slice(0, 7)}: ${plainText(outcome.headline)}`
    case 'already':
      return `✅ ${code(outcome.name)} is already at ${percent(outcome.share)}: nothing to change.`
    case 'proposed':
      return `✅ #${outcome.pull}: ${plainText(outcome.title)}`
    case 'previewed':
      return promotionPreview(outcome.promotion)
    case 'aborted':
      return abortWords(outcome)
    case 'status':
      return statusWords(outcome)
    case 'help':
      return helpWords()
    case 'plan':
      return planStatusWords(outcome)
    case 'planned':
      return plannedAnswer(outcome)
    case 'held':
      return heldWords(outcome)
    case 'resumed':
      return `▶️ Resumed: ${list(outcome.names)}.`
    case 'frozen':
      return frozenWords(outcome)
    case 'unfrozen':
      return `▶️ Raises in ${code(outcome.environment)} can continue.`
    case 'why':
      return whyWords(outcome.review)
    case 'diff':
      return diffAnswer(outcome.review)
    case 'looked-again':
      return '🔁 Perch runs both checks again. They show the result.'
    case 'overridden':
      return overrideWords(outcome)
  }
}

function heldWords({ names, isNew, isAsked = false }: Extract<Outcome, { code: 'held' }>): string {
  if (!isNew) return `⏸️ Already held: ${list(names)}.`
  const how = isAsked
    ? `Flagger stops where its webhooks ask Perch, until somebody comments \`/canary resume\`. If its analysis fails, it still rolls back.`
    : `\`canary/gate\` blocks raises until somebody comments \`/canary resume\`. ${exception('hold')}`
  return `⏸️ Held: ${list(names)}. ${how}`
}

function proofParagraph(proof: ProofOfEdit | undefined, what?: 'object'): string {
  const words = proofWords(proof, code, what)
  return words === '' ? '' : `\n\n${words}`
}

function diffAnswer({ diffs, problems }: Review): string {
  const [page] = diffPages(diffs, [ROOM_FOR_DIFF])
  const total = diffs.reduce((sum, { resources }) => sum + resources.length, 0)
  const shown = page?.shown ?? 0
  const rest =
    shown < total || page?.isCut === true ? `${shown} of ${total} shown; \`perch diff\` prints all of it.` : ''
  return paragraphs(diffWords(diffs, ROOM_FOR_WORDS), page?.text, rest) || nothingDiffers(problems)
}

function nothingDiffers(problems: Review['problems']): string {
  return problems.length === 0
    ? 'The rendered environments do not change.'
    : 'Perch found no difference in what it could render. `/canary why` lists the problems.'
}

function plannedAnswer({ name, plan, sha }: Extract<Outcome, { code: 'planned' }>): string {
  if (sha === undefined) return `✅ The plan of ${code(name)} is already ${planWords(plan)}.`
  return `✅ In ${sha.slice(0, 7)}: when this pull request merges, the plan of ${code(name)} becomes ${planWords(plan)}. The share that this pull request sets stays; \`/canary next\` makes it a step of the plan.`
}

function frozenWords({ environment, stop, isNew }: Extract<Outcome, { code: 'frozen' }>): string {
  const until = stop.until === undefined ? '' : ` until ${time(stop.until)}`
  const how = `\`canary/gate\` blocks raises there. ${code(`/unfreeze ${environment}`)} ends it. ${exception('freeze')}`
  return isNew
    ? `❄️ ${code(environment)} is frozen${until}. ${how}`
    : `❄️ ${code(environment)} is already frozen${stop.by === undefined ? '' : ` by ${code(stop.by)}`}${until}. To change that, unfreeze it first.`
}

/** What is still possible during a hold or a freeze. */
function exception(gate: 'hold' | 'freeze'): string {
  return `A maintainer can let one commit pass with ${code(`/canary override ${gate} <reason>`)}. Lowering traffic is still possible.`
}

function whyWords(review: Review): string {
  const problems = review.problems.map(explainProblem).map(({ what, next }) => `- ⛔ **validate**: ${what} ${next}`)
  const verdicts = verdictsOf(review)
  const lines = verdicts.map((verdict) => {
    const way = remedy(verdict)
    return `- ${verdictLine(verdict)}${way === '' ? '' : ` → ${way}`}`
  })
  const open = verdicts.some(({ gate, state }) => state !== 'pass' && isOverridable(gate))
  const override = open
    ? 'A maintainer can override one gate for this commit: `/canary override <gate> <reason>`.'
    : undefined
  if (problems.length + lines.length === 0) return nothingHolds(review)
  return paragraphs([...problems, ...lines].join('\n'), override)
}

function nothingHolds({ changes }: Review): string {
  if (changes.length === 0) return 'Nothing holds this pull request back, because it moves no rollout.'
  return `Nothing holds this pull request back. No gate applies to ${list(changes.map(changeTitle))}.`
}

function overrideWords({ record }: Extract<Outcome, { code: 'overridden' }>): string {
  const { gate, by, reason, sha } = record
  return paragraphs(
    overrideMarker(record),
    `⚠️ ${code(by)} has overridden the gate **${gate}** for commit ${sha.slice(0, 7)} only: ${plainText(reason)}`,
  )
}

function abortWords({ closed, rollbacks, rolledBack, unreadable, owned, takenBack = [] }: AbortResult): string {
  const isNothing = closed.length + rollbacks.length + rolledBack.length + unreadable.length === 0
  if (takenBack.length > 0 && isNothing)
    return [
      `🛑 Aborted: ${list(takenBack)}. If Flagger is in the middle of a rollout there, it rolls back the next time it asks Perch. Perch also refuses when Flagger asks to continue, until somebody comments \`/canary resume\`.`,
      ...abortedElsewhere(owned),
    ].join('\n\n')
  if (owned.length > 0 && isNothing) return `⛔ ${abortedElsewhere(owned).join('\n\n')}`
  const sentences = [closed.length === 0 ? 'No step was open.' : `Closed ${numbers(closed)}.`]
  if (rolledBack.length > 0) sentences.push(`${numbers(rolledBack)} already sent all traffic back.`)
  if (rollbacks.length > 0)
    sentences.push(
      `Merge ${numbers(rollbacks)} to send all traffic back: no gate holds ${rollbacks.length === 1 ? 'it' : 'them'}.`,
    )
  if (unreadable.length > 0)
    sentences.push(
      `Perch cannot read the canary's share of ${list(unreadable)}, so it cannot roll back. Set the weights by hand in a pull request.`,
    )
  const isIdle = rolledBack.length + rollbacks.length + unreadable.length + owned.length === 0
  const idle = isIdle ? ' On the base branch the canary has no traffic.' : ''
  return [`🛑 ${sentences.join(' ')}${idle}`, ...abortedElsewhere(owned)].join('\n\n')
}

function numbers(pulls: readonly number[]): string {
  return pulls.map((number) => `#${number}`).join(', ')
}

function helpWords(): string {
  const rows = COMMAND_NAMES.map((name) => [code(usageOf(name)), COMMANDS[name].does, COMMANDS[name].needs])
  return table(['Command', 'Does', 'Needs'], rows)
}
