import type { RolloutRise } from '../../exposure/canaries.ts'
import { targetName } from '../../rollout/target.ts'
import { code, percent } from '../markdown/markdown.ts'
import { titleOf } from '../../manifest/identity.ts'

/** Which requests reach a canary although its share does not include them, for the gate. */
export function riseWords({ target, environment, from, to, isForSome, ...rise }: RolloutRise): string {
  const where = target.route.names.blueGreen === undefined ? 'the canary' : code(target.route.names.blueGreen.idle.name)
  const who = isForSome ? 'requests that ask for it' : 'requests'
  return `${code(targetName({ ...target, environment }))}: ${ruleWords(rise)} sends ${who} to ${where}, ${percent(from)} → ${percent(to)}.`
}

export function ruleWords({ object, rule }: Pick<RolloutRise, 'object' | 'rule'>): string {
  return object.kind === 'Service' ? code(titleOf(object)) : `rule ${code(rule)} of ${code(titleOf(object))}`
}
