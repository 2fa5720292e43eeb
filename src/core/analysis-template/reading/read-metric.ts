import { checkCondition } from '../expression/check-types.ts'
import { parseCondition } from '../expression/parse.ts'
import type { MetricCondition, TemplateMetric } from '../metric.ts'
import type { LimitFault } from '../template-problem.ts'
import {
  complain,
  durationField,
  type Fields,
  fieldPlace,
  recordField,
  refuseOthers,
  textField,
  wholeField,
} from './fields.ts'
import { isScalarQuery } from './scalar-query.ts'

const KEYS = [
  'name',
  'interval',
  'initialDelay',
  'count',
  'successCondition',
  'failureCondition',
  'failureLimit',
  'inconclusiveLimit',
  'consecutiveErrorLimit',
  'consecutiveSuccessLimit',
  'provider',
]

/** The default of Argo Rollouts. */
const DEFAULT_CONSECUTIVE_ERRORS = 4

/** Samples are no newer than this, so more frequent measurements would see nothing new. */
const MIN_INTERVAL_MS = 1_000

/** In milliseconds. No step waits longer, and a date a thousand times this far away is still valid. */
const MAX_TIME_MS = 30 * 86_400_000

/** Each measurement is a point of one range query. */
export const MAX_MEASUREMENTS = 1_000

/** Includes its arguments. Prometheus accepts much more, but every measurement sends the query. */
const MAX_QUERY = 10_000

/** One metric with its arguments filled in. Undefined if something is wrong; the problems then say what. */
export function readMetric(fields: Fields, isDryRun: (name: string) => boolean): TemplateMetric | undefined {
  const { problems } = fields
  const before = problems.length
  refuseOthers(fields, KEYS)
  const name = textField(fields, 'name') ?? complain(fields, 'name', 'a text')
  const query = readQuery(fields, name ?? fields.place)
  if (name === undefined || query === undefined) return undefined
  const isScalar = isScalarQuery(query)
  const metric = {
    name,
    isDryRun: isDryRun(name),
    query,
    isScalar,
    initialDelayMs: durationField(fields, 'initialDelay') ?? 0,
    intervalMs: durationField(fields, 'interval'),
    ...readLimits(fields),
    successCondition: readCondition(fields, 'successCondition', isScalar),
    failureCondition: readCondition(fields, 'failureCondition', isScalar),
  }
  const fault = problems.length === before ? faultOf(metric) : undefined
  if (fault !== undefined) problems.push({ code: 'limits', metric: name, why: fault })
  return problems.length === before ? metric : undefined
}

type Limits = Pick<
  TemplateMetric,
  'count' | 'failureLimit' | `${'inconclusive' | 'consecutiveError' | 'consecutiveSuccess'}Limit`
>

function readLimits(fields: Fields): Limits {
  const count = wholeField(fields, 'count', 0)
  const failureLimit = wholeField(fields, 'failureLimit', -1) ?? 0
  return {
    count: count === 0 ? undefined : count,
    failureLimit: failureLimit === -1 ? undefined : failureLimit,
    inconclusiveLimit: wholeField(fields, 'inconclusiveLimit', 0) ?? 0,
    consecutiveErrorLimit: wholeField(fields, 'consecutiveErrorLimit', 0) ?? DEFAULT_CONSECUTIVE_ERRORS,
    consecutiveSuccessLimit: wholeField(fields, 'consecutiveSuccessLimit', 0) ?? 0,
  }
}

/** Keys about the server and its connection. Perch ignores them, because the operator decides which server it asks. */
const CONNECTION = ['address', 'authentication', 'insecure', 'timeout']

function readQuery(fields: Fields, metric: string): string | undefined {
  const { problems, place } = fields
  const provider = recordField(fields, 'provider')
  if (provider === undefined) return undefined
  const others = Object.keys(provider).filter((key) => key !== 'prometheus')
  problems.push(...others.map((key) => ({ code: 'provider', metric, provider: key }) as const))
  if (others.length > 0) return undefined
  const own = recordField({ data: provider, place: fieldPlace(place, 'provider'), problems }, 'prometheus')
  if (own === undefined) return undefined
  const prometheus = { data: own, place: fieldPlace(place, 'provider.prometheus'), problems }
  refuseOthers(prometheus, ['query', ...CONNECTION])
  const query = textField(prometheus, 'query') ?? complain(prometheus, 'query', 'a text')
  if (query === undefined || query.length <= MAX_QUERY) return query
  problems.push({ code: 'limits', metric, why: 'query-too-long' })
  return undefined
}

function readCondition(
  fields: Fields,
  key: 'successCondition' | 'failureCondition',
  isScalar: boolean,
): MetricCondition | undefined {
  const text = textField(fields, key)
  if (text === undefined) return undefined
  const parsed = parseCondition(text)
  const checked = parsed.ok ? checkCondition(parsed.value, isScalar ? 'number' : 'numbers') : parsed
  if (parsed.ok && checked.ok) return { text, node: parsed.value }
  if (!checked.ok)
    fields.problems.push({ code: 'condition', place: fieldPlace(fields.place, key), text, trouble: checked.error })
  return undefined
}

/** Limits that Argo Rollouts refuses, and metrics that are too much for Perch. */
function faultOf(metric: TemplateMetric): LimitFault | undefined {
  const { count, failureLimit, consecutiveSuccessLimit } = metric
  const fault = timeFaultOf(metric)
  if (fault !== undefined) return fault
  if (failureLimit === undefined && consecutiveSuccessLimit === 0) return 'both-disabled'
  return count === undefined ? undefined : countFaultOf({ ...metric, count })
}

function timeFaultOf({ intervalMs, initialDelayMs }: TemplateMetric): LimitFault | undefined {
  if (intervalMs !== undefined && intervalMs < MIN_INTERVAL_MS) return 'interval-too-short'
  return Math.max(intervalMs ?? 0, initialDelayMs) > MAX_TIME_MS ? 'time-too-long' : undefined
}

function countFaultOf(metric: TemplateMetric & { readonly count: number }): LimitFault | undefined {
  const { count, intervalMs, failureLimit = 0, inconclusiveLimit, consecutiveSuccessLimit } = metric
  if (count > 1 && intervalMs === undefined) return 'count-needs-interval'
  if (count > MAX_MEASUREMENTS) return 'count-too-high'
  return count < Math.max(inconclusiveLimit, failureLimit + consecutiveSuccessLimit) ? 'count-too-low' : undefined
}
