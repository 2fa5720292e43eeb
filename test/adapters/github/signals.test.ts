import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ZodError } from 'zod'
import {
  deploymentOf,
  deploymentSignalOf,
  runSignalOf,
  statusSignalOf,
} from '../../../src/adapters/github/reporting/signal-schema.ts'
import type { Want } from '../../../src/core/gate/signal.ts'
import { aCheckRun, aGitHub, anAccount, OTHER_SHA, REPO, SHA } from './github-api.ts'

type Fields = Readonly<Record<string, unknown>>

const PERCH = { appId: 7, login: 'perch[bot]' }
const TIME = '2026-03-01T10:00:00Z'
const AT = Date.UTC(2026, 2, 1, 10)

function aStatus(fields: Fields = {}): Fields {
  return {
    id: 1,
    context: 'kustomization/istio-config/abc',
    state: 'success',
    description: 'reconciled',
    created_at: TIME,
    creator: anAccount('flux[bot]', 'Bot'),
    ...fields,
  }
}

function aRun(fields: Fields = {}): Fields {
  return aCheckRun({ name: 'argocd/web', app: { id: 9, slug: 'argo' }, completed_at: TIME, ...fields })
}

function aDeployment(fields: Fields = {}): Fields {
  return { id: 50, sha: SHA, ref: 'main', environment: 'production', creator: anAccount('mona'), ...fields }
}

function aDeploymentStatus(fields: Fields = {}): Fields {
  return {
    id: 60,
    state: 'success',
    environment: 'production',
    description: 'rolled out',
    created_at: TIME,
    creator: anAccount('mona'),
    performed_via_github_app: null,
    ...fields,
  }
}

const want = (source: Want['source'], pattern: string): Want => ({ source, pattern })
const RUNS = `${REPO}/commits/${SHA}/check-runs`

test('a signal has the page that its writer gives, if that is one of the web', () => {
  const page = 'https://argo.example/web'
  assert.equal(statusSignalOf(aStatus({ target_url: page })).url, page)
  assert.equal(runSignalOf(aRun({ html_url: page }), PERCH).signal?.url, page)
  const deployed = (fields: Fields): string | undefined =>
    deploymentSignalOf(aDeploymentStatus(fields), { environment: 'x' }).signal.url
  assert.equal(deployed({ log_url: '', environment_url: page }), page)
  assert.equal(deployed({ log_url: `${page}/log`, environment_url: page }), `${page}/log`)
  const others = [
    null,
    '',
    'web',
    'javascript:alert(1)',
    'ftp://a.example',
    'https://me:secret@a.example',
    `${page}/${'a'.repeat(1_000)}`,
  ]
  for (const target_url of others) assert.equal('url' in statusSignalOf(aStatus({ target_url })), false)
})

test('every status of a commit is read, newest first as GitHub lists them, at most three hundred', async () => {
  const world = await aGitHub()
  for (const page of [1, 2, 3]) {
    const hundred = Array.from({ length: 100 }, (_, index) =>
      aStatus({ description: page === 1 && index === 0 ? null : `${page}/${index}`, state: 'pending', creator: null }),
    )
    world.api.get(`${REPO}/commits/${SHA}/statuses?per_page=100&page=${page}`).reply(200, hundred)
  }
  const [found = []] = await world.signals.about([SHA], [want('status', 'x'), want('status', 'y')])
  assert.equal(found.length, 300)
  const context = 'kustomization/istio-config/abc'
  assert.deepEqual(found[0], { source: 'status', name: context, state: 'silent', at: AT, description: '', by: [] })
  assert.deepEqual([found[1]?.description, found[299]?.description], ['1/1', '3/99'])
})

test('check runs of other Apps are read, every one, newest first by number, with the App that wrote them', async () => {
  const world = await aGitHub()
  const page = [
    aRun({ id: 3, status: 'in_progress', conclusion: null, completed_at: null }),
    aRun({ id: 5, conclusion: 'timed_out', output: { title: 'Too slow' } }),
    aRun({ id: 4, conclusion: 'cancelled', app: null, output: null }),
  ]
  const more = Array.from({ length: 97 }, (_, index) => aRun({ id: 200 + index, name: 'ci', conclusion: 'skipped' }))
  world.api.get(`${RUNS}?filter=all&per_page=100&page=1`).reply(200, { check_runs: [...page, ...more] })
  world.api.get(`${RUNS}?filter=all&per_page=100&page=2`).reply(200, {
    // The App set no time, or its clock differs from GitHub's.
    check_runs: [
      aRun({ id: 2 }),
      aRun({ id: 1, completed_at: null }),
      aRun({ id: 6, completed_at: '2031-01-01T00:00:00Z' }),
    ],
  })
  const [found = []] = await world.signals.about([SHA], [want('check', 'argocd/*')])
  assert.deepEqual(
    found.filter(({ name }) => name === 'argocd/web').map(({ state, by, description }) => [state, by[0], description]),
    [
      ['success', 'argo[bot]', 'Green'],
      ['failure', 'argo[bot]', 'Too slow'],
      ['silent', undefined, ''],
      ['silent', 'argo[bot]', 'Green'],
      ['success', 'argo[bot]', 'Green'],
      ['silent', 'argo[bot]', 'Green'],
    ],
  )
})

test("Perch's own check runs are not signals of others, whatever their name, and only Perch's reports count", async () => {
  const world = await aGitHub()
  const ours = { id: 7, slug: 'perch' }
  world.api.get(`${RUNS}?filter=all&per_page=100&page=1`).reply(200, {
    check_runs: [
      aRun({ id: 1, name: 'canary/gate', app: ours }),
      aRun({ id: 2, name: 'live/argocd/web', app: ours }),
      aRun({ id: 3, name: 'live/argocd/web' }),
    ],
  })
  const [found = []] = await world.signals.about([SHA], [want('check', '*'), want('report', '*')])
  assert.deepEqual(
    found.map(({ source, name }) => [source, name]),
    [
      ['check', 'live/argocd/web'],
      ['report', 'argocd/web'],
    ],
  )
})

test('signals are requested by name or by App if possible', async () => {
  const world = await aGitHub()
  const none = { check_runs: [] }
  world.api.get(`${RUNS}?filter=all&check_name=argocd%2Fweb&per_page=100&page=1`).reply(200, none)
  await world.signals.about([SHA], [want('check', 'argocd/web'), want('check', 'argocd/web')])
  world.api.get(`${RUNS}?filter=all&check_name=live%2Fargocd%2Fweb&app_id=7&per_page=100&page=1`).reply(200, none)
  await world.signals.about([SHA], [want('report', 'argocd/web')])
  world.api.get(`${RUNS}?filter=all&app_id=7&per_page=100&page=1`).reply(200, none)
  await world.signals.about([SHA], [want('report', 'argocd/a'), want('report', 'argocd/b')])
  world.api.get(`${REPO}/deployments?environment=eu&per_page=100&page=1`).reply(200, [])
  world.api.get(`${REPO}/deployments?environment=us&per_page=100&page=1`).reply(200, [])
  await world.signals.about([SHA, OTHER_SHA], [want('deployment', 'eu'), want('deployment', 'us')])
  world.api.get(`${REPO}/deployments?per_page=100&page=1`).reply(200, [])
  await world.signals.about([SHA, OTHER_SHA], [want('deployment', 'eu'), want('deployment', 'u*')])
})

test('without wanted signals, nothing is requested', async () => {
  const world = await aGitHub()
  assert.deepEqual(await world.signals.about([SHA, OTHER_SHA], []), [[], []])
  assert.deepEqual(await world.signals.about([], [want('status', 'x')]), [])
})

test('the statuses of deployments of the given commits are read, and several deployments have one order', async () => {
  const world = await aGitHub()
  world.api
    .get(`${REPO}/deployments?per_page=100&page=1`)
    .reply(200, [
      aDeployment({ id: 53, sha: 'c'.repeat(40) }),
      aDeployment({ id: 52 }),
      aDeployment({ id: 51, environment: 'preview-7' }),
      aDeployment({ id: 50 }),
      aDeployment({ id: 49, sha: OTHER_SHA }),
    ])
  const statuses = (id: number): string => `${REPO}/deployments/${id}/statuses?per_page=100&page=1`
  world.api.get(statuses(52)).reply(200, [aDeploymentStatus({ id: 62, state: 'failure' })])
  const app = { id: 9, slug: 'argo' }
  world.api
    .get(statuses(50))
    .reply(200, [
      aDeploymentStatus({ id: 63, state: 'inactive', environment: '' }),
      aDeploymentStatus({ id: 61, performed_via_github_app: app, environment: undefined, description: null }),
    ])
  world.api.get(statuses(49)).reply(200, [aDeploymentStatus({ state: 'queued', creator: null })])
  const found = await world.signals.about([OTHER_SHA, SHA], [want('deployment', 'prod*')])
  assert.deepEqual(
    found.map((signals) => signals.map(({ name, state, by }) => `${name} ${state} ${by.join('+')}`)),
    [
      ['production silent '],
      ['production silent mona', 'production failure mona', 'production success mona+argo[bot]'],
    ],
  )
})

test('Perch ignores the deployments that it created', async () => {
  const world = await aGitHub()
  world.api
    .get(`${REPO}/deployments?per_page=100&page=1`)
    .reply(200, [
      aDeployment({ creator: anAccount('perch[bot]', 'Bot') }),
      aDeployment({ id: 51, performed_via_github_app: { id: 7, slug: 'perch' } }),
    ])
  assert.deepEqual(await world.signals.about([SHA], [want('deployment', '*')]), [[]])
})

test('an invalid list is not an empty list, and an answer without needed fields is refused', async () => {
  const world = await aGitHub()
  world.api.get(`${REPO}/deployments?per_page=100&page=1`).reply(200, 'upstream timed out')
  await assert.rejects(world.signals.about([SHA], [want('deployment', '*')]), /holds no list/)
  const broken: [(answer: unknown) => unknown, Fields, string[]][] = [
    [statusSignalOf, aStatus(), ['context', 'state', 'created_at']],
    [(answer) => runSignalOf(answer, PERCH), aRun(), ['id', 'name', 'status', 'conclusion']],
    [deploymentOf, aDeployment(), ['id', 'sha', 'environment']],
    [(answer) => deploymentSignalOf(answer, { environment: '' }), aDeploymentStatus(), ['id', 'state', 'created_at']],
  ]
  for (const [read, answer, fields] of broken)
    for (const field of fields) assert.throws(() => read({ ...answer, [field]: undefined }), ZodError, field)
  assert.throws(() => statusSignalOf(aStatus({ created_at: 'yesterday' })), ZodError)
  assert.throws(() => statusSignalOf(aStatus({ state: 'neutral' })), ZodError)
})

test('whatever a check run or a deployment holds, it is read as a signal or refused by the schema', () => {
  const readers: [Fields, (answer: unknown) => { at: number } | undefined][] = [
    [aRun(), (answer) => runSignalOf(answer, PERCH).signal],
    [aDeploymentStatus(), (answer) => deploymentSignalOf(answer, { environment: 'x' }).signal],
    [aStatus(), statusSignalOf],
  ]
  for (const [example, read] of readers)
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(example)), fc.anything()), (fields) => {
        try {
          const found = read({ ...example, ...fields })
          assert.ok(found === undefined || Number.isFinite(found.at))
        } catch (error) {
          assert.ok(error instanceof ZodError)
        }
      }),
      { numRuns: 200 },
    )
})
