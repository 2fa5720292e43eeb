/** The endpoints for clusters' reports: who may report, what is accepted, and what is refused with which words. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { afterEach, test } from 'node:test'
import { type Edge, startEdge } from '../../src/entry/edge/edge.ts'
import type { ReceivedReport } from '../../src/entry/edge/report-endpoints.ts'
import { reportKey } from '../../src/entry/edge/report-key.ts'
import type { Log } from '../../src/ports/log.ts'
import { QUIET } from '../quiet-log.ts'

const SECRET = 'a secret that is long enough to be one'
const NOW = Date.UTC(2026, 10, 20, 12)
const SHA = '731f7eaddfb6af01cb2173e18f0f75b0ba780ef1'
const edges: Edge[] = []
afterEach(() => Promise.all(edges.splice(0).map((edge) => edge.close(0))))

interface World {
  readonly url: string
  readonly told: ReceivedReport[]
}

interface Options {
  readonly secret?: string | undefined
  readonly accept?: (told: ReceivedReport) => Promise<void>
  readonly log?: Log
}

async function anEdge(options: Options = {}): Promise<World> {
  const told: ReceivedReport[] = []
  const secret = 'secret' in options ? options.secret : SECRET
  const accept = options.accept ?? (async (one: ReceivedReport) => void told.push(one))
  const edge = await startEdge({
    host: '127.0.0.1',
    port: 0,
    secrets: ['of webhooks'],
    events: new Set(['push']),
    accept: () => Promise.reject(new Error('a report is no delivery of GitHub')),
    ...(secret === undefined ? {} : { reports: { secret, accept, now: () => NOW } }),
    ready: async () => ({ ok: true, parts: {} }),
    log: options.log ?? QUIET,
  })
  edges.push(edge)
  return { url: `http://127.0.0.1:${edge.port}`, told }
}

const KEY = reportKey(SECRET, 'acme/gitops')

function sign(body: string, key = KEY): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`
}

type Headers = Readonly<Record<string, string | undefined>>

function post(world: World, path: string, body: string, headers: Headers): Promise<Response> {
  const all = Object.entries({ 'content-type': 'application/json', ...headers })
  const given = all.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]))
  return fetch(world.url + path, { method: 'POST', body, headers: given })
}

function flux(world: World, body: string, headers: Headers = {}, repo = 'acme/gitops'): Promise<Response> {
  return post(world, `/api/reports/flux/${repo}`, body, { 'x-signature': sign(body), ...headers })
}

function argo(world: World, body: string, headers: Headers = {}, repo = 'acme/gitops'): Promise<Response> {
  return post(world, `/api/reports/argocd/${repo}`, body, { authorization: `Bearer ${KEY}`, ...headers })
}

function anEvent(over: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    involvedObject: { kind: 'Kustomization', namespace: 'flux-system', name: 'apps' },
    severity: 'info',
    timestamp: '2026-11-20T11:59:58Z',
    reason: 'ReconciliationSucceeded',
    metadata: { revision: `main@sha1:${SHA}` },
    reportingController: 'kustomize-controller',
    ...over,
  })
}

const ARGO = { app: 'web', commit: SHA, phase: 'Succeeded', health: 'Healthy', at: '2026-11-20T11:59:59Z' }

test('a signed event of Flux is handed on, and answered 202 once it is on disk', async () => {
  const world = await anEdge()
  const answer = await flux(world, anEvent())
  assert.equal(answer.status, 202)
  const [told] = world.told
  assert.deepEqual(await answer.json(), { accepted: told?.id })
  assert.deepEqual(told, {
    id: told?.id,
    owner: 'acme',
    repo: 'gitops',
    receivedAt: NOW,
    report: {
      name: 'kustomization/flux-system/apps',
      commit: SHA,
      state: 'success',
      at: NOW - 2_000,
      reason: 'ReconciliationSucceeded',
      teller: 'kustomize-controller',
    },
  })
})

test('a notification of Argo CD with the key is handed on', async () => {
  const world = await anEdge()
  assert.equal((await argo(world, JSON.stringify(ARGO))).status, 202)
  assert.deepEqual([world.told[0]?.report.name, world.told[0]?.report.at], ['argocd/web', NOW - 1_000])
})

test('the same request has the same id, whoever repeats it, and any other request has another one', async () => {
  const world = await anEdge()
  await flux(world, anEvent())
  await flux(world, anEvent(), {}, 'Acme/GitOps')
  await flux(world, anEvent({ timestamp: '2026-11-20T11:59:59Z' }))
  const other = reportKey(SECRET, 'acme/other')
  await flux(world, anEvent(), { 'x-signature': sign(anEvent(), other) }, 'acme/other')
  const ids = world.told.map(({ id }) => id)
  assert.equal(ids[0], ids[1])
  assert.equal(new Set(ids).size, 3)
})

test('a request without the repository’s key is refused before anything is parsed', async () => {
  const world = await anEdge()
  const body = anEvent()
  const others = { team: reportKey(SECRET, 'acme/other'), secret: SECRET, empty: '' }
  for (const [who, key] of Object.entries(others)) {
    const signed = key === '' ? undefined : sign(body, key)
    assert.equal((await flux(world, body, { 'x-signature': signed })).status, 401, who)
    assert.equal((await argo(world, JSON.stringify(ARGO), { authorization: `Bearer ${key}` })).status, 401, who)
  }
  for (const signature of ['', 'sha256=', `sha256=${'0'.repeat(64)}`, `sha1=${'0'.repeat(40)}`, sign(`${body} `), KEY])
    assert.equal((await flux(world, body, { 'x-signature': signature })).status, 401, signature)
  for (const authorization of [undefined, '', KEY, `Basic ${KEY}`, `Bearer ${KEY}x`, `Bearer ${KEY} x`])
    assert.equal((await argo(world, JSON.stringify(ARGO), { authorization })).status, 401, authorization)
  // A stranger is not even told whether the body is JSON, and GitHub's secret is not accepted here.
  assert.equal((await flux(world, '{', { 'x-signature': sign('{', 'of webhooks') })).status, 401)
  // The proof for one repository is not valid for another.
  assert.equal((await flux(world, body, { 'x-signature': undefined, authorization: `Bearer ${KEY}` })).status, 401)
  assert.equal((await argo(world, body, { authorization: undefined, 'x-signature': sign(body) })).status, 401)
  assert.deepEqual(world.told, [])
})

test('the key of a repository depends on its name, ignoring case', () => {
  assert.equal(reportKey(SECRET, 'Acme/GitOps'), KEY)
  assert.equal(KEY, createHmac('sha256', SECRET).update('acme/gitops').digest('hex'))
  assert.notEqual(reportKey(SECRET, 'acme/gitops2'), KEY)
  assert.notEqual(reportKey(`${SECRET}x`, 'acme/gitops'), KEY)
})

test('a mistake in a body is reported with its place', async () => {
  const world = await anEdge()
  const table: [string, RegExp][] = [
    ['{', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['{}', /not what flux sends: involvedObject/],
    [anEvent({ timestamp: 'yesterday' }), /not what flux sends: timestamp/],
    [anEvent({ metadata: { revision: 7 } }), /not what flux sends: metadata\.revision/],
  ]
  for (const [body, words] of table) {
    const answer = await flux(world, body)
    assert.equal(answer.status, 400, body)
    assert.match(await answer.text(), words)
  }
  assert.equal((await argo(world, '{}')).status, 400)
  assert.equal((await flux(world, anEvent(), { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await flux(world, anEvent(), { 'content-encoding': 'gzip' })).status, 415)
  assert.deepEqual(world.told, [])
})

test('an event without a commit, or without news, is accepted and dropped', async () => {
  const world = await anEdge()
  const bodies = [anEvent({ metadata: {} }), anEvent({ metadata: null }), anEvent({ reason: 'Progressing' })]
  for (const body of bodies) {
    const answer = await flux(world, body)
    assert.equal(answer.status, 202)
    assert.deepEqual(Object.keys(Object(await answer.json())), ['ignored'])
  }
  assert.equal((await argo(world, JSON.stringify({ ...ARGO, commit: '' }))).status, 202)
  assert.deepEqual(world.told, [])
})

test('a report from another hour is refused with both times: a replay, or a clock that is off', async () => {
  const world = await anEdge()
  for (const timestamp of ['2026-11-20T10:59:59Z', '2026-11-20T13:00:01Z', '2020-01-01T00:00:00Z']) {
    const answer = await flux(world, anEvent({ timestamp }))
    assert.equal(answer.status, 400)
    assert.match(
      await answer.text(),
      /the report is of 20.* and it is 2026-11-20T12:00:00\.000Z here: more than an hour/,
    )
  }
  assert.equal((await flux(world, anEvent({ timestamp: '2026-11-20T11:00:00Z' }))).status, 202)
  assert.equal((await flux(world, anEvent({ timestamp: '2026-11-20T14:00:00+01:00' }))).status, 202)
  assert.equal(world.told.length, 2)
})

test('a body that is too large is refused, with or without a length', async () => {
  const world = await anEdge()
  const large = anEvent({ message: 'x'.repeat(256 * 1024) })
  assert.equal((await flux(world, large)).status, 413)
  const chunks = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(64 * 1024).fill(32))
    },
  })
  const headers = { 'content-type': 'application/json', 'x-signature': sign(large) }
  const init = { method: 'POST', body: chunks, headers, duplex: 'half' } as const
  const status = await fetch(`${world.url}/api/reports/flux/acme/gitops`, init).then(
    (answer) => answer.status,
    // The server closed the connection, because it does not read the rest.
    () => 413,
  )
  assert.equal(status, 413)
  assert.equal((await flux(world, anEvent({ message: 'x'.repeat(39_000) }))).status, 202)
})

test('without a secret these endpoints do not exist, and there are never others', async () => {
  const none = await anEdge({ secret: undefined })
  assert.equal((await flux(none, anEvent())).status, 404)
  assert.equal((await argo(none, JSON.stringify(ARGO))).status, 404)
  const world = await anEdge()
  const paths = [
    '',
    '/acme',
    '/acme/',
    '/acme/gitops/',
    '/acme/gitops/x',
    '/acme/..',
    '/a%2Fb/c',
    '//gitops',
    '/ä/gitops',
  ]
  for (const path of paths) assert.equal((await post(world, `/api/reports/flux${path}`, '{}', {})).status, 404, path)
  assert.equal((await post(world, '/api/reports/spinnaker/acme/gitops', '{}', {})).status, 404)
  const get = await fetch(`${world.url}/api/reports/flux/acme/gitops`)
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST'])
})

test('a report that cannot be stored is answered 503, so that Flux sends it again', async () => {
  const errors: object[] = []
  const log = { ...QUIET, error: (facts: object) => void errors.push(facts) }
  const world = await anEdge({ accept: () => Promise.reject(new Error('disk full at /secret/place')), log })
  const answer = await flux(world, anEvent())
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '30'])
  assert.doesNotMatch(await answer.text(), /disk|secret/)
  assert.equal(errors.length, 1)
})

test('perch report-key prints a repository’s key and nothing else, or says what is missing', () => {
  const run = (env: Readonly<Record<string, string>>, ...words: string[]) => {
    const done = spawnSync(process.execPath, ['src/entry/cli.ts', 'report-key', ...words], { encoding: 'utf8', env })
    return { status: done.status, stdout: done.stdout, stderr: done.stderr }
  }
  assert.deepEqual(run({ REPORT_SECRET: SECRET }, 'acme/gitops'), { status: 0, stdout: `${KEY}\n`, stderr: '' })
  const unset = run({}, 'acme/gitops')
  assert.equal(unset.status, 1)
  assert.match(unset.stderr, /REPORT_SECRET is missing\. Set it to the one that the service runs with/)
  const short = run({ REPORT_SECRET: 'short' }, 'acme/gitops')
  assert.equal(short.status, 1)
  assert.match(short.stderr, /at least 32 characters/)
  assert.doesNotMatch(short.stderr, /short/)
  for (const words of [[], ['acme'], ['acme/gitops/x'], ['acme/gitops', 'more']])
    assert.equal(run({ REPORT_SECRET: SECRET }, ...words).status, 2, words.join(' '))
})
