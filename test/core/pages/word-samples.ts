import assert from 'node:assert/strict'
import type { AnalysisReport, CheckReason } from '../../../src/core/analysis/report.ts'
import type { GateReason, Verdict } from '../../../src/core/gate/gate.ts'
import { templateProblemsOf, templateReports } from '../message/template-samples.ts'
import type { Observation } from '../../../src/core/analysis/observed-share.ts'
import type { Liveness, LiveResult, TrafficEvidence } from '../../../src/core/gate/live.ts'
import { progressLine, remedy, verdictLine } from '../../../src/core/message/gate/verdict.ts'
import { findingProblems } from '../../../src/core/problem/findings.ts'
import * as files from '../../../src/core/problem/files.ts'
import * as merge from '../../../src/core/problem/merge.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { failureProblems, lineRemark, objectRemark } from '../../../src/core/problem/tools.ts'
import type { LimitProblem } from '../../../src/core/owner/limit.ts'
import type { Refusal } from '../../../src/core/refusal/refusal.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import * as hostile from '../message/hostile-samples.ts'
import { destinationRule, sample, targetOf, virtualService } from '../samples.ts'
import { argoRollout } from '../../owners.ts'

/** Everything that Perch has words for: each kind, with each variant of its sentence. */

export const T = 'name'
export const AT = Date.UTC(2026, 0, 5, 9)
const MINUTE = 60_000
export const target = sample(95, 5)
export const owned = targetOf({
  'app/vs.yaml': virtualService(95, 5),
  'app/dr.yaml': destinationRule('v1', 'v2'),
  'app/rollout.yaml': argoRollout({ routing: 'istio: { virtualService: { name: api-service } }' }),
})
const place = { file: 'apps/web.yaml', line: 7 }
export const head = 'a'.repeat(40)

export function problems(): readonly Problem[] {
  const config = { ...place, path: 'services.web.steps', message: 'must be numbers' }
  const asked = { tool: 'opa', place, side: 'base', environment: 'production' } as const
  const builds = [
    'tool-missing',
    'helm-missing',
    'tool-busy',
    'not-confined',
    'build-failed',
    'timed-out',
    'too-large',
    'out-of-memory',
    'values-unknown',
    'values-by-hand',
  ] as const
  const manifests = ['not-yaml', 'template', 'too-large', 'alias-bomb'] as const
  const object = { group: 'g', kind: 'VirtualService', namespace: 'shop', name: 'web' }
  const both = { environment: 'production', target }
  return [
    ...builds.flatMap((code) =>
      ['', 'exit 1'].map((detail) => files.renderProblem({ environment: T, ...place, rendered: { code, detail } })),
    ),
    ...manifests.map((code) => files.manifestProblem({ code, ...place, detail: 'odd' })),
    ...['', T].map((chart) => files.manifestProblem({ code: 'template', ...place, detail: '', chart })),
    files.manifestProblem({ code: 'template', ...place, detail: '', chart: T, copiedIn: 'charts/all' }),
    ...(['base', 'head'] as const).map((side) => files.configProblem(config, side)),
    ...(['remote', 'absolute', 'outside', 'missing', 'symlink', 'submodule'] as const).map((code) =>
      files.refusalProblem({ code, ...place, entry: 'https://x' }),
    ),
    files.refusalProblem({ code: 'empty', ...place, entry: '' }),
    files.refusalProblem({ code: 'template', ...place, entry: '{% if private %}' }),
    ...(['helm-dependency', 'helm-values', 'no-chart'] as const).map((code) =>
      files.refusalProblem({ code, file: 'charts/web/Chart.yaml', line: 7, entry: 'redis' }),
    ),
    files.refusalProblem({ code: 'patched-release', ...place, entry: 'tenants' }),
    files.refusalProblem({ code: 'several-values', ...place, entry: 'root/values-eu.yaml' }),
    files.refusalProblem({ code: 'unparsable', ...place, entry: '' }),
    files.refusalProblem({ code: 'helm-values', ...place, entry: '{{ .Values.cluster }}' }),
    ...hostile.renderProblems(T).map((one) => files.renderedProblem('production', one)),
    ...(['unparsable', 'not-an-object'] as const).map((code) =>
      files.leftOutProblem('production', { ...place, text: T, problem: { code, line: 3 }, isWhole: true }),
    ),
    files.leftOutProblem('production', {
      ...place,
      text: T,
      problem: { code: 'not-an-object', line: 3 },
      isWhole: false,
    }),
    files.repairedProblem('production', place),
    ...templateProblemsOf(T),
    ...(['repairs', 'lowers', 'waits'] as const).map((here) => merge.brokenBaseNote(config, here)),
    ...[['a.yaml', 'b.yaml'], []].map(merge.conflictProblem),
    merge.staleGroupProblem('main'),
    ...[[], ['a.yaml']].map((conflicts) => merge.notJudgedProblem({ base: 'next', judgedFor: 'main', conflicts })),
    merge.unjudgedProblem(files.configProblem(config, 'base')),
    files.parentProblem(
      { folder: 'root', files: [] },
      files.refusalProblem({ code: 'helm-values', file: 'apps/root.yaml', line: 9, entry: 'secrets.yaml' }),
    ),
    merge.mixedRepairProblem(files.configProblem(config, 'base'), ['Service web']),
    merge.mixedRepairProblem(merge.conflictProblem(['a.yaml']), ['Service web', 'Service api']),
    merge.vanishedProblem(standingOf(target)),
    merge.vanishedProblem(standingOf(target), 'production'),
    merge.vanishedProblem(standingOf(owned)),
    merge.renamedRolesProblem(target),
    merge.renamedByConfigProblem(standingOf(target)),
    ...[{ environment: 'production' }, { environment: 'production', service: 'web' }].map((scope) =>
      merge.lostStopProblem({ scope, stop: { kind: 'hold', by: 'olga', reason: undefined, until: undefined } }),
    ),
    merge.raisedByConfigProblem(standingOf(target)),
    ...([6, 'unknown', undefined] as const).flatMap((rendered) =>
      ([5, 'unknown'] as const).map((said) => merge.disagreement({ ...both, said, rendered })),
    ),
    ...([0, 5, 'unknown'] as const).flatMap((was) =>
      ([6, 'unknown'] as const).map((share) => merge.straySplit({ environment: T, route: 'web', was, share })),
    ),
    ...findingProblems(
      hostile
        .findingDetails(T)
        .map((detail) => ({ environment: T, finding: { detail, object, path: [], grade: 'error' as const }, place })),
    ),
    ...(['opa', 'kubeconform', 'kubectl-validate', 'istioctl'] as const).flatMap((tool) =>
      (['error', 'warning'] as const).map((level) =>
        objectRemark(tool, { rule: 'r', text: 'said', level }, { environment: T, title: 'Service web', place }),
      ),
    ),
    ...hostile.dryRunProblems(T, place),
    lineRemark({ rule: 'indentation', text: 'wrong', level: 'error', ...place }),
    ...(['missing', 'timed-out', 'too-large', 'failed'] as const).flatMap((code) =>
      failureProblems({ code, detail: 'odd' }, asked),
    ),
    ...hostile.FAULTS.flatMap((code) =>
      (['base', 'head'] as const).flatMap((side) =>
        failureProblems({ code: 'not-valid', faults: [{ ...place, code, text: 'x' }] }, { ...asked, side }),
      ),
    ),
  ]
}

const LIMIT_PROBLEMS: readonly LimitProblem[] = [
  { code: 'no-steps' },
  { code: 'no-number' },
  { code: 'not-whole' },
  { code: 'two-plans' },
  { code: 'other-scale' },
  { code: 'uneven', step: 10, reaches: 30, near: [20, 30] },
]

export function refusals(): readonly Refusal[] {
  const age = 'unknown' as const
  return [
    ...hostile.refusals(T),
    { code: 'nothing-found', hasNewConfig: true },
    ...hostile.moveRefusals(T).map((refusal): Refusal => ({ code: 'cannot-edit', refusal })),
    ...hostile.commandProblems(T).map((problem): Refusal => ({ code: 'not-understood', problem })),
    ...(['patch', 'replacement', 'twice', 'chart'] as const).map((why): Refusal => ({
      code: 'cannot-edit',
      refusal: { code: 'unclear', why, name: T, ...place },
    })),
    { code: 'cannot-edit', refusal: { code: 'sum-must-be-100', total: 100, route: T, rule: T, ...place } },
    { code: 'cannot-edit', refusal: { code: 'no-subset', host: T, wanted: T, subsets: [], route: T, ...place } },
    { code: 'not-understood', problem: { code: 'unknown-command', word: T, meant: undefined } },
    { code: 'head-not-seen', head, age },
    { code: 'no-next-step', name: T, share: 0 },
    { code: 'no-next-step', name: T, share: 100 },
    { code: 'owned', name: T, writer: 'argo-rollouts', title: T, ...place },
    ...LIMIT_PROBLEMS.map((why): Refusal => ({ code: 'owned', name: T, writer: 'flagger', title: T, why, ...place })),
    { code: 'owned', name: T, writer: 'argo-rollouts', title: T, why: { code: 'no-steps' }, ...place },
    { code: 'owned', name: T, writer: 'flagger', title: T, why: { code: 'not-all', others: [T, T] }, ...place },
    { code: 'owned', name: T, writer: 'argo-rollouts', title: T, why: { code: 'elsewhere', environment: T }, ...place },
    { code: 'branch-behind', name: T, base: T, what: 'limit' },
    { code: 'step-undone', name: T, share: 50 },
    { code: 'nothing-to-abort', isOpen: false },
    { code: 'nothing-to-abort', isOpen: false, service: 'api' },
    { code: 'not-of-step', why: 'other-rollout', name: T },
    { code: 'not-of-step', why: 'goes-back', name: T },
    { code: 'not-of-step', why: 'finishes', name: T },
    { code: 'no-next-step', name: T, share: 'unknown' },
    { code: 'gate-not-waiting', gate: 'bake', open: [] },
    { code: 'plan-on-merged', step: undefined },
    { code: 'no-service', asked: T, environment: undefined, known: [] },
    { code: 'no-environment', asked: T, known: [] },
    { code: 'not-deployed', base: 'next', deployed: ['main', 'release/*'], isMerged: true },
    { code: 'unreadable', problem: merge.conflictProblem(['a.yaml']), isEdited: false },
  ]
}

export function livenesses(): readonly Liveness[] {
  const within = 30 * MINUTE
  const sources = [{ status: 'flux/*' }, { check: 'argo' }, { deployment: 'eu' }, { report: 'argocd/web' }].map(
    (entry) => ({ ...entry, within }),
  )
  const silent = { why: 'silent', landedAt: AT, until: AT + MINUTE } as const
  const found = (state: 'not-yet' | 'overdue', strangers: readonly string[] = []) => ({ state, ...silent, strangers })
  const timer: LiveResult = { entry: { after: 180_000 }, found: { state: 'live', since: AT, name: undefined } }
  const live = (entry: LiveResult['entry'], name: string): LiveResult => ({
    entry,
    found: { state: 'live', since: AT, name },
  })
  const paged = { name: 'flux/apps', url: 'https://flux.example/apps?a=1&b=(2)' }
  const open = (...parts: readonly LiveResult[]): Liveness => ({ state: 'not-yet', parts })
  const waits: LiveResult = { entry: { after: 180_000 }, found: { state: 'not-yet', why: 'timer', until: AT } }
  return [
    { state: 'live', since: AT, parts: [timer] },
    { state: 'live', since: AT, parts: [live({ status: 'flux/*', within }, 'flux/apps'), timer] },
    { state: 'live', since: AT, parts: [live({ check: 'argo', within }, 'argo'), live({ report: 'x', within }, 'x')] },
    {
      state: 'live',
      since: AT,
      parts: [{ entry: { status: 'x', within }, found: { ...paged, state: 'live', since: AT } }],
    },
    open({ entry: { status: 'x', within }, found: { ...paged, state: 'failed', description: 'no pods' } }),
    open(waits),
    open(waits, live({ check: 'argo', within }, 'argo')),
    open({ entry: { status: 'flux/*', within }, found: { state: 'not-yet', why: 'ahead', until: AT } }),
    ...sources.flatMap((entry) => [open({ entry, found: found('not-yet') }), open({ entry, found: found('overdue') })]),
    open({ entry: { status: 'x', by: 'flux', within }, found: found('overdue', ['eve', 'mallory']) }),
    open({ entry: { status: 'x', by: 'flux', within }, found: found('not-yet', ['eve']) }),
    ...['', 'no pods'].map((description) =>
      open({ entry: { status: 'x', within }, found: { state: 'failed', name: 'x', description } }),
    ),
    ...trafficLivenesses(),
  ]
}

function trafficLivenesses(): readonly Liveness[] {
  const entry = { traffic: 2, window: 5 * MINUTE, minRequests: 100, within: 30 * MINUTE }
  const windowMs = 5 * MINUTE
  const proven: LiveResult = { entry, found: { state: 'live', since: AT, name: undefined } }
  const evidence = { provenAt: undefined, differs: false, asked: { share: 5, before: 4, tolerance: 0.5 }, until: AT }
  const unproven = (seen: TrafficEvidence | undefined, state: 'not-yet' | 'overdue' = 'not-yet'): Liveness => ({
    state,
    parts: [{ entry, found: { state, why: 'traffic', until: AT, evidence: seen } }],
  })
  const seen: Observation = { code: 'seen', share: 1.234, requests: 12_345, windowMs }
  return [
    { state: 'live', since: AT, parts: [proven] },
    { state: 'live', since: AT, parts: [proven], differs: true },
    unproven(undefined),
    unproven({ ...evidence, observation: undefined }),
    unproven({ ...evidence, observation: seen }, 'overdue'),
    unproven({ ...evidence, observation: { ...seen, share: 4.5, requests: 120 } }),
    ...hostile.observations(T).map((observation) => unproven({ ...evidence, observation })),
  ]
}

export function reports(): readonly AnalysisReport[] {
  const check = { metric: 'success-rate', unit: '%', bars: [{ kind: 'min', value: 99 }] as const, requests: 1234 }
  const points = { values: [99.9, 98, 97.5].map((value, index) => [AT + index * MINUTE, value] as const), points: 3 }
  const worst = { time: AT, value: 97.5, stable: 99 }
  const common = { from: AT, until: AT + MINUTE, ends: AT + 2 * MINUTE, next: AT + MINUTE, server: 'prometheus' }
  const one = (
    outcome: AnalysisReport['outcome'],
    reason: CheckReason | undefined,
    more: Partial<AnalysisReport> = {},
  ) => ({
    ...common,
    failureLimit: 0,
    isFailure: outcome === 'fail',
    isComplete: true,
    outcome,
    checks: [{ ...check, ...points, worst, failed: outcome === 'fail' ? 2 : 0, outcome, reason }],
    ...more,
  })
  const few = { code: 'few-requests', average: 3, wanted: 20 } as const
  return [
    one('pass', undefined),
    one('pass', undefined, { isComplete: false }),
    one('fail', { code: 'broke-bar', bar: { kind: 'max', value: 5 } }, { failureLimit: 1 }),
    one('inconclusive', { ...few, enoughMs: 30 * MINUTE }),
    one('inconclusive', { ...few, enoughMs: 30 * MINUTE }, { isComplete: false }),
    ...hostile.analysisReports(T),
    ...templateReports(T),
  ]
}

export function gateReasons(): readonly GateReason[] {
  const stop = { kind: 'hold', by: undefined, reason: undefined, until: undefined } as const
  const [liveness] = livenesses()
  const [report] = reports()
  assert.ok(liveness !== undefined && report !== undefined)
  return [
    ...hostile.gateReasons(T),
    { code: 'baking', since: AT, until: AT + 10 * MINUTE, bakeMs: 10 * MINUTE, done: 0.34 },
    { code: 'not-live-yet' },
    { code: 'canary-swapped', share: 5 },
    { code: 'canary-swapped', share: 100 },
    { code: 'two-steps', raisers: ['#7', '#12'] },
    { code: 'held', stop },
    { code: 'frozen', stop: { ...stop, kind: 'freeze', until: AT } },
    { code: 'window', window: { environment: 'production', until: AT, reason: undefined } },
    { code: 'approvals', wanted: 2, has: 0 },
    { code: 'approvals', wanted: 2, has: 1 },
    { code: 'approvals', wanted: 2, has: 2 },
    { code: 'other-pull', pull: 7 },
    { code: 'after', environment: 'staging', problem: 'together' },
    { code: 'after', environment: 'staging', problem: 'other-version' },
    { code: 'after-behind', environment: 'staging', share: 'unknown', wanted: 25 },
    { code: 'after-baking', environment: 'staging', until: AT, liveness: { state: 'live', since: AT, parts: [] } },
    { code: 'after', environment: 'eu-9', wave: 'earlier', problem: 'missing' },
    { code: 'after', environment: 'eu-1', wave: 'earlier', problem: 'not-stable' },
    { code: 'after', environment: 'us-1', wave: 'not-earlier', problem: 'other-version' },
    { code: 'after', environment: 'us-1', wave: 'not-earlier', problem: 'unreadable' },
    { code: 'after-behind', environment: 'us-1', wave: 'not-earlier', share: 5, wanted: 25 },
    { code: 'after-done', environment: 'us-1', wave: 'not-earlier' },
  ]
}

const GATES = 'live bake analysis order approvals hold freeze conflict version queue config'.split(
  ' ',
) as Verdict['gate'][]

export function verdicts(): readonly string[] {
  const states = ['pass', 'wait', 'block'] as const
  return gateReasons().flatMap((reason) =>
    states.flatMap((state) => {
      const verdict: Verdict = { gate: 'live', target: 'production/web', state, reason }
      return [verdictLine(verdict), progressLine(verdict)].filter((line) => line !== '')
    }),
  )
}

export function remedies(): readonly string[] {
  return GATES.flatMap((gate) =>
    [
      { code: 'not-live-yet' } as const,
      { code: 'base-unreadable' } as const,
      { code: 'base-owned', writer: 'argo-rollouts', share: 30 } as const,
      { code: 'base-owned', writer: 'flagger', share: 'unknown' } as const,
      { code: 'base-undated' } as const,
    ].flatMap((reason) =>
      (['wait', 'pass'] as const).map(
        (state) => `${gate}, ${state}: ${remedy({ gate, target: 'production/web', state, reason })}`,
      ),
    ),
  )
}
