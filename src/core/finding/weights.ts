/** Finds weights that Istio refuses, or that no requests reach: the cluster does not do what Git says. */
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import { covers, istioMatch, type Match, oneOf } from '../exposure/match.ts'
import type { RenderedObject } from '../diff/objects.ts'
import type { Finding } from './finding.ts'
import { type Hop, rulesOf, SECTIONS } from './scene/hops.ts'
import { type FindingCheck, specOf } from './scene/scene.ts'

/** Weights that istiod's webhook refuses. The cluster would keep the old object (istio.io, IST0106). */
export const refusedWeights: FindingCheck = ({ virtualServices }) =>
  virtualServices.flatMap(rulesOf).flatMap((rule) => {
    const negative = rule.filter(({ weight }) => weight !== undefined && weight < 0)
    // The schema reports weights that are not numbers.
    const isEmpty = rule.length > 1 && rule.every(({ weight = 0, isUnread }) => weight === 0 && !isUnread)
    const [first] = rule
    return [
      ...negative.map((hop) => refusal(hop, 'negative', String(hop.weight))),
      ...(isEmpty && first !== undefined ? [refusal(first, 'all-zero', '')] : []),
    ]
  })

function refusal({ object, path }: Hop, what: 'all-zero' | 'negative', said: string): Finding {
  const place = what === 'negative' ? [...path, 'weight'] : path.slice(0, 3)
  return { object, path: place, detail: { code: 'IST0106', what, said }, grade: 'error' }
}

/** A split whose requests are taken by earlier rules. Changing its weights has no effect (istio.io, IST0130). */
export const unreachedSplits: FindingCheck = ({ virtualServices }) => virtualServices.flatMap(unreachedIn)

function unreachedIn(object: RenderedObject): readonly Finding[] {
  const splits = new Set(
    rulesOf(object).flatMap((rule) => (rule.length > 1 ? [JSON.stringify(rule[0]?.path.slice(0, 3))] : [])),
  )
  const dead = SECTIONS.flatMap((section) => unreachedRules(object, section)).filter(({ path }) =>
    splits.has(JSON.stringify(path)),
  )
  // If another split is reached, that one takes effect.
  const grade = dead.length === splits.size ? 'error' : 'warning'
  return dead.map((finding) => ({ ...finding, grade }))
}

function unreachedRules(object: RenderedObject, section: (typeof SECTIONS)[number]): readonly Finding[] {
  const before: { readonly match: Match; readonly label: string }[] = []
  return listOf(specOf(object)[section]).flatMap((item, index): Finding[] => {
    const rule = recordOf(item)
    const label = textOf(rule['name']) ?? `${section}[${index}]`
    const own = listOf(rule['match'])
    // Without conditions, the rule takes everything.
    const matches = (own.length === 0 ? [{}] : own).map(conditionsOf)
    const taken = matches.map((match) => before.find((known) => covers(known.match, match))?.label)
    if (before.length < MAX_COMPARED) before.push(...matches.map((match) => ({ match, label })))
    const [first] = taken
    if (first === undefined || taken.includes(undefined)) return []
    const detail = { code: 'IST0130', rule: label, before: first } as const
    return [{ object, path: ['spec', section, index], detail, grade: 'error' }]
  })
}

/** A match may apply to some gateways only. */
function conditionsOf(value: unknown): Match {
  const gateways = listOf(recordOf(value)['gateways']).flatMap((gateway) => textOf(gateway) ?? [])
  return gateways.length === 0 ? istioMatch(value) : [oneOf('gateway', gateways), ...istioMatch(value)]
}

/** The number of matches that each later one is compared with. */
const MAX_COMPARED = 500
