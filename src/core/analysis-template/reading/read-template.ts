/** Reads an AnalysisTemplate of Argo Rollouts (argoproj.github.io/argo-rollouts/features/analysis) for evaluation by Perch. */
import { isRecord, listOf, recordOf } from '../../manifest/data.ts'
import { err, ok, type Result } from '../../result.ts'
import { matcher } from '../../text/matcher.ts'
import type { TemplateMetric } from '../metric.ts'
import type { SpecProblem } from '../template-problem.ts'
import { type GivenArguments, resolveArguments, withArguments } from './arguments.ts'
import { type Fields, refuseOthers, textField } from './fields.ts'
import { readMetric } from './read-metric.ts'

/** `measurementRetention` sets how many measurements stay in the cluster. It does not change an outcome. */
const KEYS = ['metrics', 'args', 'dryRun', 'measurementRetention']

/** Nobody has more metrics, and each is a query. */
const MAX_METRICS = 20

/** The metrics of a template's `spec`, or everything that is wrong with it. */
export function readTemplate(
  spec: unknown,
  given: GivenArguments,
): Result<readonly TemplateMetric[], readonly SpecProblem[]> {
  if (!isRecord(spec)) return err([{ code: 'invalid', place: 'spec', wanted: 'a map' }])
  const problems: SpecProblem[] = []
  refuseOthers({ data: spec, place: '', problems }, KEYS)
  const { metrics: listed, args, dryRun } = spec
  if (listed !== undefined && listed !== null && !Array.isArray(listed))
    return err([...problems, { code: 'invalid', place: 'metrics', wanted: 'a list' }])
  const items = listOf(listed)
  if (items.length === 0) return err([...problems, { code: 'no-metrics' }])
  if (items.length > MAX_METRICS) return err([{ code: 'many-metrics', count: items.length, most: MAX_METRICS }])
  const resolved = resolveArguments(args, given)
  if (!resolved.ok) return err([...problems, ...resolved.error])
  const dry = readDryRun(dryRun, problems)
  const metrics = items.flatMap((item, index) => {
    const place = `metrics[${index}]`
    const filled = withArguments(item, resolved.value, place)
    if (!filled.ok) problems.push(...filled.error)
    else if (!isRecord(filled.value)) problems.push({ code: 'invalid', place, wanted: 'a map' })
    else return readMetric({ data: filled.value, place, problems }, (name) => dry.some(({ fits }) => fits(name))) ?? []
    return []
  })
  if (problems.length > 0) return err(problems)
  const wrong = [...sameNames(metrics), ...unusedRules(dry, metrics)]
  return wrong.length === 0 ? ok(metrics) : err(wrong)
}

interface DryRunRule {
  readonly place: string
  readonly name: string
  readonly fits: (name: string) => boolean
}

/** Letters, `.*`, and the anchors `^` and `$`: people write no other regular expressions here. */
const SIMPLE = /^\^?[\w -]*(?:\.\*[\w -]*){0,3}\$?$/

function readDryRun(listed: unknown, problems: SpecProblem[]): readonly DryRunRule[] {
  if (listed === undefined || listed === null) return []
  if (!Array.isArray(listed)) {
    problems.push({ code: 'invalid', place: 'dryRun', wanted: 'a list' })
    return []
  }
  return listOf(listed).flatMap((item, index) => {
    const place = `dryRun[${index}]`
    const fields: Fields = { data: recordOf(item), place, problems }
    const name = textField(fields, 'metricName')
    if (name !== undefined && SIMPLE.test(name)) return [{ place, name, fits: nameMatcher(name) }]
    problems.push({ code: 'unsupported', place: `${place}.metricName`, what: name ?? 'metricName' })
    return []
  })
}

/** A regular expression matches if any part of a name matches. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const begin = pattern.startsWith('^') ? '' : '*'
  const end = pattern.endsWith('$') ? '' : '*'
  return matcher(`${begin}${pattern.replaceAll(/[$^]/g, '').replaceAll('.*', '*')}${end}`)
}

function sameNames(metrics: readonly TemplateMetric[]): readonly SpecProblem[] {
  const names = metrics.map(({ name }) => name)
  return names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [{ code: 'same-name', place: `metrics[${index}]`, name } as const],
  )
}

/** Argo Rollouts refuses a rule that matches no metric. */
function unusedRules(rules: readonly DryRunRule[], metrics: readonly TemplateMetric[]): readonly SpecProblem[] {
  return rules
    .filter(({ fits }) => !metrics.some(({ name }) => fits(name)))
    .map(({ place, name }) => ({ code: 'dry-run-unused', place, name }))
}
