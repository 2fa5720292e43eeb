import * as z from 'zod'
import { isSided, parseTemplate } from '../analysis/template.ts'
import { Duration } from './duration.ts'

const MAX_QUERY = 2_000

const Query = z.string().min(1).max(MAX_QUERY)

/** The allowed difference from stable: in the metric's unit, or in percent of stable's value. */
const Tolerance = z
  .union([
    z.number().nonnegative(),
    z.string().regex(/^\d+(\.\d+)?%$/, 'must be a number, or a percentage such as 20%'),
  ])
  .transform((given) =>
    typeof given === 'number' ? { by: given, isPercent: false } : { by: Number.parseFloat(given), isPercent: true },
  )

const AnalysisCheck = z.strictObject({
  metric: z
    .string()
    .regex(/^[A-Za-z][\w.-]{0,59}$/, 'must be a name of letters, digits, dashes, dots and underscores')
    .describe(
      '`success-rate` (percent) and `latency-p99` (milliseconds) are built in. Any other name needs a `query`.',
    ),
  query: Query.optional().describe('PromQL that returns one number, with variables such as `{{service}}`.'),
  unit: z.string().min(1).max(20).optional().describe('Unit of the result of `query`, shown to people.'),
  min: z.number().optional().describe('The lowest value that passes.'),
  max: z.number().optional().describe('The highest value that passes.'),
  againstStable: z
    .strictObject({
      maxBelow: Tolerance.optional().describe(
        "How far below the stable version's value the canary may be: `0.5` in the unit, or `20%`.",
      ),
      maxAbove: Tolerance.optional().describe(
        "How far above the stable version's value the canary may be: `50` in the unit, or `20%`.",
      ),
    })
    .optional()
    .describe('Compares the canary with the stable version at the same time.'),
  stableQuery: Query.optional().describe('PromQL for the stable version. Default: the same query.'),
  requests: Query.optional().describe('PromQL that counts the requests in `{{window}}`, for `minRequests`.'),
})

export const ServerName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be the name of a server that Perch was started with, never a URL')

/** The name of the server in `PROMETHEUS_URL` if that does not name any. */
export const DEFAULT_SERVER = 'prometheus'

/** Arguments of a template are strings. */
const TemplateArgument = z
  .union([z.string().max(MAX_QUERY), z.number(), z.boolean()], 'must be a text, a number, true or false')
  .transform(String)

const Policy = z.enum(['wait', 'fail']).default('wait')

export const Analysis = z.strictObject({
  provider: ServerName.default(DEFAULT_SERVER).describe(
    'Name of the Prometheus to ask, one of those that Perch was started with.',
  ),
  checks: z.array(AnalysisCheck).nonempty().max(20).optional().describe('The checks. All must pass.'),
  template: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('Name of an AnalysisTemplate of Argo Rollouts in the repository, instead of `checks`.'),
  clusterScope: z.boolean().optional().describe('Whether `template` names a ClusterAnalysisTemplate. Default: no.'),
  args: z
    .record(z.string(), TemplateArgument)
    .optional()
    .describe('Values for the arguments of the template, with variables such as `{{version}}`.'),
  settle: Duration.prefault('30s').describe(
    'Time after live before the first measurement, because Envoy gets the new weights a little later.',
  ),
  interval: Duration.prefault('1m').describe('The shortest time that one point covers.'),
  minRequests: z
    .int()
    .min(0)
    .default(100)
    .describe('How many requests to the canary a point needs to be judged; `0` turns this off.'),
  failureLimit: z.int().min(0).default(0).describe('How many points may fail within any period as long as the bake.'),
  reporter: z
    .enum(['source', 'destination', 'waypoint'])
    .optional()
    .describe('Whose metrics the built-in checks read. Default: `destination`, for the Gateway API `source`.'),
  onNoData: Policy.describe('Whether a bake without any data waits or fails.'),
  onError: Policy.describe('Whether a bake waits or fails if Perch cannot get an answer from Prometheus at its end.'),
  onInconclusive: Policy.describe('Whether a bake with too little data waits or fails.'),
})

export type Analysis = z.infer<typeof Analysis>
export type AnalysisCheck = z.infer<typeof AnalysisCheck>

/** The metrics that need no query: how Perch reads them, and which direction is worse. */
export const BUILT_IN = {
  'success-rate': { unit: '%', worse: 'low' },
  'latency-p99': { unit: 'ms', worse: 'high' },
} as const
export type BuiltIn = keyof typeof BUILT_IN

export function isBuiltIn(metric: string): metric is BuiltIn {
  return Object.hasOwn(BUILT_IN, metric)
}

export interface RuleProblem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Keys that only checks have, and why a template cannot have them. */
const OF_CHECKS = {
  checks: 'stands beside template: use one of them',
  settle: 'is for checks: a metric of a template has its own initialDelay',
  interval: 'is for checks: a metric of a template has its own interval',
  minRequests: 'is for checks: a template counts no requests, its conditions must say what few of them mean',
  failureLimit: 'is for checks: a metric of a template has its own failureLimit',
  reporter: 'is for checks: the queries of a template say whose metrics they read',
} as const

/** The rules that concern more than one key of an analysis. `written`: as in the file, without defaults. */
export function analysisProblems(
  analysis: Analysis,
  { bakeMs, written }: { readonly bakeMs: number; readonly written: Readonly<Record<string, unknown>> },
): readonly RuleProblem[] {
  const { checks, template } = analysis
  if (template !== undefined) {
    const others = Object.entries(OF_CHECKS).filter(([key]) => Object.hasOwn(written, key))
    return others.map(([key, message]) => ({ path: ['analysis', key], message }))
  }
  const strays = (['clusterScope', 'args'] as const).filter((key) => Object.hasOwn(written, key))
  return [
    ...strays.map((key) => ({ path: ['analysis', key], message: 'needs template beside it' })),
    ...(checks === undefined
      ? [{ path: ['analysis'], message: 'must have checks, or the name of a template' }]
      : checkProblems({ ...analysis, checks }, bakeMs)),
  ]
}

function checkProblems(
  analysis: Analysis & { readonly checks: readonly AnalysisCheck[] },
  bakeMs: number,
): readonly RuleProblem[] {
  const names = analysis.checks.map(({ metric }) => metric)
  return [
    ...(bakeMs < analysis.settle + analysis.interval
      ? [
          {
            path: ['bake'],
            message: 'must be at least settle and interval of the analysis together, or nothing is measured',
          },
        ]
      : []),
    ...analysis.checks.flatMap((check, index) =>
      [
        ...(names.indexOf(check.metric) === index
          ? []
          : [{ path: ['metric'], message: 'is checked twice: use one check' }]),
        ...barProblems(check),
        ...(isBuiltIn(check.metric) ? builtInProblems(check, check.metric) : ownProblems(check)),
      ].map(({ path, message }) => ({ path: ['analysis', 'checks', index, ...path], message })),
    ),
  ]
}

function barProblems({ min, max, againstStable }: AnalysisCheck): readonly RuleProblem[] {
  const { maxBelow, maxAbove } = againstStable ?? {}
  if ([min, max, maxBelow, maxAbove].every((bar) => bar === undefined)) {
    return [{ path: [], message: 'needs a bar: min, max, or againstStable with maxBelow or maxAbove' }]
  }
  if (againstStable !== undefined && maxBelow === undefined && maxAbove === undefined) {
    return [{ path: ['againstStable'], message: 'needs maxBelow or maxAbove' }]
  }
  return min !== undefined && max !== undefined && min > max
    ? [{ path: ['min'], message: 'must not be above max' }]
    : []
}

const OWN_KEYS = ['query', 'unit', 'stableQuery', 'requests'] as const

/** A bound on the wrong side, or in another tool's unit, would pass or fail everything. */
function builtInProblems(check: AnalysisCheck, metric: BuiltIn): readonly RuleProblem[] {
  const own = OWN_KEYS.filter((key) => check[key] !== undefined).map((key) => {
    return { path: [key], message: `is for metrics of your own; ${metric} is built in` }
  })
  const mistakes = BUILT_IN[metric].worse === 'low' ? lowMistakes(check) : highMistakes(check)
  const found = mistakes.flatMap(([isMade, key, message]) => (isMade ? [{ path: [key], message }] : []))
  return [...own, ...found]
}

type Mistake = readonly [isMade: boolean, key: string, message: string]

function lowMistakes({ min, max, againstStable }: AnalysisCheck): readonly Mistake[] {
  return [
    [max !== undefined, 'max', 'is the wrong side: a low success rate is bad, use min'],
    [againstStable?.maxAbove !== undefined, 'againstStable', 'is the wrong side: use maxBelow'],
    [min !== undefined && min <= 1, 'min', 'is in percent: 99, not 0.99'],
    [min !== undefined && min > 100, 'min', 'is in percent: at most 100'],
  ]
}

function highMistakes({ min, max, againstStable }: AnalysisCheck): readonly Mistake[] {
  return [
    [min !== undefined, 'min', 'is the wrong side: a high latency is bad, use max'],
    [againstStable?.maxBelow !== undefined, 'againstStable', 'is the wrong side: use maxAbove'],
    [max !== undefined && max < 1, 'max', 'is in milliseconds: 500, not 0.5'],
  ]
}

function ownProblems(check: AnalysisCheck): readonly RuleProblem[] {
  const { metric, query, unit, stableQuery, againstStable } = check
  if (query === undefined) {
    const known = Object.keys(BUILT_IN).join(' and ')
    return [{ path: ['metric'], message: `${metric} is not built in (${known} are): give it a query` }]
  }
  const templates = (['query', 'stableQuery', 'requests'] as const).flatMap((key) =>
    check[key] === undefined ? [] : parseTemplate(check[key]).problems.map((message) => ({ path: [key], message })),
  )
  const needsSides = againstStable !== undefined && stableQuery === undefined && !isSided(parseTemplate(query))
  return [
    ...templates,
    ...(unit === undefined ? [{ path: [], message: 'needs a unit, such as ms or requests' }] : []),
    ...(needsSides
      ? [
          {
            path: ['query'],
            message: 'asks the same of both sides: use {{destination}}, {{version}} or {{side}}, or give a stableQuery',
          },
        ]
      : []),
    ...(stableQuery !== undefined && againstStable === undefined
      ? [{ path: ['stableQuery'], message: 'is asked for againstStable only' }]
      : []),
  ]
}
