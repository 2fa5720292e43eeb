import type { Edit } from '../manifest/edit.ts'
import type { Place } from '../manifest/parse.ts'
import { err, ok, type Result } from '../result.ts'
import { count, type Route, type Rule, weightedRules } from './route.ts'

export type WeightRefusal = Place & { readonly route: string; readonly rule: string } & (
    | { readonly code: 'several-of-a-role' }
    | { readonly code: 'no-room'; readonly most: number }
    | { readonly code: 'not-divisible'; readonly total: number }
    | { readonly code: 'invalid-weight' }
    | { readonly code: 'no-such-rule' }
  )

/** Istio's weights are int32; a finer split than 1 in 10,000 is beyond what Envoy's default total resolves. */
const SCALES = [1, 10, 100] as const

/**
 * The edits that give the canary `percent` of the traffic in every weighted rule of the route (or in those named). The
 * rule's total stays what it is; destinations that are neither stable nor canary keep their weights; the rest is the
 * stable's. A share that the total cannot express in whole numbers multiplies all weights by 10 or 100.
 */
export function reweigh(
  route: Route,
  percent: number,
  ruleNames?: readonly string[],
): Result<readonly Edit[], WeightRefusal> {
  const edits: Edit[] = []
  for (const name of ruleNames ?? []) {
    if (route.rules.some((rule) => rule.name === name)) continue
    return err({ ...route.place, code: 'no-such-rule', route: route.name, rule: name })
  }
  for (const rule of weightedRules(route)) {
    if (ruleNames !== undefined && (rule.name === undefined || !ruleNames.includes(rule.name))) continue
    const weights = newWeights(route, rule, percent)
    if (!weights.ok) return weights
    for (const [index, destination] of rule.destinations.entries()) {
      const weight = weights.value[index]
      if (weight === undefined || weight === destination.weight) continue
      edits.push({ document: route.document, path: destination.weightPath, value: weight })
    }
  }
  return ok(edits)
}

function newWeights(route: Route, rule: Rule, percent: number): Result<readonly number[], WeightRefusal> {
  const where = { file: route.place.file, line: rule.line, route: route.name, rule: rule.label }
  if (count(rule, 'stable') > 1 || count(rule, 'canary') > 1) return err({ ...where, code: 'several-of-a-role' })
  const written = rule.destinations.map(({ weight }) => weight)
  if (written.some((weight) => weight !== undefined && (!Number.isInteger(weight) || weight < 0))) {
    return err({ ...where, code: 'invalid-weight' })
  }
  // A missing weight counts as 0, which makes the written total meaningless: such a rule is written anew on 100.
  const sum = written.reduce<number>((all, weight) => all + (weight ?? 0), 0)
  const total = written.includes(undefined) || sum === 0 ? 100 : sum
  const others = rule.destinations.reduce((all, { role, weight }) => all + (role === 'other' ? (weight ?? 0) : 0), 0)

  const scale = SCALES.find((factor) => isWhole((percent * total * factor) / 100))
  if (scale === undefined) return err({ ...where, code: 'not-divisible', total })
  const canary = Math.round((percent * total * scale) / 100)
  const stable = (total - others) * scale - canary
  if (stable < 0) return err({ ...where, code: 'no-room', most: Math.floor(((total - others) * 100) / total) })
  return ok(
    rule.destinations.map(({ role, weight }) =>
      role === 'canary' ? canary : role === 'stable' ? stable : (weight ?? 0) * scale,
    ),
  )
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-9
}
