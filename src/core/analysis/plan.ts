import { type Analysis, BUILT_IN, type AnalysisCheck, isBuiltIn } from '../config/analysis.ts'
import { err, ok, type Result } from '../result.ts'
import type { Standing } from '../rollout/standing.ts'
import { isInSeveralNamespaces } from '../rollout/target.ts'
import { canaryVersion } from '../traffic/version.ts'
import type { Range } from './answer.ts'
import { askOnce, type RangeQuery } from './asks.ts'
import { builtInQuery, matchersOf, requestsQuery } from './queries.ts'
import type { Bar, CheckReason } from './report.ts'
import { type SideResult, versionNamesOf, type Reporter, reporterOf, sidesOf } from './side.ts'
import { fillTemplate, missingIn, parseTemplate, type Values } from './template.ts'
import { promDuration, rangesOf, type AnalysisWindow, windowOf } from './window.ts'

/** The indexes in a plan's `asks` for one side. */
export interface SidePlan {
  readonly values: readonly number[]
  /** Undefined if requests are not counted. */
  readonly requests: readonly number[] | undefined
}

export interface CheckPlan {
  readonly metric: string
  readonly unit: string
  readonly bars: readonly Bar[]
  readonly sides: Result<{ readonly canary: SidePlan; readonly stable: SidePlan | undefined }, CheckReason>
}

/** Everything to ask about one step, and how to judge it. */
export interface AnalysisPlan {
  readonly kind: 'checks'
  readonly analysis: Analysis
  readonly window: AnalysisWindow
  readonly now: number
  /** The values of the stable version are from before the step, because it has no traffic any more. */
  readonly isStableBefore: boolean
  readonly asks: readonly RangeQuery[]
  readonly checks: readonly CheckPlan[]
}

export interface AnalysisQuestion {
  readonly standing: Standing
  readonly analysis: Analysis
  /** When the step went live, epoch milliseconds. */
  readonly since: number
  readonly now: number
  /** The names of the servers that may be asked. */
  readonly servers: readonly string[]
}

/** The limit of a whole query. Names in it may be long, and Prometheus accepts much more. */
const MAX_FILLED = 10_000

export function planAnalysis(question: AnalysisQuestion): AnalysisPlan {
  const { standing, analysis, since, now, servers } = question
  const pace = {
    since,
    settleMs: analysis.settle,
    bakeMs: standing.target.settings.bakeMs,
    intervalMs: analysis.interval,
  }
  const window = windowOf(pace, now)
  const asks: RangeQuery[] = []
  const ask = (query: string, ranges: readonly Range[]): readonly number[] =>
    ranges.map((range) => askOnce(asks, { query, range }))
  const isKnown = servers.includes(analysis.provider)
  const scene = { ...sceneOf(standing, analysis), window, since }
  const checks = (analysis.checks ?? []).map((check): CheckPlan => {
    const sides = isKnown ? planSides(scene, check, ask) : err({ code: 'unknown-server', known: servers } as const)
    return { metric: check.metric, unit: unitOf(check), bars: barsOf(check), sides }
  })
  return { kind: 'checks', analysis, window, now, isStableBefore: scene.isStableBefore, asks, checks }
}

interface QueryContext {
  readonly standing: Standing
  readonly analysis: Analysis
  readonly reporter: Reporter
  readonly found: Readonly<Record<'canary' | 'stable', SideResult>>
  readonly isStableBefore: boolean
  readonly window: AnalysisWindow
  readonly since: number
}

function sceneOf(standing: Standing, analysis: Analysis): Omit<QueryContext, 'window' | 'since'> {
  const { target } = standing
  const reporter = reporterOf(target, analysis.reporter)
  return { standing, analysis, reporter, found: sidesOf(target, reporter), isStableBefore: standing.share === 100 }
}

type AddQuery = (query: string, ranges: readonly Range[]) => readonly number[]

function planSides(scene: QueryContext, check: AnalysisCheck, ask: AddQuery): CheckPlan['sides'] {
  const canary = planSide(scene, check, { role: 'canary', ask })
  if (!canary.ok) return canary
  if (check.againstStable === undefined) return ok({ canary: canary.value, stable: undefined })
  const stable = planSide(scene, check, { role: 'stable', ask })
  return stable.ok ? ok({ canary: canary.value, stable: stable.value }) : stable
}

interface RoleQuery {
  readonly role: 'canary' | 'stable'
  readonly ask: AddQuery
}

function planSide(scene: QueryContext, check: AnalysisCheck, { role, ask }: RoleQuery): Result<SidePlan, CheckReason> {
  const { window, since } = scene
  const isBefore = role === 'stable' && scene.isStableBefore
  // All of stable's traffic before the step, as one point, because there is none since the step went live. Missing requests
  // do not count, so it does no harm that some of that time may be after the switch.
  const length = isBefore ? window.bakePoints * window.stepMs : window.stepMs
  const before: readonly Range[] = [{ from: since, until: since, stepMs: window.stepMs }]
  const ranges = isBefore ? (window.due === 0 ? [] : before) : rangesOf(window)
  const queries = queriesOf(scene, check, { role, duration: promDuration(length) })
  if (!queries.ok) return queries
  const { value, requests } = queries.value
  if ([value, requests ?? ''].some((query) => query.length > MAX_FILLED)) return err({ code: 'long-query' })
  return ok({ values: ask(value, ranges), requests: requests === undefined ? undefined : ask(requests, ranges) })
}

interface Queries {
  readonly value: string
  readonly requests: string | undefined
}

function queriesOf(
  scene: QueryContext,
  check: AnalysisCheck,
  { role, duration }: { readonly role: RoleQuery['role']; readonly duration: string },
): Result<Queries, CheckReason> {
  const { metric, query, stableQuery } = check
  const isCounted = scene.analysis.minRequests > 0
  if (isBuiltIn(metric)) {
    const found = scene.found[role]
    if (!found.ok) return err({ code: 'side', trouble: found.error })
    const requests = isCounted ? requestsQuery(found.value, duration) : undefined
    return ok({ value: builtInQuery(metric, found.value, duration), requests })
  }
  const values = valuesFor(scene, role, duration)
  const own = role === 'stable' ? (stableQuery ?? query ?? '') : (query ?? '')
  const value = fill(scene, own, { role, values })
  if (!value.ok) return value
  if (!isCounted || check.requests === undefined) return ok({ value: value.value, requests: undefined })
  const requests = fill(scene, check.requests, { role, values })
  return requests.ok ? ok({ value: value.value, requests: requests.value }) : requests
}

function fill(
  { found }: QueryContext,
  query: string,
  { role, values }: { readonly role: RoleQuery['role']; readonly values: Values },
): Result<string, CheckReason> {
  const template = parseTemplate(query)
  const missing = missingIn(template, values)
  if (missing.length === 0) return ok(fillTemplate(template, values))
  const side = found[role]
  return missing.includes('destination') && !side.ok
    ? err({ code: 'side', trouble: side.error })
    : err({ code: 'no-variable', variables: missing })
}

function valuesFor({ standing, reporter, found }: QueryContext, role: RoleQuery['role'], window: string): Values {
  const values = rolloutValues(standing, role)
  const side = found[role]
  return {
    ...values,
    side: values[role],
    reporter,
    window,
    destination: side.ok ? matchersOf(side.value) : undefined,
  }
}

/** What the files say about a rollout, and about one of its sides. */
export function rolloutValues(
  { target, versions }: Standing,
  role: RoleQuery['role'],
): Readonly<Record<'service' | 'environment' | 'canary' | 'stable', string>> & {
  readonly namespace: string | undefined
  readonly version: string | undefined
} {
  return {
    service: target.service,
    namespace: isInSeveralNamespaces(target) ? undefined : target.route.namespace,
    environment: target.environment,
    ...versionNamesOf(target),
    version: versions?.[role] ?? (role === 'canary' ? canaryVersion(target.route, target.neighbours) : undefined),
  }
}

function unitOf({ metric, unit }: AnalysisCheck): string {
  return isBuiltIn(metric) ? BUILT_IN[metric].unit : (unit ?? '')
}

function barsOf({ min, max, againstStable }: AnalysisCheck): readonly Bar[] {
  const { maxBelow, maxAbove } = againstStable ?? {}
  return [
    ...(min === undefined ? [] : [{ kind: 'min', value: min } as const]),
    ...(max === undefined ? [] : [{ kind: 'max', value: max } as const]),
    ...(maxBelow === undefined ? [] : [{ kind: 'max-below', ...maxBelow } as const]),
    ...(maxAbove === undefined ? [] : [{ kind: 'max-above', ...maxAbove } as const]),
  ]
}
