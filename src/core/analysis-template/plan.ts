/** What to ask Prometheus for the metrics of a template, and when. */
import { askOnce, type RangeQuery } from '../analysis/asks.ts'
import { type AnalysisWindow, countedRangesOf, numbersOf, rangesOf, timeOf } from '../analysis/window.ts'
import type { Analysis } from '../config/analysis.ts'
import { err, ok, type Result } from '../result.ts'
import type { FoundTemplate, TemplateLookup } from './find-template.ts'
import { isEndless, type TemplateMetric } from './metric.ts'
import type { ArgumentValues } from './reading/arguments.ts'
import { MAX_MEASUREMENTS } from './reading/read-metric.ts'
import { readTemplate } from './reading/read-template.ts'
import type { TemplateName, TemplateProblem } from './template-problem.ts'

/** A metric, the points at which it is measured, and the indexes of its queries in the plan's `asks`. */
export interface MetricPlan {
  readonly metric: TemplateMetric
  readonly window: AnalysisWindow
  /** The points, by their numbers. */
  readonly numbers: readonly number[]
  readonly asked: readonly number[]
}

export interface TemplatePlan {
  readonly kind: 'template'
  readonly analysis: Analysis
  readonly template: TemplateName
  readonly now: number
  /** When the step went live, and when its bake is over. */
  readonly since: number
  readonly baked: number
  /** All expected measurements are due, and the bake is over. */
  readonly isDue: boolean
  readonly asks: readonly RangeQuery[]
  readonly metrics: Result<readonly MetricPlan[], readonly TemplateProblem[]>
  /** The known servers, if the one to ask is not among them. */
  readonly unknownServer: readonly string[] | undefined
}

export interface TemplatePace {
  /** When the step went live, epoch milliseconds. */
  readonly since: number
  readonly bakeMs: number
  readonly now: number
}

export interface TemplateInput {
  readonly analysis: Analysis
  readonly lookup: TemplateLookup
  readonly values: ArgumentValues
  /** The names of the servers that may be asked. */
  readonly servers: readonly string[]
}

export function planTemplate(input: TemplateInput, pace: TemplatePace): TemplatePlan {
  const { analysis, servers } = input
  const baked = pace.since + pace.bakeMs
  const asks: RangeQuery[] = []
  const isKnown = servers.includes(analysis.provider)
  const found = metricsOf(input, pace.bakeMs)
  const metrics = found.ok ? ok(found.value.map((metric) => planMetric(metric, pace, isKnown ? asks : []))) : found
  const isDue = pace.now >= baked && (!metrics.ok || metrics.value.every(({ window }) => window.isComplete))
  return {
    kind: 'template',
    analysis,
    template: templateName(analysis),
    now: pace.now,
    since: pace.since,
    baked,
    isDue,
    asks,
    metrics,
    unknownServer: isKnown ? undefined : servers,
  }
}

export function templateName({ template = '', clusterScope }: Analysis): TemplateName {
  return { kind: clusterScope === true ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate', name: template }
}

/** The metrics to measure in a bake, or all problems that prevent it. */
export function metricsOf(
  { analysis, lookup, values }: Pick<TemplateInput, 'analysis' | 'lookup' | 'values'>,
  bakeMs: number,
): Result<readonly TemplateMetric[], readonly TemplateProblem[]> {
  if (!lookup.ok) return err([lookup.error])
  const read = readTemplate(lookup.value.spec, { args: analysis.args ?? {}, values })
  if (!read.ok) return read
  const tooMany = read.value.flatMap((metric) => {
    const points = pointsInBake(metric, bakeMs)
    return points <= MAX_MEASUREMENTS
      ? []
      : [{ code: 'too-many', metric: metric.name, points, most: MAX_MEASUREMENTS } as const]
  })
  return tooMany.length === 0 ? read : err(tooMany)
}

/** The place of the template, for problems. Undefined if it was not found. */
export function placeOfTemplate(lookup: TemplateLookup): FoundTemplate['place'] | undefined {
  if (lookup.ok) return lookup.value.place
  if (lookup.error.code === 'found-twice') return lookup.error.places[0]
  return 'place' in lookup.error ? lookup.error.place : undefined
}

/** The least number of measurements of a metric: those of the bake if it has no count. */
function pointsInBake({ count, intervalMs, initialDelayMs }: TemplateMetric, bakeMs: number): number {
  if (count !== undefined || intervalMs === undefined) return count ?? 1
  return Math.max(1, Math.floor((bakeMs - initialDelayMs) / intervalMs))
}

/** The time from a measurement without an answer to the next one, if the metric has no interval. */
const RETRY_MS = 60_000

function planMetric(metric: TemplateMetric, pace: TemplatePace, asks: RangeQuery[]): MetricPlan {
  const window = windowOfMetric(metric, pace)
  const ranges = isEndless(metric) ? rangesOf(window) : countedRangesOf(window)
  const asked = ranges.map((range) => askOnce(asks, { query: metric.query, range }))
  return { metric, window, numbers: numbersOf(window, ranges), asked }
}

/**
 * When a metric is measured: once per interval. The first time is one interval after live and the initial delay, because an earlier
 * query would see the traffic from before the step. A metric of one measurement is measured when the bake is over.
 */
function windowOfMetric(metric: TemplateMetric, { since, bakeMs, now }: TemplatePace): AnalysisWindow {
  const { intervalMs, initialDelayMs } = metric
  const begin = since + initialDelayMs
  const stepMs = intervalMs ?? RETRY_MS
  const from = intervalMs === undefined ? Math.max(begin, since + bakeMs) - stepMs : begin
  const bakePoints = pointsInBake(metric, bakeMs)
  const due = Math.max(0, Math.floor((now - from) / stepMs))
  const ends = timeOf({ from, stepMs }, bakePoints)
  return { from, stepMs, bakePoints, due, ends, isComplete: due >= bakePoints }
}
