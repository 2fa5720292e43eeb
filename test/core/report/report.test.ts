import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { reportWords } from '../../../src/core/message/check/report.ts'
import { readArgoCdReport } from '../../../src/core/report/argocd.ts'
import { readFluxEvent } from '../../../src/core/report/flux.ts'
import { keep, type StoredReport, type Report } from '../../../src/core/report/report.ts'

const SHA = '731f7eaddfb6af01cb2173e18f0f75b0ba780ef1'
const OTHER = 'b'.repeat(40)

type Json = Readonly<Record<string, unknown>>

/** The body that notification-controller 2.8 sends to `generic-hmac` after each success of kustomize-controller. */
function anEvent(over: Json = {}, metadata: Json = {}): Json {
  return {
    involvedObject: {
      kind: 'Kustomization',
      namespace: 'flux-system',
      name: 'istio-config',
      uid: '7d0cdc51-ddcf-4743-b223-83ca5c699632',
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      resourceVersion: '12',
    },
    severity: 'info',
    timestamp: '2026-11-20T12:00:00Z',
    message: 'Reconciliation finished in 1.2s, next run in 10m0s',
    reason: 'ReconciliationSucceeded',
    metadata: { commit_status: 'update', revision: `main@sha1:${SHA}`, ...metadata },
    reportingController: 'kustomize-controller',
    reportingInstance: 'kustomize-controller-7b7b47f459-cd4dw',
    ...over,
  }
}

const GOOD: Report = {
  name: 'kustomization/flux-system/istio-config',
  commit: SHA,
  state: 'success',
  at: Date.UTC(2026, 10, 20, 12),
  reason: 'ReconciliationSucceeded',
  teller: 'kustomize-controller',
}

function say(read: ReturnType<typeof readFluxEvent>): string {
  return read.code === 'report'
    ? `${read.report.state} ${read.report.name} ${read.report.commit.slice(0, 4)}`
    : read.code
}

test('an event of Flux is read as a report about a commit, or ignored', () => {
  assert.deepEqual(readFluxEvent(anEvent()), { code: 'report', report: GOOD })
  const name = 'kustomization/flux-system/istio-config'
  const group = 'kustomize.toolkit.fluxcd.io'
  const bare = { metadata: { [`${group}/revision`]: `main@sha1:${SHA}` } }
  const table: [string, Json, string][] = [
    ['without the mark of a status, by its reason', bare, `success ${name} 731f`],
    ['an error', anEvent({ severity: 'error', reason: 'HealthCheckFailed' }), `failure ${name} 731f`],
    ['what goes on', anEvent({ ...bare, reason: 'Progressing' }), 'ignored'],
    ['what waits', anEvent({ ...bare, reason: 'DependencyNotReady' }), 'ignored'],
    ['a health check that was called off', anEvent({ ...bare, reason: 'HealthCheckCanceled' }), 'ignored'],
    ['what was only fetched', anEvent({ ...bare, reason: 'NewArtifact' }), 'ignored'],
    ['a release that was rolled back', anEvent({ ...bare, reason: 'RollbackSucceeded' }), 'ignored'],
    ['a trace', anEvent({ severity: 'trace' }), 'ignored'],
    ['no metadata at all', anEvent({ metadata: undefined }), 'ignored'],
    ['an error before there is a revision', anEvent({ severity: 'error', metadata: {} }), 'ignored'],
    ['a chart’s version is no commit', anEvent({}, { revision: '6.0.0+abc' }), 'ignored'],
    ['an OCI artifact is no commit', anEvent({}, { revision: `latest@sha256:${'c'.repeat(64)}` }), 'ignored'],
    ['but what it was made from is', anEvent({}, { originRevision: `main@sha1:${OTHER}` }), `success ${name} bbbb`],
    ['a commit that is named wins', anEvent({}, { commit: OTHER, originRevision: SHA }), `success ${name} bbbb`],
    ['also under the key of its group', anEvent({}, { [`${group}/commit`]: OTHER }), `success ${name} bbbb`],
    ['and under that of events', anEvent({}, { 'event.toolkit.fluxcd.io/commit': OTHER }), `success ${name} bbbb`],
    ['an older way to write a revision', anEvent({}, { revision: `main/${SHA}` }), `success ${name} 731f`],
    ['only a commit', anEvent({}, { revision: SHA }), `success ${name} 731f`],
    ['a short commit is none', anEvent({}, { revision: `main@sha1:${SHA.slice(0, 12)}` }), 'ignored'],
    ['of a cluster that has a name', anEvent({}, { cluster: 'EU-1' }), `success ${name}/eu-1 731f`],
    ['or a bad one', anEvent({}, { cluster: 'a/b' }), 'malformed'],
  ]
  for (const [why, event, expected] of table)
    assert.equal(say(readFluxEvent('severity' in event ? event : anEvent(event))), expected, why)
})

test('a notification of Argo CD says that an application is applied and healthy, or failed, or nothing', () => {
  const body = { app: 'Web', commit: SHA, phase: 'Succeeded', health: 'Healthy', at: '2026-11-20T13:00:00+01:00' }
  const report = { ...GOOD, name: 'argocd/web', reason: 'Succeeded, Healthy', teller: 'Argo CD' }
  assert.deepEqual(readArgoCdReport(body), { code: 'report', report })
  const table: [string, Json, string][] = [
    ['synced and not yet healthy', { health: 'Progressing' }, 'ignored'],
    ['healthy while it syncs', { phase: 'Running' }, 'ignored'],
    ['suspended', { health: 'Suspended' }, 'ignored'],
    ['missing', { health: 'Missing' }, 'ignored'],
    ['degraded later', { health: 'Degraded' }, 'failure argocd/web 731f'],
    ['the sync failed', { phase: 'Failed', health: 'Healthy' }, 'failure argocd/web 731f'],
    ['the sync could not run', { phase: 'Error', health: null }, 'failure argocd/web 731f'],
    ['it failed before there was a commit', { phase: 'Failed', commit: '' }, 'ignored'],
    ['what a template makes of nothing', { commit: '<no value>' }, 'ignored'],
    ['nothing said', { phase: null, health: undefined }, 'ignored'],
    ['of a cluster', { cluster: 'eu' }, 'success argocd/web/eu 731f'],
    ['no application', { app: '<no value>' }, 'malformed'],
    ['a slash would be another name', { app: 'a/b' }, 'malformed'],
    ['no time', { at: 'now' }, 'malformed'],
  ]
  for (const [why, over, expected] of table) assert.equal(say(readArgoCdReport({ ...body, ...over })), expected, why)
  const long = readArgoCdReport({ ...body, phase: 'x'.repeat(300), health: 'Degraded' })
  assert.equal(long.code === 'report' && long.report.reason, 'x'.repeat(100), 'a reason has room on one line')
})

test('whatever a body contains, it is read or refused with the place of the mistake', () => {
  const parts = fc.constantFrom(...Object.keys(anEvent()), 'app', 'commit', 'phase', 'at')
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.dictionary(parts, fc.anything())), (body) => {
      for (const read of [readFluxEvent, readArgoCdReport]) {
        const whole = { ...anEvent(), ...(typeof body === 'object' ? body : {}) }
        for (const given of [body, whole]) {
          const found = read(given)
          if (found.code === 'malformed') assert.match(found.what, /: ./s)
          if (found.code === 'report') assert.match(found.report.name, /^[a-z0-9._-]+(\/[a-z0-9._-]+)+$/)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('the latest of several reports counts, in whatever order they arrive', () => {
  const MINUTE = 60_000
  const kept = (state: StoredReport['state'], heardAt: number): StoredReport => ({
    state,
    since: 500,
    heardAt: heardAt * MINUTE,
  })
  const told = (state: Report['state'], at: number): Report => ({ ...GOOD, state, at: at * MINUTE })
  const table: [string, StoredReport | undefined, Report, string][] = [
    ['the first', undefined, told('success', 5), 'success since now'],
    ['the same once more', kept('success', 5), told('success', 5), 'nothing'],
    ['said again: since when stays', kept('success', 5), told('success', 20), 'success since 500'],
    ['said again a moment later is not worth a request', kept('success', 5), told('success', 14), 'nothing'],
    ['a later failure', kept('success', 5), told('failure', 6), 'failure since now'],
    ['a later success', kept('failure', 5), told('success', 6), 'success since now'],
    ['an older success that comes late, or is replayed', kept('failure', 5), told('success', 4), 'nothing'],
    ['an older failure that comes late', kept('success', 5), told('failure', 4), 'nothing'],
    ['of one second the failure', kept('success', 5), told('failure', 5), 'failure since now'],
    ['of one second not the success', kept('failure', 5), told('success', 5), 'nothing'],
    ['a failure said again is always noted', kept('failure', 5), told('failure', 6), 'failure since 500'],
    ['a run that nobody knows the end of', kept(undefined, 5), told('success', 6), 'success since now'],
  ]
  for (const [why, known, report, expected] of table) {
    const found = keep(known, report, 1_000)
    const since = found === 'nothing' || found.since === 1_000 ? 'now' : found.since
    assert.equal(found === 'nothing' ? found : `${found.state} since ${since}`, expected, why)
  }
})

test('reports in any order end as the newest of them says, and no success outlives a newer failure', () => {
  const anyReport = fc.record({
    state: fc.constantFrom<Report['state'][]>('success', 'failure'),
    at: fc.integer({ min: 0, max: 40 }).map((minutes) => minutes * 60_000),
  })
  fc.assert(
    fc.property(fc.array(anyReport, { minLength: 1 }), (all) => {
      let kept: StoredReport | undefined
      for (const [index, one] of all.entries()) {
        const next = keep(kept, { ...GOOD, ...one }, index)
        kept = next === 'nothing' ? kept : next
      }
      const failures = all.filter(({ state }) => state === 'failure').map(({ at }) => at)
      const successes = all.filter(({ state }) => state === 'success').map(({ at }) => at)
      if (kept?.state === 'success') assert.ok(Math.max(...successes) > Math.max(-1, ...failures))
    }),
    { numRuns: 1_000 },
  )
})

test('the words of a report come only from its reason, and mention nobody', () => {
  const failed = reportWords({ ...GOOD, state: 'failure', reason: 'HealthCheckFailed `@ops`' })
  assert.equal(failed.title, 'HealthCheckFailed `@\u200Bops`')
  assert.match(
    failed.summary,
    /^`kustomize-controller` said at 2026-11-20 12:00:00 UTC that `kustomization\/flux-system\/istio-config` has failed on this commit \(`` HealthCheckFailed `@ops` ``\)\..*Fix it there, or comment `\/canary abort`/,
  )
  const good = reportWords(GOOD)
  assert.match(
    good.summary,
    /has applied this commit \(`ReconciliationSucceeded`\)\..*Perch checks the steps that wait for it again\.$/,
  )
})
