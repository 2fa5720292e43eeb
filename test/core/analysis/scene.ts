import assert from 'node:assert/strict'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { type Knowledge, memoryMetrics } from '../../memory/metrics.ts'
import { judgeAnalysis } from '../../../src/core/analysis/judge.ts'
import { planAnalysis } from '../../../src/core/analysis/plan.ts'
import { queryMetrics } from '../../../src/flows/measure/measure-step.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Metrics } from '../../../src/ports/metrics.ts'
import { type Standing, standingOf } from '../../../src/core/rollout/standing.ts'
import { destinationRule, targetOf, virtualService } from '../samples.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
/** When the step went live. */
export const SINCE = Date.UTC(2026, 10, 20, 12)
/** After 30 s to settle, ten points of a minute each. The last one ends with the bake. */
export const ENDS = SINCE + 630 * SECOND

/** The subject of a query, so that a stand-in can answer it. */
export interface AskedQuery {
  readonly kind: 'requests' | 'success' | 'latency' | 'own'
  readonly side: 'canary' | 'stable'
  /** The number of the point, from 1; 0 before the first. */
  readonly point: number
  readonly query: string
  readonly time: number
}

export type World = (asked: AskedQuery) => ReturnType<Knowledge>

export function askedBy(query: string, time: number): AskedQuery {
  const kind = query.startsWith('sum(increase(')
    ? 'requests'
    : query.startsWith('100 * (')
      ? 'success'
      : query.startsWith('histogram_quantile(')
        ? 'latency'
        : 'own'
  const side = /v1|stable/.test(query) ? 'stable' : 'canary'
  return { kind, side, point: Math.round((time - SINCE - 30 * SECOND) / MINUTE), query, time }
}

export interface Play {
  readonly analysis?: Readonly<Record<string, unknown>>
  readonly service?: Readonly<Record<string, unknown>>
  readonly now?: number
  readonly shares?: readonly [number, number]
  readonly metrics?: Metrics
}

/** A healthy world: plenty of requests, no failures. */
export const WELL: World = ({ kind }) => ({ requests: 500, success: 100, latency: 80, own: 1 })[kind]

export const CHECKS = [{ metric: 'success-rate', min: 99 }]

function config({ analysis, service }: Play): unknown {
  // 630 s in a unit of the config.
  const bake = '630s'
  return {
    services: { 'api-service': { bake, analysis: { checks: CHECKS, ...analysis }, ...service } },
    annotationPrefix: 'gitops.example.com',
  }
}

export async function report(world: World, play: Play = {}): Promise<AnalysisReport> {
  const [stable, canary] = play.shares ?? [75, 25]
  const files = { 'app/vs.yaml': virtualService(stable, canary), 'app/dr.yaml': destinationRule('v1', 'v2') }
  const target = targetOf(files, config(play))
  const metrics = play.metrics ?? memoryMetrics({ prometheus: (query, time) => world(askedBy(query, time)) })
  const clock = { now: () => play.now ?? ENDS }
  return measuredBy({ metrics, clock }, standingOf(target), SINCE)
}

/** The report about a step from a server's current answers, without earlier ones. */
export async function measuredBy(
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock },
  standing: Standing,
  since: number,
): Promise<AnalysisReport> {
  const { analysis } = standing.target.settings
  assert.ok(analysis !== undefined)
  const plan = planAnalysis({ standing, analysis, since, now: clock.now(), servers: metrics.servers() })
  return judgeAnalysis(plan, await queryMetrics({ metrics }, plan))
}

export function failing(
  code: Extract<RangeAnswer, { ok: false }>['code'],
  detail = '',
): Extract<RangeAnswer, { ok: false }> {
  return { ok: false, code, detail }
}
