/** The reports that a pull request waits for, and the entries of the config that ask for them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LiveEntry } from '../../../src/core/config/schema.ts'
import type { Verdict } from '../../../src/core/gate/gate.ts'
import { type Liveness, trafficEntries, wantOf, withoutTraffic } from '../../../src/core/gate/live.ts'
import { isGate, isOverridable } from '../../../src/core/gate/names.ts'
import { waitKey } from '../../../src/core/gate/signal.ts'
import { waitsOf } from '../../../src/core/gate/waits.ts'

const STATUS: LiveEntry = { status: 'kustomization/*', within: 9 }
const CHECK: LiveEntry = { check: 'argocd', within: 9 }
const DEPLOYMENT: LiveEntry = { deployment: 'production', within: 9 }
const REPORT: LiveEntry = { report: 'argo-cd/web', within: 9 }
const TRAFFIC: LiveEntry = { traffic: 2, window: 5, minRequests: 100, within: 7 }
const TIMER: LiveEntry = { after: 3 }
const ALL = [STATUS, CHECK, DEPLOYMENT, REPORT, TRAFFIC, TIMER]

test('each entry of the config waits for one source, and traffic and time for none', () => {
  assert.deepEqual(
    ALL.map((entry) => wantOf(entry)),
    [
      { source: 'status', pattern: 'kustomization/*' },
      { source: 'check', pattern: 'argocd' },
      { source: 'deployment', pattern: 'production' },
      { source: 'report', pattern: 'argo-cd/web' },
      undefined,
      undefined,
    ],
  )
  assert.deepEqual(trafficEntries(ALL), [TRAFFIC])
  // A change that moves no share waits as long as its traffic may take.
  assert.deepEqual(withoutTraffic(ALL), [STATUS, CHECK, DEPLOYMENT, REPORT, { after: 7 }, TIMER])
})

test('a pull request waits for the reports of its own step and of other environments, once each', () => {
  const parts = (...entries: readonly LiveEntry[]): Liveness['parts'] =>
    entries.map((entry) => ({ entry, found: { state: 'live', since: 1, name: undefined } }))
  const verdict = (reason: Verdict['reason']): Pick<Verdict, 'reason'> => ({ reason })
  const live: Liveness = { state: 'live', since: 1, parts: parts(STATUS, TIMER) }
  const other: Liveness = { state: 'not-yet', parts: parts(CHECK, STATUS) }
  assert.deepEqual(
    waitsOf([
      verdict({ code: 'not-live-yet' }),
      verdict({ code: 'live', liveness: live }),
      verdict({ code: 'after-not-live', environment: 'staging', liveness: other }),
      verdict({ code: 'after-done', environment: 'staging' }),
    ]),
    [waitKey('status', 'kustomization/*'), waitKey('check', 'argocd')],
  )
  assert.deepEqual(waitsOf([]), [])
})

test('a maintainer can override a gate, except those where something has to change', () => {
  const names = [
    'live',
    'bake',
    'analysis',
    'order',
    'approvals',
    'hold',
    'freeze',
    'conflict',
    'version',
    'config',
    'queue',
  ]
  assert.deepEqual(names.filter(isGate), names)
  assert.deepEqual(names.filter(isOverridable), names.slice(0, 8))
  assert.deepEqual(['lives', '', 'validate'].filter(isGate), [])
})
