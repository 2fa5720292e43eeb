/** Rules of a VirtualService that no request reaches (IST0130, IST0131), and what Istio's validation refuses (IST0106). */
import type { RenderedObject } from '../diff/objects.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import type { Finding } from './finding.ts'
import { type Check, type Hop, hopsOf, SECTIONS, specOf } from './scene.ts'

type Data = Readonly<Record<string, unknown>>

/** A rule after one that takes everything, or after the same conditions, is dead: changing its weights changes nothing. */
export const deadRules: Check = ({ virtualServices }) =>
  virtualServices.flatMap((object) => SECTIONS.flatMap((section) => deadIn(object, section)))

function deadIn(object: RenderedObject, section: (typeof SECTIONS)[number]): readonly Finding[] {
  const rules = listOf(specOf(object)[section]).map(recordOf)
  const found: Finding[] = []
  const seen = new Map<string, string>()
  let open: string | undefined
  for (const [index, rule] of rules.entries()) {
    const label = textOf(rule['name']) ?? `${section}[${index}]`
    const path = ['spec', section, index]
    const matches = listOf(rule['match']).map(canonical)
    const twins = matches.map((match) => seen.get(match))
    const twin = twins.find((name) => name !== undefined)
    if (open !== undefined) found.push({ object, path, detail: { code: 'IST0130', rule: label, before: open } })
    else if (twin !== undefined) {
      const code = twins.every((name) => name !== undefined) ? 'IST0130' : 'IST0131'
      found.push({ object, path, detail: { code, rule: label, before: twin } })
    }
    if (matches.length === 0) open ??= label
    for (const match of matches) if (!seen.has(match)) seen.set(match, label)
  }
  return found
}

/** The same text for the same conditions, whatever the order of keys; a match's own name is none. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (key === 'name' && typeof inner === 'string') return undefined
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** What istiod's webhook refuses: the cluster would keep the old object, and Git would say something else. */
export const refusedByIstio: Check = ({ virtualServices }) =>
  virtualServices.flatMap((object) => [
    ...emptyOf(object),
    ...badExport(object),
    ...badRules(object),
    ...badWeights(object),
  ])

function emptyOf(object: RenderedObject): Finding[] {
  const spec = specOf(object)
  const isEmpty = SECTIONS.every((section) => listOf(spec[section]).length === 0)
  return isEmpty ? [{ object, path: ['spec'], detail: { code: 'IST0106', what: 'no-routes', said: '' } }] : []
}

/** `~`, nobody, is for Services only. */
function badExport(object: RenderedObject): Finding[] {
  const index = listOf(specOf(object)['exportTo']).indexOf('~')
  const detail = { code: 'IST0106', what: 'schema', said: 'exportTo: ~ is not allowed' } as const
  return index === -1 ? [] : [{ object, path: ['spec', 'exportTo', index], detail }]
}

function badRules(object: RenderedObject): Finding[] {
  return listOf(specOf(object)['http']).flatMap((item, index): Finding[] => {
    const rule = recordOf(item)
    const path = ['spec', 'http', index]
    const label = textOf(rule['name']) ?? `http[${index}]`
    const isTwice = rule['mirror'] !== undefined && listOf(rule['mirrors']).length > 0
    if (isTwice) return [{ object, path, detail: { code: 'IST0106', what: 'mirror-twice', said: label } }]
    return hasAction(rule) ? [] : [{ object, path, detail: { code: 'IST0106', what: 'no-action', said: label } }]
  })
}

function hasAction(rule: Data): boolean {
  const isRouted = listOf(rule['route']).length > 0
  return isRouted || ['redirect', 'directResponse', 'delegate'].some((key) => rule[key] !== undefined)
}

function badWeights(object: RenderedObject): Finding[] {
  const hops = hopsOf(object).filter(({ isMirror }) => !isMirror)
  const negative = hops.filter(({ weight }) => weight !== undefined && weight < 0)
  const rules = Map.groupBy(
    hops.filter(({ siblings }) => siblings > 1),
    ({ path }) => JSON.stringify(path.slice(0, 3)),
  )
  // Weights that are no numbers are for the schema to tell.
  const isEmpty = ({ weight = 0, isUnread }: Hop): boolean => weight === 0 && !isUnread
  const empty = [...rules.values()].filter((rule) => rule.every(isEmpty))
  return [
    ...negative.map((hop): Finding => {
      const detail = { code: 'IST0106', what: 'negative', said: String(hop.weight) } as const
      return { object, path: [...hop.path, 'weight'], detail }
    }),
    ...empty.flatMap((rule): Finding[] => {
      const [first] = rule
      const detail = { code: 'IST0106', what: 'all-zero', said: '' } as const
      return first === undefined ? [] : [{ object, path: first.path.slice(0, 3), detail }]
    }),
  ]
}
