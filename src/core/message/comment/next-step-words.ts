import type { Review } from '../../gate/review.ts'
import { isNotSeen } from '../../problem/problem.ts'
import { targetName } from '../../rollout/target.ts'
import { code, fence, paragraphs, percent } from '../markdown/markdown.ts'

/** What a person can do now, with the commands to paste. */
export function nextStepWords(review: Pick<Review, 'changes' | 'problems'>): string {
  const { changes, problems } = review
  if (problems.length > 0 && problems.every(isNotSeen) && problems.some(({ cause }) => cause.kind !== 'not-rendered'))
    return paragraphs(
      '**Next:** do what is listed under Problems. Perch does not know yet what the API server says. To ask it again, comment:',
      fence('/canary retry', 'text'),
    )
  if (problems.length > 0 && problems.every(isNotSeen))
    return '**Next:** wait. Perch could not check everything, and tries again by itself.'
  if (problems.length > 0)
    return '**Next:** fix what is listed under Problems and push. Perch then checks again by itself.'
  if (changes.length === 0) return ''
  const open = changes.flatMap(({ verdicts }) => verdicts).filter(({ state }) => state !== 'pass')
  const isBlocked = open.some(({ state }) => state === 'block')
  // A rollback needs traffic on the canary. A change to 0% is one already, or the end of the rollout.
  const abort = changes.some(({ from, to }) => from > 0 && to > 0) ? ['/canary abort'] : []
  if (open.length === 0) return paragraphs(mergeWords(changes), commands('To roll back instead, comment:', abort))
  const what = isBlocked
    ? '**Next:** do what the gates with ⛔ ask for. Perch then checks again by itself.'
    : '**Next:** wait until every gate has a ✅. Perch checks again by itself.'
  const choice =
    abort.length === 0
      ? 'To see how to pass each gate, comment:'
      : 'To see how to pass each gate, or to roll back, comment:'
  return paragraphs(what, commands(choice, ['/canary why', ...abort]))
}

function mergeWords(changes: Review['changes']): string {
  const lowered = changes.flatMap(({ target, from, loweredFrom }) =>
    loweredFrom === undefined ? [] : [`${code(targetName(target))} from ${percent(loweredFrom)} to ${percent(from)}`],
  )
  if (lowered.length === 0) return '**Next:** merge this pull request. No gate holds it back.'
  return `**Next:** merge this pull request when the canary may have more traffic again. Perch does not merge it by itself, because somebody lowered ${lowered.join(' and ')}.`
}

/** Each command in a block of its own, which people can copy with one click on GitHub. */
function commands(words: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : paragraphs(words, ...lines.map((line) => fence(line, 'text')))
}
