import { titleOf } from '../diff/objects.ts'
import type { RolloutRise } from '../exposure/canaries.ts'
import type { Problem } from '../gate/review.ts'
import type { Place } from '../manifest/parse.ts'
import { targetName } from '../rollout/target.ts'
import { code, percent } from './markdown.ts'

/** Requests that may reach a canary more often, and no gate can judge how much. */
export function riseProblem(rise: RolloutRise, place: Place | undefined): Problem {
  const { target, from, isGone } = rise
  const name = code(targetName({ ...target, environment: rise.environment }))
  const rule = ruleWords(rise)
  const where = { code: 'exposure-unknown', file: place?.file ?? target.route.place.file, line: place?.line ?? 1 }
  if (isGone)
    return {
      ...where,
      what: `This takes the route of ${name} away, and then ${rule} can send requests to the canary's pods: up to ${percent(rise.to)}, where it was ${percent(from)}.`,
      next: "Keep the route until the canary's pods are gone, or let the Service select the stable pods only.",
    }
  return {
    ...where,
    what: `Nobody can tell how many requests ${rule} sends to the canary of ${name}: it was ${percent(from)}, and could be up to ${percent(rise.to)} after this change.`,
    next: 'Write weights as whole numbers, and give each destination labels or a selector that only the pods of its own version have.',
  }
}

/** Which requests reach a canary more often than its share says, for the gate. */
export function riseWords({ target, environment, from, to, isForSome, ...rise }: RolloutRise): string {
  const who = isForSome ? 'requests that ask for it' : 'requests'
  return `${code(targetName({ ...target, environment }))}: ${ruleWords(rise)} sends ${who} to the canary, ${percent(from)} → ${percent(to)}.`
}

function ruleWords({ object, rule }: Pick<RolloutRise, 'object' | 'rule'>): string {
  return object.kind === 'Service' ? code(titleOf(object)) : `rule ${code(rule)} of ${code(titleOf(object))}`
}
