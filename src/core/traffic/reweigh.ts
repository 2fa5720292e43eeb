import type { Edit } from '../manifest/edit/edit.ts'
import type { Location } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { shortHost } from './host.ts'
import { versionlessHost } from './roles.ts'
import { count, countedWeight, type Destination, type Route, type Rule, shareFor, weightedRules } from './route.ts'

/** A problem of one rule. */
type RuleProblem =
  | { readonly code: 'several-of-a-role' | 'ports-differ' | 'no-such-rule' | 'rule-not-split' }
  | { readonly code: 'several-services'; readonly services: readonly SplitService[] }
  | { readonly code: 'no-room'; readonly most: number }
  | { readonly code: 'not-divisible' | 'sum-must-be-100' | 'sum-too-large'; readonly total: number }
  | {
      readonly code: 'invalid-weight'
      readonly line: number
      readonly weight: string
      readonly most: number
      /** What sets the weight, if it is not in the file: a Helm chart, or a deployer that fills in variables. */
      readonly source?: 'chart' | Location
    }

/** A service that some rules of a route split: `web` for `web-stable` and `web-canary`. */
interface SplitService {
  readonly service: string
  readonly rules: readonly string[]
}

export type WeightRefusal = Location & { readonly route: string; readonly rule: string } & RuleProblem

export interface WeightOptions {
  /** Istio up to 1.14 refuses any other sum, and weights above 100. */
  readonly requireSum100?: boolean
}

/**
 * The weight of a VirtualService is an int32. Envoy stores the sum of a route's weights as a uint32
 * (config.route.v3.WeightedCluster).
 */
const ISTIO = { weight: 2_147_483_647, sum: 4_294_967_295 }
/** gateway-api BackendRef.weight; with at most 16 backends the sum needs no limit. */
const GATEWAY = { weight: 1_000_000, sum: Number.MAX_SAFE_INTEGER }
/**
 * Totals that people recognize as percentages. A split finer than 1 in 10,000 cannot be written with a command's two decimals.
 */
const ROUND_TOTALS = [100, 1_000, 10_000] as const

/**
 * The edits that give the canary `percent` of the traffic in every rule that the rollout moves. Destinations that are neither
 * stable nor canary keep their share, and the stable version gets the rest. A rule keeps its total if the total can express the
 * share in whole numbers. Otherwise the total rises to the next of 100, 1,000 and 10,000 that can, or tenfold.
 */
export function reweigh(
  route: Route,
  percent: number,
  options: WeightOptions = {},
): Result<readonly Edit[], WeightRefusal> {
  const rules = weightedRules(route)
  const unknown = unknownRule(route, rules)
  if (unknown !== undefined) return err(unknown)
  const services = route.names.rules === undefined && isRaise(rules, percent) ? servicesOf(rules) : []
  if (services.length > 1) return severalServices(route, services)
  const edits: Edit[] = []
  for (const rule of rules) {
    const problem = problemOf(rule, percent)
    const weights = problem ?? newWeights(rule, percent, options)
    if ('code' in weights) {
      return err({ file: route.place.file, line: rule.line, route: route.name, rule: rule.label, ...weights })
    }
    edits.push(...rule.destinations.flatMap((entry, index) => editsOf(route, { rule, entry, weight: weights[index] })))
  }
  return ok(edits)
}

/** A rule in the config that cannot be moved. */
function unknownRule(route: Route, rules: readonly Rule[]): WeightRefusal | undefined {
  const label = route.names.rules?.find((name) => !rules.some((rule) => rule.label === name))
  if (label === undefined) return undefined
  const rule = route.rules.find((known) => known.label === label)
  const place = { file: route.place.file, line: rule?.line ?? route.place.line }
  return { ...place, code: rule === undefined ? 'no-such-rule' : 'rule-not-split', route: route.name, rule: label }
}

function isRaise(rules: readonly Rule[], percent: number): boolean {
  return rules.some((rule) => percent > canaryPart(rule))
}

/** The canary's share. A weight that cannot be read counts as none. */
function canaryPart(rule: Rule): number {
  return shareFor(rule, ({ role }) => role === 'canary')
}

function severalServices(route: Route, services: readonly SplitService[]): Result<never, WeightRefusal> {
  const rule = services[0]?.rules[0] ?? ''
  return err({ ...route.place, code: 'several-services', route: route.name, rule, services })
}

/** The services that rules split, by the host of the stable version. */
function servicesOf(rules: readonly Rule[]): readonly SplitService[] {
  const hosts = Map.groupBy(rules, ({ destinations }) => {
    const stable = destinations.find(({ role }) => role === 'stable')
    return stable === undefined ? undefined : versionlessHost(stable.host)
  })
  return [...hosts].flatMap(([host, split]) =>
    host === undefined ? [] : [{ service: shortHost(host), rules: split.map(({ label }) => label) }],
  )
}

/** Why a rule cannot be moved, independent of its new weights. */
function problemOf(rule: Rule, percent: number): RuleProblem | undefined {
  const limits = limitsOf(rule)
  if (count(rule, 'stable') > 1 || count(rule, 'canary') > 1) return { code: 'several-of-a-role' }
  const bad = rule.destinations.find(({ weight, badWeight }) => badWeight !== undefined || !isValid(weight, limits))
  if (bad !== undefined) {
    const weight = bad.badWeight ?? String(bad.weight)
    return { code: 'invalid-weight', line: bad.line, weight, most: limits.weight }
  }
  const total = sumOf(rule)
  if (total > limits.sum) return { code: 'sum-too-large', total }
  // Lowering must never be harder than raising, so it is allowed even with different ports.
  const ports = rule.destinations.filter(({ role }) => role !== 'other').map(({ port }) => port)
  if (percent > canaryPart(rule) && new Set(ports).size > 1) return { code: 'ports-differ' }
  return undefined
}

function isValid(weight: number | undefined, limits: typeof ISTIO): boolean {
  return weight === undefined || (Number.isInteger(weight) && weight >= 0 && weight <= limits.weight)
}

/** The new weight of each destination, in the order of the rule. */
function newWeights(rule: Rule, percent: number, options: WeightOptions): RuleProblem | readonly number[] {
  const isStrict = options.requireSum100 === true && rule.api === 'istio'
  const others = rule.destinations.reduce((sum, entry) => sum + keptWeight(rule, entry), 0)
  const isFree = others === 0 && (isStrict || needsNewTotal(rule))
  const total = (isFree ? 0 : sumOf(rule)) || 100
  if (isStrict && total !== 100) return { code: 'sum-must-be-100', total }
  const most = ((total - others) * 100) / total
  if (percent > most + 1e-9) return { code: 'no-room', most: Math.floor(most) }
  const candidates = isStrict ? [total] : totalsFrom(total)
  const found = candidates.map((candidate) => weightsOn(rule, percent, { total, candidate }))
  return (
    found.find((weights) => weights !== undefined) ?? { code: isStrict ? 'sum-must-be-100' : 'not-divisible', total }
  )
}

/** The weights with the sum `candidate` instead of `total`; undefined if they would be fractions or too large. */
function weightsOn(
  rule: Rule,
  percent: number,
  { total, candidate }: { readonly total: number; readonly candidate: number },
): readonly number[] | undefined {
  const limits = limitsOf(rule)
  const canary = (percent * candidate) / 100
  const keptBy = (entry: Destination): number => (keptWeight(rule, entry) * candidate) / total
  const kept = rule.destinations.map(keptBy)
  if (candidate > limits.sum || !isWhole(canary) || !kept.every(isWhole)) return undefined
  const stable = candidate - Math.round(canary) - kept.reduce((sum, weight) => sum + Math.round(weight), 0)
  const weights = rule.destinations.map((entry) =>
    entry.role === 'canary' ? Math.round(canary) : entry.role === 'stable' ? stable : Math.round(keptBy(entry)),
  )
  return weights.every((weight) => weight <= limits.weight) ? weights : undefined
}

/** The weight of a destination outside of the rollout, which stays the same. */
function keptWeight(rule: Rule, entry: Destination): number {
  return entry.role === 'other' ? countedWeight(rule, entry) : 0
}

/** If a weight is missing, the written total means nothing. The weight of a single destination means nothing yet either. */
function needsNewTotal({ api, destinations }: Rule): boolean {
  return destinations.some(({ weight, pending }) => pending !== undefined || (api === 'istio' && weight === undefined))
}

function totalsFrom(total: number): readonly number[] {
  const rounder = ROUND_TOTALS.filter((round) => round > total)
  return [total, ...rounder, total * 10, total * 100]
}

function limitsOf({ api }: Rule): typeof ISTIO {
  return api === 'gateway' ? GATEWAY : ISTIO
}

function sumOf(rule: Rule): number {
  return rule.destinations.reduce((sum, entry) => sum + countedWeight(rule, entry), 0)
}

interface Weighing {
  readonly rule: Rule
  readonly entry: Destination
  readonly weight: number | undefined
}

/** Empty if the entry is already correct. Stable and canary always have an explicit weight. */
function editsOf({ document }: Route, { rule, entry, weight }: Weighing): Edit[] {
  const { pending, path } = entry
  if (pending?.how === 'copy-behind') {
    return [{ kind: 'copy', document, path, values: [...pending.values, { path: ['weight'], value: weight }] }]
  }
  const values = (pending?.values ?? []).map((value): Edit => ({
    kind: 'set',
    document,
    path: [...path, ...value.path],
    value: value.value,
  }))
  const said = entry.role === 'other' ? countedWeight(rule, entry) : entry.weight
  return weight === said ? values : [...values, { kind: 'set', document, path: entry.weightPath, value: weight }]
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-9
}
