import type { Node } from './expression/node.ts'

/** A condition of a metric, as written and as parsed. */
export interface MetricCondition {
  readonly text: string
  readonly node: Node
}

/** One metric of a template with its arguments filled in. Times are milliseconds. */
export interface TemplateMetric {
  readonly name: string
  /** The metric is measured and shown, but decides nothing. */
  readonly isDryRun: boolean
  readonly query: string
  /** The query returns a number, not a list. */
  readonly isScalar: boolean
  readonly initialDelayMs: number
  readonly intervalMs: number | undefined
  /** The number of measurements. Undefined for as many as there is time for, or for one without an interval. */
  readonly count: number | undefined
  /** How many may fail. Undefined for any number. */
  readonly failureLimit: number | undefined
  readonly inconclusiveLimit: number
  readonly consecutiveErrorLimit: number
  /** How many successes in a row are enough; 0 turns this off. */
  readonly consecutiveSuccessLimit: number
  readonly successCondition: MetricCondition | undefined
  readonly failureCondition: MetricCondition | undefined
}

/** Whether a metric is measured as long as there is time. */
export function isEndless({ count, intervalMs }: Pick<TemplateMetric, 'count' | 'intervalMs'>): boolean {
  return count === undefined && intervalMs !== undefined
}
