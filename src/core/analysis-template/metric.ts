import type { Node } from './expression/node.ts'

/** A condition of a metric, as written and as understood. */
export interface MetricCondition {
  readonly text: string
  readonly node: Node
}

/** One metric of a template with its arguments filled in. Times are milliseconds. */
export interface TemplateMetric {
  readonly name: string
  /** It is measured and shown, and nothing follows from it. */
  readonly isDryRun: boolean
  readonly query: string
  /** The query comes to a number and not to a list. */
  readonly isScalar: boolean
  readonly initialDelayMs: number
  readonly intervalMs: number | undefined
  /** How many measurements; undefined: as many as there is time for, or one where there is no interval. */
  readonly count: number | undefined
  /** How many may fail; undefined: any number. */
  readonly failureLimit: number | undefined
  readonly inconclusiveLimit: number
  readonly consecutiveErrorLimit: number
  /** So many good ones in a row are enough; 0: they are not. */
  readonly consecutiveSuccessLimit: number
  readonly successCondition: MetricCondition | undefined
  readonly failureCondition: MetricCondition | undefined
}

/** Whether a metric is measured as long as there is time. */
export function isEndless({ count, intervalMs }: Pick<TemplateMetric, 'count' | 'intervalMs'>): boolean {
  return count === undefined && intervalMs !== undefined
}
