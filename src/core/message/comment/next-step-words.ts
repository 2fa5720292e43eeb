import type { Verdict } from '../../gate/gate.ts'
import type { Review } from '../../gate/review.ts'
import { isNotSeen } from '../../problem/problem.ts'
import { targetName } from '../../rollout/target.ts'
import { enumerated } from '../markdown/lists.ts'
import { code, fence, paragraphs, percent } from '../markdown/markdown.ts'

/** What a person can do now, with the commands to paste. */
export function nextStepWords({ changes, problems }: Pick<Review, 'changes' | 'problems'>): string {
  if (problems.length > 0) return problemWords(problems)
  return changes.length === 0 ? '' : gateWords(changes)
}

function problemWords(problems: Review['problems']): string {
  if (!problems.every(isNotSeen))
    return '**Next:** fix what is listed under Problems and push. Perch then checks again by itself.'
  if (problems.every(({ code: problem }) => problem === 'tool-busy'))
    return '**Next:** wait. Perch could not check everything, and tries again by itself.'
  if (problems.every(({ cause }) => cause.kind === 'not-rendered'))
    return '**Next:** have the operator do what is listed under Problems. Perch could not check everything, and tries again by itself.'
  return paragraphs(
    '**Next:** do what is listed under Problems. Perch does not know yet what the API server says. To ask it again, comment:',
    fence('/canary retry', 'text'),
  )
}

function gateWords(changes: Review['changes']): string {
  const open = changes.flatMap(({ verdicts }) => verdicts).filter(({ state }) => state !== 'pass')
  // A rollback needs traffic on the canary. A change to 0% is one already, or the end of the rollout.
  const abort = changes.some(({ from, to }) => from > 0 && to > 0) ? ['/canary abort'] : []
  if (open.length === 0) return paragraphs(mergeWords(changes), commands('To roll back instead, comment:', abort))
  const isHeld = open.some(({ gate }) => gate === 'hold')
  const ways = [
    'To see how to pass each gate',
    ...(isHeld ? ['to resume the rollout'] : []),
    ...(abort.length > 0 ? ['to roll back'] : []),
  ]
  const lines = ['/canary why', ...(isHeld ? ['/canary resume'] : []), ...abort]
  return paragraphs(waitWords(open), commands(`${enumerated(ways, ', or ')}, comment:`, lines))
}

/** What has to happen before the pull request can be merged. */
function waitWords(open: readonly Pick<Verdict, 'gate' | 'state'>[]): string {
  if (open.some(({ state }) => state === 'block'))
    return '**Next:** do what the gates with ⛔ ask for. Perch then checks again by itself.'
  const gates = new Set(open.map(({ gate }) => gate))
  const asked = [
    ...(gates.has('approvals') ? ['ask for the missing approvals'] : []),
    ...(gates.has('hold') ? ['resume the rollout when it may go on'] : []),
  ]
  const needsMore = asked.length < gates.size
  const what = [...asked, ...(needsMore ? ['wait until every gate has a ✅'] : [])]
  return `**Next:** ${enumerated(what, ', and ')}. Perch ${needsMore ? '' : 'then '}checks again by itself.`
}

function mergeWords(changes: Review['changes']): string {
  const lowered = changes.flatMap(({ target, from, leftToPeople }) =>
    leftToPeople?.code === 'lowered'
      ? [`${code(targetName(target))} from ${percent(leftToPeople.from)} to ${percent(from)}`]
      : [],
  )
  const causes = [
    ...(lowered.length > 0 ? [`lowered ${lowered.join(' and ')}`] : []),
    ...(changes.some(({ leftToPeople }) => leftToPeople?.code === 'reset')
      ? ['replaced commits of the base branch']
      : []),
  ]
  if (causes.length === 0) return '**Next:** merge this pull request. No gate holds it back.'
  return `**Next:** merge this pull request when the canary may have more traffic again. Perch does not merge it by itself, because somebody ${causes.join(' and ')}.`
}

/** Each command in a block of its own, which people can copy with one click on GitHub. */
function commands(words: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : paragraphs(words, ...lines.map((line) => fence(line, 'text')))
}
