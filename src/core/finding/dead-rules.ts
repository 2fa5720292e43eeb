/** Rules of a VirtualService that no request reaches (IST0130), and matches that never count (IST0131). */
import type { RenderedObject } from '../diff/objects.ts'
import { canonicalText } from '../manifest/data.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import type { Finding } from './finding.ts'
import { SECTIONS } from './hops.ts'
import { type FindingCheck, specOf } from './scene.ts'

/** A rule whose requests the rules before it take is dead: changing its weights changes nothing. */
export const deadRules: FindingCheck = ({ virtualServices }) =>
  virtualServices.flatMap((object) => SECTIONS.flatMap((section) => deadIn(object, section)))

/** What a request must be like: the conditions as text by their names, and the path by itself. */
interface Match {
  readonly uri: { readonly kind: string; readonly text: string } | undefined
  readonly others: ReadonlyMap<string, string>
  /** All of it. */
  readonly key: string
}

interface MatchOwner {
  readonly match: Match
  readonly rule: string
}

/** Of patterns that may cover others, so many are compared with each match; the same conditions are found at any number. */
const MAX_COMPARED = 500

function deadIn(object: RenderedObject, section: (typeof SECTIONS)[number]): readonly Finding[] {
  const same = new Map<string, string>()
  const wide: MatchOwner[] = []
  return listOf(specOf(object)[section]).flatMap((item, index): Finding[] => {
    const rule = recordOf(item)
    const label = textOf(rule['name']) ?? `${section}[${index}]`
    const own = listOf(rule['match'])
    // Without conditions it takes everything.
    const matches = (own.length === 0 ? [{}] : own).map(matchOf)
    const before = matches.map((match) => same.get(match.key) ?? wide.find((taken) => covers(taken.match, match))?.rule)
    for (const match of matches) {
      if (!same.has(match.key)) same.set(match.key, label)
      if (match.uri?.kind !== 'exact' && wide.length < MAX_COMPARED) wide.push({ match, rule: label })
    }
    const first = before.find((name) => name !== undefined)
    if (first === undefined) return []
    const code = before.every((name) => name !== undefined) ? 'IST0130' : 'IST0131'
    return [{ object, path: ['spec', section, index], detail: { code, rule: label, before: first } }]
  })
}

function matchOf(value: unknown): Match {
  // Names, which are no conditions.
  const { name: _, statPrefix: __, uri, ...rest } = recordOf(value)
  const [kind, text] = Object.entries(recordOf(uri))[0] ?? []
  const others = new Map(Object.entries(rest).map(([key, condition]) => [key, canonicalText(condition)]))
  return {
    uri: kind === undefined ? undefined : { kind, text: String(text) },
    others,
    key: canonicalText({ ...rest, uri: uri ?? null }),
  }
}

/** Whether whatever fits the one fits the other: it asks for nothing that the one does not ask for. */
function covers(wide: Match, narrow: Match): boolean {
  for (const [key, condition] of wide.others) if (narrow.others.get(key) !== condition) return false
  return wide.uri === undefined || coversPath(wide.uri, narrow.uri)
}

function coversPath(wide: NonNullable<Match['uri']>, narrow: Match['uri']): boolean {
  // As Istio sees it, every path.
  if (wide.text === (wide.kind === 'prefix' ? '/' : '.*') && wide.kind !== 'exact') return true
  if (narrow === undefined) return false
  if (wide.kind === 'prefix') return narrow.kind !== 'regex' && narrow.text.startsWith(wide.text)
  return wide.kind === narrow.kind && wide.text === narrow.text
}
