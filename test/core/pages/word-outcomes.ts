import type { CanaryNews } from '../../../src/core/flagger/canary-news.ts'
import type { HookAnswer } from '../../../src/core/flagger/answer.ts'
import assert from 'node:assert/strict'
import type { Outcome } from '../../../src/core/command/outcome.ts'
import type { Verdict } from '../../../src/core/gate/gate.ts'
import { NO_CHANGE, type Review } from '../../../src/core/gate/review.ts'
import * as merge from '../../../src/core/problem/merge.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import type { Target } from '../../../src/core/rollout/target.ts'
import { sample } from '../samples.ts'
import { AT, gateReasons, head, owned, T, target } from './word-samples.ts'

const base = 'b'.repeat(40)

/** A rollout that Flagger moves. */
function byFlagger(): Target {
  const { owner } = owned
  assert.ok(owner !== undefined)
  return { ...owned, owner: { ...owner, writer: 'flagger', title: 'Canary shop/web' } }
}

/** What a review may find, and the possible outcomes of a command. */

export function review(more: Partial<Review> = {}): Review {
  const reasons = gateReasons()
  const verdict = (state: Verdict['state'], index: number): Verdict => {
    const reason = reasons[index]
    assert.ok(reason !== undefined)
    return { gate: 'bake', target: 'production/web', state, reason }
  }
  const override = { gate: 'live', by: 'olga', reason: 'urgent' } as const
  const row = (after: number, environment = 'production') => ({
    environment,
    route: 'VirtualService shop/web',
    rule: 'main',
    before: [
      { name: 'stable', share: 95 },
      { name: 'canary', share: 5 },
    ],
    after: [
      { name: 'stable', share: 100 - after },
      { name: 'canary', share: after },
    ],
  })
  const resource = {
    title: 'VirtualService web',
    kind: 'VirtualService',
    namespace: 'shop',
    name: 'web',
    traffic: [row(25)],
  }
  const change = {
    target,
    from: 5,
    to: 25,
    version: undefined,
    finishes: false,
    verdicts: [verdict('pass', 0), { ...verdict('pass', 1), override }],
  }
  return {
    ...NO_CHANGE,
    compared: { base, head },
    changes: [
      change,
      { ...change, from: 5, to: 5, version: { role: 'canary', from: 'v2', to: 'v3' }, verdicts: [verdict('wait', 3)] },
    ],
    rows: [row(25), row(1, 'staging')],
    diffs: [
      {
        environment: 'production',
        state: 'changed',
        unknownBefore: undefined,
        hidden: 1,
        resources: [{ ...resource, change: 'changed', added: 1, removed: 2, unshown: 0, patch: '@@\n-a\n+b' }],
      },
      {
        environment: 'staging',
        state: 'added',
        unknownBefore: undefined,
        hidden: 0,
        resources: [{ ...resource, traffic: [], change: 'added', added: 3, removed: 0, unshown: 2, patch: '' }],
      },
      { environment: 'test', state: 'removed', unknownBefore: merge.conflictProblem(['x']), hidden: 2, resources: [] },
    ],
    renderer: 'kustomize v5',
    validators: ['opa 1.0'],
    ...more,
  }
}

export function hookAnswers(): readonly HookAnswer[] {
  const rollout = 'production/web'
  const hold = { by: 'alice', reason: 'errors', until: undefined }
  const freeze = { frozen: 'production', by: 'olga', reason: undefined, until: AT }
  const window = { environment: 'production', until: AT, reason: 'sale' }
  return [
    { code: 'go', rollout, approvals: 0 },
    { code: 'unapproved', rollout, pull: 12, wanted: 1, has: 0 },
    { code: 'unapproved', rollout, pull: 12, wanted: 3, has: 1 },
    { code: 'no-pull', rollout, wanted: 2 },
    { code: 'no-version', rollout, wanted: 1 },
    { code: 'noted', rollout },
    { code: 'stopped', rollout, stops: [hold, freeze], windows: [window] },
    { code: 'aborted', rollout, by: 'alice', reason: 'errors' },
    { code: 'take-back', rollout, by: 'alice', reason: undefined },
    ...[true, false].map((isOther): HookAnswer => ({ code: 'keep', rollout, isOther })),
    { code: 'unread' },
    { code: 'unreadable', branches: ['main'] },
    { code: 'no-canary' },
    { code: 'several', rollouts: ['production/web', 'staging/web'] },
  ]
}

export function canaryNews(): readonly CanaryNews[] {
  const said = { began: AT, at: AT }
  return [
    { ...said, phase: 'Progressing', weight: 20, message: 'Advance web.shop canary weight 20' },
    { ...said, phase: 'WaitingPromotion', message: '' },
    { ...said, phase: 'Finalising', message: 'Promotion completed! Scaling down web.shop' },
    { ...said, phase: 'Failed', message: 'Canary failed! Scaling down web.shop' },
  ]
}

export function outcomes(): readonly Outcome[] {
  const stop = { kind: 'freeze', by: 'olga', reason: 'party', until: AT } as const
  const plan = { name: 'production/web', plan: [5, 25, 100] } as const
  const standing = standingOf(target)
  const line = { standing, open: [7, 8] }
  return [
    { code: 'set', name: T, from: 0, to: 5, sha: head, proof: { rendered: ['a', 'b'], changed: ['a'] } },
    { code: 'set', name: T, from: 0, to: 5, sha: head, proof: { rendered: ['a'], changed: ['a'] } },
    { code: 'set', name: T, from: 0, to: 5, sha: head, proof: undefined },
    { code: 'already', name: T, share: 5 },
    { code: 'proposed', title: 'Canary', pull: 7 },
    { code: 'aborted', closed: [7, 8], rollbacks: [9], rolledBack: [], unreadable: [], owned: [] },
    { code: 'aborted', closed: [], rollbacks: [9, 10], rolledBack: [11], unreadable: [T], owned: [] },
    { code: 'aborted', closed: [7], rollbacks: [], rolledBack: [], unreadable: [], owned: [] },
    { code: 'aborted', closed: [], rollbacks: [], rolledBack: [], unreadable: [], owned: [], takenBack: [T] },
    { code: 'status', standings: [line, { ...line, open: [], stuck: 'It stands.' }], proposed: [] },
    {
      code: 'status',
      standings: [{ ...line, standing: standingOf(sample(95, 5, ['v1', 'v2'], {})), broughtBy: 4 }],
      proposed: review().changes,
    },
    { code: 'status', standings: [{ ...line, standing: standingOf(sample(95, 5, ['v1', 'v2'], {})) }], proposed: [] },
    { code: 'status', standings: [{ ...line, standing: standingOf(sample(100, 0)), open: [] }], proposed: [] },
    { code: 'status', standings: [], proposed: [] },
    {
      code: 'status',
      standings: [
        { standing: standingOf(byFlagger()), open: [] },
        {
          standing: standingOf(byFlagger()),
          open: [],
          told: { phase: 'Progressing', weight: 20, message: 'Advance web.shop canary weight 20', began: AT, at: AT },
        },
        { standing: standingOf(byFlagger()), open: [], told: { phase: 'Failed', message: '', began: AT, at: AT } },
      ],
      proposed: [],
    },
    {
      code: 'status',
      standings: [],
      proposed: [],
      away: { code: 'not-deployed', base: 'next', deployed: ['main'], isMerged: false },
    },
    { code: 'committed', sha: head, headline: 'Canary' },
    { code: 'help' },
    { code: 'plan', ...plan, share: 5, proposed: 25 },
    { code: 'plan', ...plan, share: 0, proposed: undefined },
    { code: 'plan', ...plan, share: 'unknown', proposed: 5 },
    { code: 'plan', ...plan, share: 5, proposed: 5 },
    { code: 'planned', ...plan, sha: head },
    { code: 'planned', ...plan, sha: undefined },
    ...[true, false].map((isNew): Outcome => ({ code: 'held', names: ['a', 'b'], isNew })),
    { code: 'held', names: ['a'], isNew: true, isAsked: true },
    ...[true, false].map((isNew): Outcome => ({ code: 'frozen', environment: 'production', stop, isNew })),
    { code: 'frozen', environment: 'production', stop: { ...stop, by: undefined, until: undefined }, isNew: false },
    { code: 'resumed', names: ['a'] },
    { code: 'unfrozen', environment: 'production' },
    { code: 'why', review: review() },
    { code: 'why', review: review({ problems: [merge.conflictProblem(['x'])] }) },
    { code: 'why', review: NO_CHANGE },
    { code: 'diff', review: review() },
    { code: 'diff', review: NO_CHANGE },
    { code: 'diff', review: { ...NO_CHANGE, problems: [merge.conflictProblem(['x'])] } },
    { code: 'looked-again' },
    { code: 'overridden', record: { gate: 'live', by: 'olga', reason: 'urgent', sha: head, seal: 'seal' } },
  ]
}
