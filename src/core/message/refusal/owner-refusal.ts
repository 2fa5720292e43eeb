import type { Writer } from '../../owner/owned-routes.ts'
import type { WeightOwner } from '../../owner/weight-owner.ts'
import type { LimitMove } from '../../rollout/intend.ts'
import { type Target, targetName } from '../../rollout/target.ts'
import type { Outcome, OwnedRollout } from '../../command/outcome.ts'
import type { LimitProblem } from '../../owner/limit.ts'
import type { OwnerRefusal } from '../../refusal/owner-refusal.ts'
import { code, list, percent } from '../markdown/markdown.ts'

/** What people call a controller. */
export const WRITER_NAMES: Readonly<Record<Writer, string>> = { flagger: 'Flagger', 'argo-rollouts': 'Argo Rollouts' }

/** What became of a limit. */
export function limitedWords({ name, writer, from, to, sha }: Extract<Outcome, { code: 'limited' }>): string {
  const who = WRITER_NAMES[writer]
  if (sha === undefined)
    return `✅ ${who} gives the canary of ${code(name)} at most ${percent(to)} already: nothing to change.`
  return `✅ ${who} moves ${code(name)}. On this pull request, in ${sha.slice(0, 7)}, the most that it gives the canary before it promotes it is **${percent(to)}** (${percent(from)} before). No weight in Git changes.`
}

/** What a pull request with a limit does. */
export function limitBody(target: Target, { owner, to }: LimitMove): string {
  return `${movesWords(targetName(target), owner)}. This makes **${percent(to)}** the most that it gives the canary before it promotes it. No weight in Git changes.`
}

/** `Flagger moves the traffic of …`, with the object that says so. */
function movesWords(name: string, { writer, title, place }: Pick<WeightOwner, 'writer' | 'title' | 'place'>): string {
  return `${WRITER_NAMES[writer]} moves the traffic of ${code(name)} (${code(title)} at ${code(`${place.file}:${place.line}`)})`
}

/** Who moves the traffic, and how a person can steer that. */
const WAYS: Readonly<Record<Writer, string>> = {
  flagger:
    'It starts by itself when the pods change in Git. How far and how fast it goes is in `spec.analysis` of that object. `/canary <percent>` sets the most that it gives the canary; change the rest there, in a pull request.',
  'argo-rollouts':
    'It starts by itself when the pods change in Git. Its steps are in `spec.strategy.canary.steps` of that object. `/canary <percent>` sets the most that they give the canary; change the rest there, in a pull request. `kubectl argo rollouts promote` and `abort` move a rollout that has begun.',
}

/** What becomes of weights in Git that a person changes. */
export function overwrittenWords(target: Target, owner: WeightOwner): string {
  return `${movesWords(targetName(target), owner)} and overwrites these weights. With Argo CD, \`ignoreDifferences\` on the weights keeps the two from fighting.`
}

/** Why nothing was committed. */
export function explainOwner({ name, writer, title, file, line, why }: OwnerRefusal): string {
  const who = WRITER_NAMES[writer]
  const moves = movesWords(name, { writer, title, place: { file, line } })
  if (why === undefined)
    return `${moves} and would overwrite weights that Perch commits, so nothing was committed. ${WAYS[writer]} To have Perch move it, take the traffic routing out of that object.`
  if (why.code === 'not-all')
    return `${moves}, and ${who} does not move ${list(why.others)}. One command cannot mean both, so nothing was committed. Give one command for each environment, with \`--env\`.`
  if (why.code === 'elsewhere')
    return `${moves}. That object is in the environment ${code(why.environment)}, and Perch changes objects of the rollout's own environment only. Change its steps there, in a pull request.`
  return `${who} moves the traffic of ${code(name)}, so ${code('/canary <percent>')} sets the most that it gives the canary, in ${code(title)} at ${code(`${file}:${line}`)}. ${limitProblemWords(why, writer)}`
}

/** Who goes back, where an abort meets rollouts that controllers move. */
export function abortedElsewhere(owned: readonly OwnedRollout[]): readonly string[] {
  return owned.map(
    ({ name, owner }) => `Perch does not abort ${code(name)}. ${movesWords(name, owner)}. ${abortWay(owner)}`,
  )
}

function abortWay({ writer, identity: { name, namespace } }: WeightOwner): string {
  const place = namespace === '' ? '' : ` --namespace ${namespace}`
  switch (writer) {
    case 'flagger':
      return 'It goes back by itself if its analysis fails. To go back now, put the old version back in Git: when that is applied, Flagger sends all traffic to the primary version first.'
    case 'argo-rollouts':
      return `${code(`kubectl argo rollouts abort ${name}${place}`)} sends all traffic back. Then put the old version back in Git.`
  }
}

function limitProblemWords(why: LimitProblem, writer: Writer): string {
  switch (why.code) {
    case 'not-whole':
      return 'It takes whole percents from 1 to 100. To stop a rollout that has begun, use the controller; to go back, put the old version back in Git.'
    case 'no-number':
      return 'One of the numbers there is not a whole number. Correct it, then comment again.'
    case 'no-steps':
      return writer === 'flagger'
        ? 'It has no steps by weight: `skipAnalysis` or `iterations` is set, or `stepWeight` and `stepWeights` are missing. Remove `skipAnalysis` and `iterations` there, and set `maxWeight` and `stepWeight`, in a pull request.'
        : 'It has no step with `setWeight`, so all traffic moves at once. Add steps there, in a pull request.'
    case 'two-plans':
      return 'It has both `stepWeight` and `stepWeights`: Flagger then goes up by `stepWeight` until it reaches the last of `stepWeights`, and `maxWeight` has no effect. Remove one of them there, in a pull request, then comment again.'
    case 'other-scale':
      return 'Its `maxTrafficWeight` is not 100, so its weights are not percents. Change the steps there, in a pull request.'
    case 'uneven':
      return `Flagger raises the share by ${code('stepWeight')} each time, ${why.step}% here. It would not stop at this share, but go on to ${why.reaches}%. Ask for ${why.near.map((one) => `${one}%`).join(' or ')}, or change ${code('stepWeight')} there.`
  }
}
