import type { Writer } from '../../owner/owned-routes.ts'
import type { WeightOwner } from '../../owner/weight-owner.ts'
import type { LimitMove } from '../../rollout/intend.ts'
import { type Target, targetName } from '../../rollout/target.ts'
import type { Outcome, OwnedRollout } from '../../command/outcome.ts'
import type { LimitProblem } from '../../owner/limit.ts'
import type { OwnerRefusal } from '../../refusal/owner-refusal.ts'
import { code, list, percent } from '../markdown/markdown.ts'

/** The names of the controllers, for people. */
export const WRITER_NAMES: Readonly<Record<Writer, string>> = { flagger: 'Flagger', 'argo-rollouts': 'Argo Rollouts' }

/** The answer to a command that set a limit. */
export function limitedWords({ name, writer, from, to, sha }: Extract<Outcome, { code: 'limited' }>): string {
  const who = WRITER_NAMES[writer]
  if (sha === undefined)
    return `✅ ${who} already gives the canary of ${code(name)} at most ${percent(to)}: nothing to change.`
  return `✅ ${who} moves ${code(name)}. With ${sha.slice(0, 7)} on this pull request, it gives the canary at most **${percent(to)}** before it promotes it (until now ${percent(from)}). No weight in Git changes.`
}

/** What a pull request with a limit does. */
export function limitBody(target: Target, { owner, to }: LimitMove): string {
  return `${movesWords(targetName(target), owner)}. With this change, it gives the canary at most **${percent(to)}** before it promotes it. No weight in Git changes.`
}

/** `Flagger moves the traffic of …`, with the object that says so. */
function movesWords(name: string, { writer, title, place }: Pick<WeightOwner, 'writer' | 'title' | 'place'>): string {
  return `${WRITER_NAMES[writer]} moves the traffic of ${code(name)} (${code(title)} at ${code(`${place.file}:${place.line}`)})`
}

/** Who moves the traffic, and how a person can steer that. */
const WAYS: Readonly<Record<Writer, string>> = {
  flagger:
    'It starts by itself when the pods change in Git. `spec.analysis` of that object sets how far and how fast it goes. `/canary <percent>` sets the highest share of the canary. Change the rest there, in a pull request.',
  'argo-rollouts':
    'It starts by itself when the pods change in Git. Its steps are in `spec.strategy.canary.steps` of that object. `/canary <percent>` sets their highest share of the canary. Change the rest there, in a pull request. To control a rollout that has begun, use `kubectl argo rollouts promote` or `abort`.',
}

/** What happens to weights in Git that a person changes. */
export function overwrittenWords(target: Target, owner: WeightOwner): string {
  return `${movesWords(targetName(target), owner)} and overwrites these weights. With Argo CD, \`ignoreDifferences\` on the weights keeps the two from fighting.`
}

/** Why nothing was committed. */
export function explainOwner({ name, writer, title, file, line, why }: OwnerRefusal): string {
  const who = WRITER_NAMES[writer]
  const moves = movesWords(name, { writer, title, place: { file, line } })
  if (why === undefined)
    return `${moves} and would overwrite weights that Perch commits, so nothing was committed. ${WAYS[writer]} If Perch should move the traffic, remove the traffic routing from that object.`
  if (why.code === 'not-all')
    return `${moves}, but it does not move ${list(why.others)}. One command cannot do both, so nothing was committed. Write one command for each environment, with \`--env\`.`
  if (why.code === 'elsewhere')
    return `${moves}. That object is in environment ${code(why.environment)}, but Perch changes only objects in the environment of the rollout. Change its steps there, in a pull request.`
  return `${who} moves the traffic of ${code(name)}, so ${code('/canary <percent>')} sets the highest share of the canary in ${code(title)} at ${code(`${file}:${line}`)}. ${limitProblemWords(why, writer)}`
}

/** How to roll back rollouts that controllers move, which Perch cannot abort. */
export function abortedElsewhere(owned: readonly OwnedRollout[]): readonly string[] {
  return owned.map(
    ({ name, owner }) => `Perch does not abort ${code(name)}. ${movesWords(name, owner)}. ${abortWay(owner)}`,
  )
}

function abortWay({ writer, identity: { name, namespace } }: WeightOwner): string {
  const place = namespace === '' ? '' : ` --namespace ${namespace}`
  switch (writer) {
    case 'flagger':
      return 'It rolls back by itself if its analysis fails. To roll back now, restore the old version in Git: when that is applied, Flagger first sends all traffic to the primary version.'
    case 'argo-rollouts':
      return `${code(`kubectl argo rollouts abort ${name}${place}`)} sends all traffic back. Then restore the old version in Git.`
  }
}

function limitProblemWords(why: LimitProblem, writer: Writer): string {
  switch (why.code) {
    case 'not-whole':
      return 'The share must be a whole percent from 1 to 100. To stop a rollout that has begun, use the controller. To roll back, restore the old version in Git.'
    case 'no-number':
      return 'One of the numbers there is not a whole number. Correct it, then comment again.'
    case 'no-steps':
      return writer === 'flagger'
        ? 'It has no weight steps: `skipAnalysis` or `iterations` is set, or `stepWeight` and `stepWeights` are missing. Remove `skipAnalysis` and `iterations` there, and set `maxWeight` and `stepWeight`, in a pull request.'
        : 'It has no step with `setWeight`, so all traffic moves at once. Add steps there, in a pull request.'
    case 'two-plans':
      return 'It has both `stepWeight` and `stepWeights`: Flagger then goes up by `stepWeight` until it reaches the last of `stepWeights`, and `maxWeight` has no effect. Remove one of them there, in a pull request, then comment again.'
    case 'other-scale':
      return 'Its `maxTrafficWeight` is not 100, so its weights are not percents. Change the steps there, in a pull request.'
    case 'uneven':
      return `Flagger raises the share by ${code('stepWeight')} each time, here by ${why.step}%. It would not stop at this share, but continue to ${why.reaches}%. Ask for ${why.near.map((one) => `${one}%`).join(' or ')}, or change ${code('stepWeight')} there.`
  }
}
