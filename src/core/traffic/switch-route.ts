/** The edits that switch all traffic of a blue/green route to one of its two versions. */
import { type Path, recordOf, valueAt } from '../manifest/data.ts'
import type { Edit } from '../manifest/edit/edit.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { readStrategy, writeStrategy } from './annotations.ts'
import { shortHost } from './host.ts'
import { reweigh, type WeightOptions, type WeightRefusal } from './reweigh.ts'
import { withNames } from './roles.ts'
import {
  type BlueGreen,
  count,
  type Destination,
  type MirrorDestination,
  type Role,
  type Route,
  type RouteVersion,
  type Rule,
  shareFor,
  weightedRules,
} from './route.ts'

export interface SwitchOptions extends WeightOptions {
  readonly prefix: string
}

/**
 * Switches all traffic to a version. Weights become 100 and 0, and fields that name only the other version name this one. Rules
 * for some callers that lead to the new version (a preview), and mirrors to it, then lead to the other version.
 */
export function switchRoute(
  { route, object }: { readonly route: Route; readonly object: ManifestObject },
  to: RouteVersion,
  options: SwitchOptions,
): Result<readonly Edit[], WeightRefusal> {
  const { blueGreen } = route.names
  if (blueGreen === undefined) throw new Error('A route without two versions was switched.')
  const from = to.written === blueGreen.active.written ? blueGreen.idle : blueGreen.active
  const aimed = withNames(route, { ...route.names, stable: from.written, canary: to.written })
  const rules = weightedRules(aimed)
  const problem = rules.find((rule) => count(rule, 'stable') > 1 || count(rule, 'canary') > 1)
  if (problem !== undefined)
    return err({ ...placeOf(route, problem), code: 'several-of-a-role', route: route.name, rule: problem.label })
  const hosts = new Set(rules.flatMap(({ destinations }) => destinations.flatMap((one) => hostOf(one) ?? [])))
  if (hosts.size > 1) return err(severalServices(route, rules))
  const previews = previewsIn(aimed, object, blueGreen)
  const moved = weighed(aimed, rules, { percent: 100, options })
  const turned = weighed(aimed, previews, { percent: 0, options })
  if (!moved.ok) return moved
  if (!turned.ok) return turned
  return ok([
    ...moved.value,
    ...rules.flatMap((rule) => pointed(route, rule, { role: 'stable', to })),
    ...turned.value,
    ...previews.flatMap((rule) => pointed(route, rule, { role: 'canary', to: from })),
    ...mirrorsTurned(aimed, { to, from }),
    ...writeStrategy(route, options.prefix, noteFor(route, from, to)),
  ])
}

/** The annotation's value for a version, in the same form as before. */
function noteFor(route: Route, from: RouteVersion, to: RouteVersion): string {
  return readStrategy(route).active === from.written ? to.written : to.name
}

function placeOf({ place }: Route, { line }: Rule): { readonly file: string; readonly line: number } {
  return { file: place.file, line }
}

/** Several services may have subsets with the same name. */
function hostOf({ role, subset, host }: Destination): string | undefined {
  return role === 'other' || subset === undefined ? undefined : host
}

function severalServices(route: Route, rules: readonly Rule[]): WeightRefusal {
  const groups = Map.groupBy(rules, ({ destinations }) => destinations.flatMap((one) => hostOf(one) ?? [])[0] ?? '')
  const services = [...groups].map(([host, some]) => ({
    service: shortHost(host),
    rules: some.map(({ label }) => label),
  }))
  return { ...route.place, code: 'several-services', route: route.name, rule: rules[0]?.label ?? '', services }
}

/** For rules with both versions: sets the weight of the new active version. */
function weighed(
  route: Route,
  rules: readonly Rule[],
  { percent, options }: { readonly percent: number; readonly options: WeightOptions },
): Result<readonly Edit[], WeightRefusal> {
  const both = rules.filter((rule) => count(rule, 'stable') + count(rule, 'canary') === 2)
  const { blueGreen: _, ...names } = route.names
  return reweigh(
    { ...route, names: { ...names, rules: both.map(({ label }) => label) }, rules: both },
    percent,
    options,
  )
}

/** For rules with one version: replaces it with the other one. */
function pointed(
  { document }: Route,
  rule: Rule,
  { role, to }: { readonly role: Role; readonly to: RouteVersion },
): readonly Edit[] {
  if (count(rule, 'stable') + count(rule, 'canary') !== 1) return []
  const at = (path: Path): Path => (rule.api === 'istio' ? [...path, 'destination'] : path)
  return rule.destinations
    .filter((one) => one.role === role)
    .map((one): Edit => ({ kind: 'set', document, ...named(at(one.path), { ...one, api: rule.api }, to) }))
}

/**
 * The values to write for a version, in the form of the existing ones: short names stay short, and qualified names stay
 * qualified.
 */
function named(
  at: Path,
  { subset, written, api }: Pick<Destination, 'subset' | 'written'> & Pick<Rule, 'api'>,
  to: RouteVersion,
): { readonly path: Path; readonly value: string } {
  if (subset !== undefined) return { path: [...at, 'subset'], value: to.written }
  const value = [to.written, ...written.split('.').slice(1)].join('.')
  return { path: [...at, api === 'istio' ? 'host' : 'name'], value }
}

/**
 * The rules for some callers that lead to the new active version. A rule whose match names a version is for that version, and so
 * are rules for each of the two. Neither is a preview.
 */
function previewsIn(route: Route, object: ManifestObject, versions: BlueGreen): readonly Rule[] {
  const own = route.rules.filter(
    (rule) => rule.picksCallers && !weightedRules(route).includes(rule) && !isPin(rule, { object, versions }),
  )
  const leadTo = (wanted: Role): readonly Rule[] =>
    own.filter((rule) => shareFor(rule, ({ role }) => role === wanted) === 100)
  return leadTo('stable').length > 0 ? [] : leadTo('canary')
}

function isPin(
  { destinations: [first] }: Rule,
  { object, versions: { active, idle } }: { readonly object: ManifestObject; readonly versions: BlueGreen },
): boolean {
  const rule = valueAt(object.data, first?.path.slice(object.at.length, -2) ?? [])
  const { match, matches } = recordOf(rule)
  const words = wordsOf(JSON.stringify([match, matches]))
  return [active, idle].some(({ name }) => wordsOf(name).isSubsetOf(words))
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().split(/[^a-z0-9]+/))
}

/** A mirror sends copies to a version before the version gets traffic. So it moves to the idle version. */
function mirrorsTurned(
  { rules, document }: Route,
  { to, from }: { readonly to: RouteVersion; readonly from: RouteVersion },
): readonly Edit[] {
  const isTo = ({ host, subset }: MirrorDestination): boolean => host === to.host && subset === to.subset
  return rules.flatMap(({ api, mirrors }) =>
    mirrors.filter(isTo).map((mirror): Edit => {
      const inside = mirror.path.at(-1) === 'mirror' ? [] : ['destination']
      const at = [...mirror.path, ...(api === 'istio' ? inside : ['requestMirror', 'backendRef'])]
      return { kind: 'set', document, ...named(at, { ...mirror, api }, from) }
    }),
  )
}
