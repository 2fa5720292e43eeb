import type { Verdict } from '../../gate/gate.ts'
import type { GateName } from '../../gate/names.ts'
import { titleText } from '../../text/inert.ts'
import { capitalized, enumerated } from '../markdown/lists.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { sentence } from './verdict.ts'

/** GitHub cuts longer titles off in the list of checks. */
const MAX_GATE_TITLE = 120

/** What a gate has found if it passed. The other gates pass because they found nothing. */
const FOUND: Readonly<Partial<Record<GateName, string>>> = {
  live: 'live',
  bake: 'baked',
  analysis: 'healthy',
  order: 'in order',
  approvals: 'approved',
}

/** One line for `canary/gate`: everything that holds the merge back, or else what passed and what somebody overrode. */
export function gateTitle(verdicts: readonly Verdict[]): string {
  const open = verdicts.filter(({ state }) => state !== 'pass')
  return titleText(open.length === 0 ? passedWords(verdicts) : openWords(open), MAX_GATE_TITLE)
}

/** A gate counts as passed if it passed for every rollout without an override. */
function passedWords(verdicts: readonly Verdict[]): string {
  const overridden = verdicts.flatMap(({ gate, override }) =>
    override === undefined ? [] : [{ gate, by: override.by }],
  )
  const found = gatesOf(verdicts).flatMap((gate) =>
    overridden.some((verdict) => verdict.gate === gate) ? [] : (FOUND[gate] ?? []),
  )
  const by = [...Map.groupBy(overridden, ({ by }) => by)].map(
    ([login, those]) => `${enumerated(gatesOf(those))} overridden by ${login}`,
  )
  return capitalized([...(found.length === 0 ? [] : [enumerated(found)]), ...by].join('; ')) || 'Nothing to wait for'
}

/** What still holds a merge back, in few words. */
export function gatesLeft(verdicts: readonly Verdict[]): string {
  const open = verdicts.filter(({ state }) => state !== 'pass')
  const blocking = gatesOf(open.filter(({ state }) => state === 'block'))
  const waiting = gatesOf(open).filter((gate) => !blocking.includes(gate))
  const parts = [
    ...(blocking.length === 0 ? [] : [`blocked by ${enumerated(blocking)}`]),
    ...(waiting.length === 0 ? [] : [`waiting for ${enumerated(waiting)}`]),
  ]
  return parts.join(', ')
}

/** The first verdict says why. Those that block come first, because waiting does not help them. */
function openWords(open: readonly Verdict[]): string {
  const first = open.find(({ state }) => state === 'block') ?? open[0]
  const why = first === undefined ? '' : `: ${plainWords(sentence(first))}`
  return capitalized(`${gatesLeft(open)}${why}`)
}

function gatesOf(verdicts: readonly Pick<Verdict, 'gate'>[]): readonly GateName[] {
  return [...new Set(verdicts.map(({ gate }) => gate))]
}
