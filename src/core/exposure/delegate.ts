/** Which matches of a root VirtualService and of its delegate Istio combines (pilot, `mergeHTTPMatchRequests`). */
import { OPEN_TEXT } from '../finding/scene/hosts.ts'
import { canonicalText, listOf, recordOf, textOf } from '../manifest/data.ts'

type Data = Readonly<Record<string, unknown>>

/** A match of the root's rule, and a match of the delegate's rule that is inside of it. */
export interface MatchPair {
  readonly root: Data
  readonly own: Data
}

/**
 * The pairs whose requests the delegate's rule takes. There are none if one of its matches is in no match of the root: then Istio drops
 * the whole rule. Gateways must have their full names.
 */
export function matchPairs(roots: readonly Data[], owns: readonly Data[]): readonly MatchPair[] {
  if (roots.length === 0) return (owns.length === 0 ? [{}] : owns).map((own) => ({ root: {}, own }))
  if (owns.length === 0) return roots.map((root) => ({ root, own: {} }))
  const pairs = owns.map((own) => roots.filter((root) => !isInConflict(root, own)).map((root) => ({ root, own })))
  return pairs.every(({ length }) => length > 0) ? pairs.flat() : []
}

const STRINGS = ['uri', 'scheme', 'method', 'authority']
const MAPS = ['headers', 'withoutHeaders', 'queryParams']

function isInConflict(root: Data, own: Data): boolean {
  const strings = [
    ...STRINGS.map((field) => [root[field], own[field]]),
    ...MAPS.flatMap((field) =>
      Object.entries(recordOf(own[field])).map(([key, value]) => [recordOf(root[field])[key], value]),
    ),
  ]
  return strings.some(([wide, narrow]) => !isInside(wide, narrow)) || differsInPlace(root, own)
}

/** Whether the rest of two matches contradicts: where requests come from, and where they arrive. */
function differsInPlace(root: Data, own: Data): boolean {
  const [port, ownPort] = [root['port'], own['port']]
  const namespace = textOf(root['sourceNamespace']) ?? ''
  const labels = recordOf(root['sourceLabels'])
  const gateways = listOf(root['gateways'])
  const ownGateways = listOf(own['gateways'])
  return [
    (root['ignoreUriCase'] === true) !== (own['ignoreUriCase'] === true),
    port !== undefined && ownPort !== undefined && port !== ownPort,
    namespace !== '' && namespace !== own['sourceNamespace'],
    Object.entries(recordOf(own['sourceLabels'])).some(([key, value]) => key in labels && labels[key] !== value),
    gateways.length > 0 && ownGateways.some((one) => !gateways.includes(one)),
  ].includes(true)
}

/** Whether all texts that fit `narrow` fit `wide`, as Istio sees it: a regular expression fits nothing else. */
function isInside(wide: unknown, narrow: unknown): boolean {
  if (wide === undefined || narrow === undefined) return true
  // Text that is filled in later may be inside. Then no rule is lost sight of.
  if (OPEN_TEXT.test(canonicalText([wide, narrow]))) return true
  const [outer, inner] = [stringMatch(wide), stringMatch(narrow)]
  const text = inner.exact === '' ? inner.prefix : inner.exact
  if (text === '' || outer.regex !== '' || inner.regex !== '') return false
  if (outer.exact !== '') return inner.exact === outer.exact
  return outer.prefix !== '' && text.startsWith(outer.prefix)
}

/** A StringMatch of Istio, in which an empty text counts as none. */
function stringMatch(value: unknown): Readonly<Record<'exact' | 'prefix' | 'regex', string>> {
  const { exact, prefix, regex } = recordOf(value)
  return { exact: textOf(exact) ?? '', prefix: textOf(prefix) ?? '', regex: textOf(regex) ?? '' }
}
