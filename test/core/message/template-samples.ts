/**
 * One value of each kind of AnalysisTemplate result that Perch has words for, with other people's text in every possible place.
 */
import type { MeasuredMetric, MetricReason } from '../../../src/core/analysis-template/measured.ts'
import {
  LIMIT_FAULTS,
  type TemplateName,
  type TemplateProblem,
} from '../../../src/core/analysis-template/template-problem.ts'
import type { Trouble } from '../../../src/core/analysis-template/expression/trouble.ts'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'

type Samples<T extends { readonly code: string }> = {
  readonly [Code in T['code']]: (text: string) => readonly (T & { readonly code: Code })[]
}

const troubles: Samples<Trouble> = {
  'too-long': () => [{ code: 'too-long', at: 1000, most: 1000 }],
  'too-deep': () => [{ code: 'too-deep', at: 9, most: 40 }],
  'too-many-steps': () => [{ code: 'too-many-steps', at: 9, most: 20_000 }],
  syntax: (t) => [t, ''].map((what) => ({ code: 'syntax', at: 3, what })),
  unsupported: (t) => [{ code: 'unsupported', at: 3, what: t }],
  mismatch: () => [
    { code: 'mismatch', at: 3, what: '>', found: 'numbers' },
    { code: 'mismatch', at: 3, what: '[ ]', found: 'number' },
    { code: 'mismatch', at: 3, what: '&&', found: 'text' },
  ],
  arguments: (t) => [{ code: 'arguments', at: 3, what: t }],
  'not-truth': () => [{ code: 'not-truth', at: 1, found: 'number' }],
  'no-item': () => [0, 2].map((length) => ({ code: 'no-item', at: 7, index: 3, length })),
  'no-answer': (t) => [{ code: 'no-answer', at: 1, what: t }],
}

const problems: Samples<TemplateProblem> = {
  'not-found': () => [{ code: 'not-found' }],
  'found-twice': (t) => [{ code: 'found-twice', places: [t, 'b.yaml'].map((file) => ({ file, line: 3 })) }],
  unreadable: (t) => [{ code: 'unreadable', place: { file: t, line: 3 } }],
  unclear: (t) => [{ code: 'unclear', place: { file: t, line: 3 } }],
  differs: (t) => [{ code: 'differs', environments: [t, 'staging'] }],
  unsupported: (t) => [{ code: 'unsupported', place: t, what: t }],
  provider: (t) => [{ code: 'provider', metric: t, provider: t }],
  invalid: (t) => [{ code: 'invalid', place: t, wanted: 'a duration' }],
  'no-metrics': () => [{ code: 'no-metrics' }],
  'many-metrics': () => [{ code: 'many-metrics', count: 21, most: 20 }],
  'same-name': (t) => [{ code: 'same-name', place: t, name: t }],
  limits: (t) => LIMIT_FAULTS.map((why) => ({ code: 'limits', metric: t, why })),
  'dry-run-unused': (t) => [{ code: 'dry-run-unused', place: t, name: t }],
  'argument-missing': (t) => [{ code: 'argument-missing', name: t }],
  'argument-source': (t) => [{ code: 'argument-source', name: t, source: t }],
  'argument-unknown': (t) => [[], [t]].map((known) => ({ code: 'argument-unknown', name: t, known })),
  'argument-variable': (t) => [{ code: 'argument-variable', name: t, variable: t }],
  unresolved: (t) => [{ code: 'unresolved', place: t, what: t }],
  condition: (t) => valuesOf(troubles, t).map((trouble) => ({ code: 'condition', place: t, text: t, trouble })),
  'too-many': (t) => [{ code: 'too-many', metric: t, points: 3600, most: 1000 }],
}

const reasons: Samples<MetricReason> = {
  'too-early': () => [{ code: 'too-early', first: 0 }],
  'no-values': () => [{ code: 'no-values' }],
  'not-evaluated': (t) => [
    {
      code: 'not-evaluated',
      condition: 'successCondition',
      trouble: { code: 'no-answer', at: 1, what: t },
      values: [1, Number.NaN, Number.POSITIVE_INFINITY, 2, 3],
      inRow: 5,
    },
  ],
  'over-limit': () => [{ code: 'over-limit', limit: 0 }],
  'few-in-row': () => [{ code: 'few-in-row', wanted: 3 }],
  warned: (t) => [{ code: 'warned', detail: t }],
  'unknown-server': (t) => [{ code: 'unknown-server', known: [t] }],
  unreachable: (t) => [{ code: 'unreachable', detail: t }],
  'timed-out': (t) => [{ code: 'timed-out', detail: t }],
  refused: (t) => [{ code: 'refused', detail: t }],
  'not-understood': (t) => [{ code: 'not-understood', detail: t }],
  'too-large': (t) => [{ code: 'too-large', detail: t }],
  'outside-window': () => [{ code: 'outside-window' }],
  'clock-off': () => [{ code: 'clock-off', byMs: 120_000 }],
}

function valuesOf<T extends { readonly code: string }>(samples: Samples<T>, text: string): readonly T[] {
  const makers: readonly ((text: string) => readonly T[])[] = Object.values(samples)
  return makers.flatMap((make) => make(text))
}

/** The same in the form of `canary/validate`. */
export function templateProblemsOf(text: string): readonly Problem[] {
  return valuesOf(problems, text).map((problem) => {
    const template = named(text)
    return { code: 'analysis-template', file: text, line: 3, cause: { kind: 'analysis-template', template, problem } }
  })
}

function named(name: string): TemplateName {
  return { kind: 'AnalysisTemplate', name }
}

/**
 * Reports of an analysis by a template: a pass, an analysis in progress, a template with only dry runs, each reason, and a
 * template that cannot be used.
 */
export function templateReports(text: string): readonly AnalysisReport[] {
  const times = { from: 0, until: 1, ends: 2, next: 3, server: text, failureLimit: 0, checks: [] }
  const one = (more: Partial<AnalysisReport>, metric: Partial<MeasuredMetric>): AnalysisReport => {
    const outcome = metric.outcome ?? 'pass'
    const metrics = [{ ...METRIC, name: text, ...metric }]
    const template = { ...named(text), problems: [], metrics }
    return { ...times, outcome, isFailure: outcome === 'fail', isComplete: true, template, ...more }
  }
  const conditions = { successCondition: text, failureCondition: text }
  const failed = valuesOf(reasons, text).map((reason) =>
    one({}, { outcome: reason.code === 'over-limit' ? 'fail' : 'error', reason }),
  )
  const undecided = { outcome: 'inconclusive', reason: { code: 'over-limit', limit: 0 }, isDone: true } as const
  const problem = { code: 'argument-missing', name: text } as const
  const broken = { ...named(text), problems: [problem, { code: 'not-found' } as const], metrics: [] }
  return [
    one({}, { conditions }),
    one({ isComplete: false }, {}),
    one({}, { isDryRun: true }),
    ...failed,
    one({}, { ...undecided, conditions }),
    { ...times, outcome: 'error', isFailure: false, isComplete: true, template: broken },
  ]
}

const METRIC: MeasuredMetric = {
  name: '',
  isDryRun: false,
  conditions: { successCondition: undefined, failureCondition: undefined },
  outcome: 'pass',
  reason: undefined,
  isDone: false,
  counts: { successful: 2, failed: 1, inconclusive: 1, error: 1 },
  wanted: 5,
  failureLimit: 1,
  measurements: [
    { time: 0, values: [0.99], verdict: 'successful' },
    { time: 60_000, values: [0.98, 0.97], verdict: 'successful' },
    { time: 120_000, values: [0.5], verdict: 'failed' },
    { time: 180_000, values: [0.9], verdict: 'inconclusive' },
    { time: 240_000, values: [], verdict: 'error' },
  ],
  ends: 240_000,
  next: 300_000,
}
