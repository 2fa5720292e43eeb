import { METRICS_FAILURES } from '../../../src/core/analysis/answer.ts'
import { type Observation, SHARE_TROUBLES } from '../../../src/core/analysis/observed-share.ts'
import type { CommandProblem } from '../../../src/core/command/commands.ts'
import type { AnalysisReport, CheckReason } from '../../../src/core/analysis/report.ts'
import type { RenderProblem } from '../../../src/core/diff/objects.ts'
import type { Detail } from '../../../src/core/finding/finding.ts'
import type { Wants } from '../../../src/core/finding/misfit.ts'
import type { GateReason } from '../../../src/core/gate/gate.ts'
import type { Liveness } from '../../../src/core/gate/live.ts'
import { conflictProblem } from '../../../src/core/problem/merge.ts'
import type { MoveRefusal } from '../../../src/core/rollout/move.ts'
import type { Location } from '../../../src/core/manifest/parse.ts'
import type { DryRunGapCode } from '../../../src/core/policy/dry-run.ts'
import type { FaultCode, KubeconfigFault, ToolFailure } from '../../../src/core/policy/remark.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { dryRunGap, failureProblems, objectRemark } from '../../../src/core/problem/tools.ts'
import type { PromotionRefusal } from '../../../src/core/refusal/promotion-refusal.ts'
import type { Refusal } from '../../../src/core/refusal/refusal.ts'

/**
 * One value of each kind that Perch has words for, with other people's text in every possible place. New kinds must be added
 * here.
 */

type Samples<T extends { readonly code: string }> = {
  readonly [Code in T['code']]: (text: string) => T & { readonly code: Code }
}

function each<T extends { readonly code: string }>(samples: Samples<T>): (text: string) => readonly T[] {
  const makers: readonly ((text: string) => T)[] = Object.values(samples)
  return (text) => makers.map((make) => make(text))
}

const at = (file: string) => ({ file, line: 1 })
const rule = (t: string) => ({ ...at(t), route: t, rule: t })
const edit = (t: string) => ({ ...at(t), path: [t] })

export const moveRefusals = each<MoveRefusal>({
  'some-callers': (t) => ({ file: t, line: 1, code: 'some-callers', rule: t }),
  'no-version': (t) => ({ code: 'no-version', ...at(t) }),
  'role-label': (t) => ({ code: 'role-label', ...at(t), title: t, label: t, stable: t, canary: t }),
  'chart-version': (t) => ({
    code: 'chart-version',
    ...at(t),
    name: t,
    environment: t,
    values: [{ title: t, field: t, was: t, wanted: t, file: t, others: [t, t] }],
    valuesFile: t,
  }),
  unclear: (t) => ({ code: 'unclear', why: 'selector', name: t, ...at(t) }),
  'shared-value': (t) => ({ code: 'shared-value', environment: t, users: [t, t], ...at(t) }),
  'rendered-weight': (t) => ({ code: 'rendered-weight', by: 'chart', name: t, ...at(t) }),
  'computed-weight': (t) => ({ code: 'computed-weight', name: t, value: t, isWeight: false, ...at(t) }),
  'no-layer': (t) => ({ code: 'no-layer', environment: t, users: [t, t], ...at(t) }),
  anchored: (t) => ({ code: 'anchored', ...edit(t) }),
  aliased: (t) => ({ code: 'aliased', ...edit(t) }),
  'block-text': (t) => ({ code: 'block-text', ...edit(t) }),
  'no-place': (t) => ({ code: 'no-place', ...edit(t) }),
  'odd-number': (t) => ({ code: 'odd-number', ...edit(t) }),
  template: (t) => ({ code: 'template', ...edit(t) }),
  'would-leak': (t) => ({ code: 'would-leak', ...edit(t) }),
  'no-roles': (t) => ({ code: 'no-roles', destinations: [t], ...rule(t) }),
  'no-delegate': (t) => ({ code: 'no-delegate', delegates: [t], ...rule(t) }),
  'which-service': (t) => ({ code: 'which-service', destinations: [t], ...rule(t) }),
  'no-canary': (t) => ({ code: 'no-canary', host: t, service: t, ...rule(t) }),
  'which-canary': (t) => ({ code: 'which-canary', host: t, subsets: [t], ...rule(t) }),
  'no-subset': (t) => ({ code: 'no-subset', host: t, wanted: t, subsets: [t], ...rule(t) }),
  'several-services': (t) => ({ code: 'several-services', services: [{ service: t, rules: [t] }], ...rule(t) }),
  'no-room': (t) => ({ code: 'no-room', most: 5, ...rule(t) }),
  'several-of-a-role': (t) => ({ code: 'several-of-a-role', ...rule(t) }),
  'ports-differ': (t) => ({ code: 'ports-differ', ...rule(t) }),
  'not-divisible': (t) => ({ code: 'not-divisible', total: 3, ...rule(t) }),
  'sum-must-be-100': (t) => ({ code: 'sum-must-be-100', total: 3, ...rule(t) }),
  'invalid-weight': (t) => ({ code: 'invalid-weight', weight: t, most: 100, ...rule(t) }),
  'sum-too-large': (t) => ({ code: 'sum-too-large', total: 3, ...rule(t) }),
  'no-such-rule': (t) => ({ code: 'no-such-rule', ...rule(t) }),
  'rule-not-split': (t) => ({ code: 'rule-not-split', ...rule(t) }),
})

export const commandProblems = each<CommandProblem>({
  'unknown-command': (t) => ({ code: 'unknown-command', word: t, meant: t }),
  'bad-percent': (t) => ({ code: 'bad-percent', word: t }),
  'bad-plan': (t) => ({ code: 'bad-plan', word: t }),
  'bad-time': (t) => ({ code: 'bad-time', word: t }),
  'bad-gate': (t) => ({ code: 'bad-gate', word: t }),
  'bad-argument': (t) => ({ code: 'bad-argument', word: t, name: 'set' }),
  'too-complex': (t) => ({ code: 'too-complex', word: t }),
  'too-many': () => ({ code: 'too-many', most: 1 }),
  'missing-value': (t) => ({ code: 'missing-value', word: t, name: 'override' }),
})

const promotionRefusals = each<PromotionRefusal>({
  'same-environment': (t) => ({ code: 'same-environment', environment: t }),
  'same-folder': (t) => ({ code: 'same-folder', from: t, to: t, folder: t }),
  'not-promotable': (t) => ({ code: 'not-promotable', environment: t, why: 'chart' }),
  'nothing-to-promote': (t) => ({
    code: 'nothing-to-promote',
    from: t,
    to: t,
    left: [{ file: t, what: t, why: 'not-exact' }],
  }),
  'target-rolling': (t) => ({ code: 'target-rolling', environment: t, service: t, share: 5 }),
  'unknown-service': (t) => ({ code: 'unknown-service', service: t, environment: t, known: [t] }),
  'promotion-open': () => ({ code: 'promotion-open', pull: 7 }),
})

const otherRefusals = each<Refusal>({
  'not-allowed': (t) => ({ code: 'not-allowed', login: t, needs: 'write', has: 'read' }),
  'not-understood': (t) => ({ code: 'not-understood', problem: { code: 'bad-percent', word: t } }),
  fork: () => ({ code: 'fork' }),
  closed: () => ({ code: 'closed' }),
  mixed: () => ({ code: 'mixed' }),
  'no-service': (t) => ({ code: 'no-service', asked: t, environment: t, known: [t], charts: [{ title: t, chart: t }] }),
  'shared-file': (t) => ({ code: 'shared-file', service: t, file: t, environments: [t, t], all: t }),
  'is-blue-green': (t) => ({ code: 'is-blue-green', name: t, idle: t }),
  owned: (t) => ({ code: 'owned', name: t, writer: 'flagger', title: t, ...at(t) }),
  'is-canary': (t) => ({ code: 'is-canary', name: t, service: t }),
  'unknown-version': (t) => ({ code: 'unknown-version', name: t, asked: t, known: [t] }),
  'no-effect': (t) => ({ code: 'no-effect', environment: t, file: t, missing: [t] }),
  'render-leak': (t) => ({ code: 'render-leak', name: t, environment: t, also: [t], source: { file: t, line: 3 } }),
  'listed-twice': (t) => ({ code: 'listed-twice', service: t, environment: t, files: [t, t] }),
  ambiguous: (t) => ({ code: 'ambiguous', choices: [{ service: t, environment: t }] }),
  'head-is-other': (t) => ({ code: 'head-is-other', asked: t, head: 'a'.repeat(40) }),
  'head-keeps-moving': () => ({ code: 'head-keeps-moving' }),
  'branch-behind': (t) => ({ code: 'branch-behind', name: t, base: t, what: 'weights' }),
  'head-not-seen': () => ({ code: 'head-not-seen', head: 'a'.repeat(40), age: 'later' }),
  'too-late': () => ({ code: 'too-late' }),
  'not-of-step': (t) => ({ code: 'not-of-step', why: 'other-rollout', name: t }),
  'step-undone': (t) => ({ code: 'step-undone', name: t, share: 50 }),
  'no-next-step': (t) => ({ code: 'no-next-step', name: t, share: 5 }),
  'nothing-to-abort': (t) => ({ code: 'nothing-to-abort', isOpen: true, service: t }),
  'no-rollout': () => ({ code: 'no-rollout' }),
  'nothing-held': (t) => ({ code: 'nothing-held', names: [t] }),
  'not-frozen': (t) => ({ code: 'not-frozen', environment: t }),
  'in-the-past': () => ({ code: 'in-the-past', until: 0 }),
  'override-not-deployed': (t) => ({ code: 'override-not-deployed', base: t, judgedFor: t }),
  'gate-not-waiting': (t) => ({ code: 'gate-not-waiting', gate: t, open: [t] }),
  'no-head': () => ({ code: 'no-head' }),
  'plan-on-merged': () => ({ code: 'plan-on-merged', step: 7 }),
  promotion: (t) => ({ code: 'promotion', why: { code: 'same-folder', from: t, to: t, folder: t } }),
  'cannot-edit': (t) => ({ code: 'cannot-edit', refusal: { code: 'no-version', ...at(t) } }),
  unreadable: (t) => ({ code: 'unreadable', problem: conflictProblem([t]), isEdited: true }),
  'no-checkout': () => ({ code: 'no-checkout' }),
  'no-such-commit': (t) => ({ code: 'no-such-commit', name: t }),
  'nothing-found': () => ({ code: 'nothing-found' }),
  'no-environment': (t) => ({ code: 'no-environment', asked: t, known: [t] }),
  'branch-taken': (t) => ({ code: 'branch-taken', branch: t }),
  'step-changed': (t) => ({ code: 'step-changed', branch: t, pull: 7 }),
  'branch-gone': (t) => ({ code: 'branch-gone', branch: t }),
  'not-deployed': (t) => ({ code: 'not-deployed', base: t, deployed: [t], isMerged: false }),
  'github-refused': (t) => ({
    code: 'github-refused',
    action: 'create-branch',
    cause: 'in-the-way',
    branch: t,
    rival: t,
    reason: t,
  }),
})

export function refusals(text: string): readonly Refusal[] {
  return [...otherRefusals(text), ...promotionRefusals(text).map((why): Refusal => ({ code: 'promotion', why }))]
}

const wants: readonly ((text: string) => Wants)[] = [
  (t) => ({ what: 'type', type: t, is: t }),
  (t) => ({ what: 'field', name: t }),
  (t) => ({ what: 'one-of', values: [t] }),
  () => ({ what: 'least', of: 'entries', number: 1 }),
  (t) => ({ what: 'form', form: t }),
  () => ({ what: 'choice' }),
]

const details: readonly ((text: string) => readonly Detail[])[] = [
  each<Detail>({
    IST0101: (t) => ({ code: 'IST0101', what: 'subset', name: t, host: t }),
    IST0106: (t) => ({ code: 'IST0106', what: 'negative', said: t }),
    IST0130: (t) => ({ code: 'IST0130', rule: t, before: t }),
    schema: (t) => ({ code: 'schema', at: t, of: 'Istio 1.29', wants: { what: 'choice' } }),
    'wrong-field': (t) => ({ code: 'wrong-field', at: t, of: 'Istio 1.29', near: t }),
    'two-writers': (t) => ({ code: 'two-writers', writer: t }),
    'weights-ignored': (t) => ({ code: 'weights-ignored', by: t, how: 'never' }),
    'not-synced': (t) => ({ code: 'not-synced', by: t, why: 'by-hand' }),
    'use-before-definition': (t) => ({
      code: 'use-before-definition',
      what: 'added',
      subset: t,
      host: t,
      rule: t,
      hasWaves: true,
      files: { rule: t, route: t },
    }),
    'no-pods': (t) => ({ code: 'no-pods', destination: t, why: 'no-workload' }),
  }),
  (t) => (['unread', 'compared', 'patched'] as const).map((how): Detail => ({ code: 'weights-ignored', by: t, how })),
  (t) => wants.map((want): Detail => ({ code: 'schema', at: t, of: 'Istio 1.29', wants: want(t) })),
]

export function findingDetails(text: string): readonly Detail[] {
  return details.flatMap((make) => make(text))
}

export function observations(text: string): readonly Observation[] {
  return [
    { code: 'seen', share: 5, requests: 100, windowMs: 300_000 },
    { code: 'few-requests', requests: 3, least: 100, windowMs: 300_000 },
    ...SHARE_TROUBLES.map((trouble): Observation => ({ code: 'not-told-apart', trouble })),
    ...METRICS_FAILURES.map((failure): Observation => ({ code: 'no-answer', provider: text, failure })),
  ]
}

export const renderProblems = each<RenderProblem>({
  unparsable: () => ({ code: 'unparsable', line: 1 }),
  'too-large': () => ({ code: 'too-large', line: 1 }),
  'not-an-object': () => ({ code: 'not-an-object', line: 1 }),
  duplicate: (t) => ({ code: 'duplicate', line: 1, identity: { group: t, kind: t, namespace: t, name: t } }),
})

export const FAULTS: readonly FaultCode[] = ['said', 'reaches-out', 'twice', 'no-version']

const GAPS = {
  'no-kind': true,
  'no-namespace': true,
  'not-allowed': true,
  'no-dry-run': true,
  'not-answered': true,
  'secret-copy': true,
  secret: true,
} as const satisfies Record<DryRunGapCode, true>

const SERVER_FAILURES = {
  missing: true,
  busy: true,
  'timed-out': true,
  'too-large': true,
  failed: true,
  unreachable: true,
  unauthorized: true,
  'too-many': true,
  fork: true,
} as const satisfies Record<ToolFailure['code'], true>

const KUBECONFIG_FAULTS = {
  'no-kubeconfig': true,
  'not-a-kubeconfig': true,
  'runs-program': true,
  'not-verified': true,
  'not-supported': true,
} as const satisfies Record<KubeconfigFault, true>

/** The findings of a dry run, and the reasons for a dry run without any. */
export function dryRunProblems(t: string, place: Location): readonly Problem[] {
  const about = { environment: t, title: t, place }
  const request = { tool: 'dry-run', place, side: 'base', environment: t } as const
  return [
    ...(['error', 'warning'] as const).map((level) => objectRemark('dry-run', { rule: '', text: t, level }, about)),
    ...keysOf(GAPS).map((code) => dryRunGap({ code, text: t }, about)),
    ...keysOf(SERVER_FAILURES).flatMap((code) => failureProblems({ code, detail: t }, request)),
    ...keysOf(KUBECONFIG_FAULTS).flatMap((code) =>
      failureProblems({ code: 'not-valid', faults: [{ file: undefined, line: 1, code, text: '' }] }, request),
    ),
  ]
}

function keysOf<K extends string>(record: Readonly<Record<K, true>>): readonly K[] {
  return Object.keys(record) as K[]
}

const reasons = each<CheckReason>({
  'broke-bar': () => ({ code: 'broke-bar', bar: { kind: 'min', value: 1 } }),
  'too-early': () => ({ code: 'too-early', first: 0 }),
  'no-values': () => ({ code: 'no-values' }),
  'few-requests': () => ({ code: 'few-requests', average: 1, wanted: 2, enoughMs: undefined }),
  gaps: () => ({ code: 'gaps', missing: 1, points: 2 }),
  'stable-unknown': () => ({ code: 'stable-unknown' }),
  warned: (t) => ({ code: 'warned', detail: t }),
  'unknown-server': (t) => ({ code: 'unknown-server', known: [t] }),
  unreachable: (t) => ({ code: 'unreachable', detail: t }),
  'timed-out': (t) => ({ code: 'timed-out', detail: t }),
  refused: (t) => ({ code: 'refused', detail: t }),
  'not-understood': (t) => ({ code: 'not-understood', detail: t }),
  'too-large': (t) => ({ code: 'too-large', detail: t }),
  'several-series': () => ({ code: 'several-series', count: 2 }),
  'outside-window': () => ({ code: 'outside-window' }),
  'clock-off': () => ({ code: 'clock-off', byMs: 1 }),
  side: () => ({ code: 'side', trouble: 'not-http' }),
  'no-variable': () => ({ code: 'no-variable', variables: [] }),
  'long-query': () => ({ code: 'long-query' }),
})

export function analysisReports(text: string): readonly AnalysisReport[] {
  const times = { from: 0, until: 1, ends: 2, next: 3 }
  const check = { metric: text, unit: text, bars: [{ kind: 'min', value: 1 }] as const, requests: 3 }
  const points = { values: [[0, 1]] as const, worst: { time: 0, value: 1, stable: 1 }, points: 1, failed: 1 }
  const common = { ...times, server: text, failureLimit: 0, isFailure: true, isComplete: true }
  const failed = reasons(text).map((reason): AnalysisReport => {
    const outcome = reason.code === 'broke-bar' ? 'fail' : 'error'
    return { ...common, outcome, checks: [{ ...check, ...points, outcome, reason }] }
  })
  return [
    { ...common, outcome: 'pass', checks: [{ ...check, ...points, outcome: 'pass', reason: undefined }] },
    ...failed,
  ]
}

export function livenesses(t: string): readonly Liveness[] {
  const entry = { status: t, by: t, within: 1000 }
  return [
    { state: 'live', since: 0, parts: [{ entry, found: { state: 'live', since: 0, name: t } }] },
    { state: 'failed', parts: [{ entry, found: { state: 'failed', name: t, description: t } }] },
    {
      state: 'overdue',
      parts: [{ entry, found: { state: 'overdue', why: 'silent', landedAt: 0, until: 1, strangers: [t] } }],
    },
    ...observations(t).map((observation): Liveness => {
      const traffic = { traffic: 2, window: 1_000, minRequests: 1, within: 1_000 }
      const evidence = {
        observation,
        provenAt: undefined,
        differs: false,
        asked: { share: 5, before: 4, tolerance: 0.5 },
        until: 1,
      }
      return {
        state: 'not-yet',
        parts: [{ entry: traffic, found: { state: 'not-yet', why: 'traffic', until: 1, evidence } }],
      }
    }),
  ]
}

export function gateReasons(t: string): readonly GateReason[] {
  const stop = { kind: 'hold', by: t, reason: t, until: 1 } as const
  const [liveness] = livenesses(t)
  const [report] = analysisReports(t)
  if (liveness === undefined || report === undefined) return []
  return [
    ...livenesses(t).map((one): GateReason => ({ code: 'live', liveness: one })),
    ...analysisReports(t).map((one): GateReason => ({ code: 'analysis', report: one })),
    { code: 'unchecked', what: t },
    { code: 'base-unreadable' },
    { code: 'base-owned', writer: 'flagger', share: 30 },
    { code: 'base-undated' },
    // The number of a pull request is a link on purpose.
    { code: 'two-steps', raisers: ['#7', `part ${t}`] },
    { code: 'held', stop },
    { code: 'frozen', stop: { ...stop, kind: 'freeze' } },
    { code: 'window', window: { environment: t, until: 1, reason: t } },
    { code: 'after', environment: t, problem: 'missing' },
    { code: 'after', environment: t, problem: 'owned' },
    { code: 'after-behind', environment: t, share: 5, wanted: 25 },
    { code: 'after-not-live', environment: t, liveness },
    { code: 'after-analysis', environment: t, report, liveness },
    { code: 'after-done', environment: t },
    { code: 'after', environment: t, wave: 'earlier', problem: 'missing' },
    { code: 'after', environment: t, wave: 'earlier', problem: 'not-stable' },
    { code: 'after', environment: t, wave: 'not-earlier', problem: 'other-version' },
    { code: 'after', environment: t, wave: 'not-earlier', problem: 'unreadable' },
  ]
}
