import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Socket, connect } from 'node:net'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebhookDelivery, type Edge, type EdgeOptions, startEdge } from '../../src/entry/edge/edge.ts'
import { memoryMeter } from '../memory/meter.ts'
import { QUIET } from '../quiet-log.ts'

const edges: Edge[] = []
afterEach(() => Promise.all(edges.splice(0).map((edge) => edge.close(0))))

interface World {
  readonly url: string
  readonly edge: Edge
  readonly accepted: WebhookDelivery[]
}

async function anEdge(options: Partial<EdgeOptions> = {}): Promise<World> {
  const accepted: WebhookDelivery[] = []
  const edge = await startEdge({
    host: '127.0.0.1',
    port: 0,
    secrets: ['current'],
    events: new Set(['issue_comment', 'push']),
    accept: async (delivery) => void accepted.push(delivery),
    ready: async () => ({ ok: true, parts: {} }),
    log: QUIET,
    ...options,
  })
  edges.push(edge)
  return { url: `http://127.0.0.1:${edge.port}`, edge, accepted }
}

function sign(body: string | Buffer, secret = 'current'): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** A header that is undefined is left out. */
function deliver(
  world: World,
  body: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<Response> {
  const all = {
    'content-type': 'application/json',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-github-event': 'issue_comment',
    'x-hub-signature-256': sign(body),
    ...headers,
  }
  const given = Object.entries(all).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  )
  return fetch(`${world.url}/api/github/webhooks`, { method: 'POST', body, headers: given })
}

test('a signed delivery is handed on and answered 202 once it is on disk', async () => {
  const onDisk = Promise.withResolvers<void>()
  const accepted: WebhookDelivery[] = []
  const world = await anEdge({
    accept: async (delivery) => {
      accepted.push(delivery)
      await onDisk.promise
    },
  })
  let isAnswered = false
  const answer = deliver(world, '{"action":"created","x":"ü"}').finally(() => {
    isAnswered = true
  })
  await sleep(50)
  assert.equal(isAnswered, false)
  onDisk.resolve()
  assert.equal((await answer).status, 202)
  assert.deepEqual(accepted, [
    {
      id: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      name: 'issue_comment',
      payload: { action: 'created', x: 'ü' },
    },
  ])
})

test('a delivery that cannot be stored is answered 503, without the reason, so that GitHub shows it as failed', async () => {
  const errors: object[] = []
  const world = await anEdge({
    accept: () => Promise.reject(new Error('disk full at /secret/place')),
    log: { ...QUIET, error: (facts) => void errors.push(facts) },
  })
  const answer = await deliver(world, '{}')
  assert.equal(answer.status, 503)
  assert.doesNotMatch(await answer.text(), /disk|secret/)
  assert.equal(errors.length, 1)
})

test('the previous secret is accepted during a rotation', async () => {
  const world = await anEdge({ secrets: ['current', 'previous'] })
  for (const secret of ['current', 'previous']) {
    assert.equal((await deliver(world, '{}', { 'x-hub-signature-256': sign('{}', secret) })).status, 202)
  }
  assert.equal((await deliver(world, '{}', { 'x-hub-signature-256': sign('{}', 'older') })).status, 401)
})

test('requests that are not from GitHub, or have another type, are refused before they are parsed', async () => {
  const world = await anEdge()
  const refusals: [number, string, Record<string, string | undefined>][] = [
    [401, '{}', { 'x-hub-signature-256': undefined }],
    [401, '{}', { 'x-hub-signature-256': 'sha256=' }],
    [401, '{}', { 'x-hub-signature-256': `sha1=${'0'.repeat(40)}` }],
    [401, '{}', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }],
    [401, '{}', { 'x-hub-signature-256': sign('{} ') }],
    // A stranger is not even told whether the body is JSON.
    [401, '{', { 'x-hub-signature-256': sign('{}') }],
    [415, '{}', { 'content-type': 'application/x-www-form-urlencoded' }],
    [415, '{}', { 'content-type': 'application/jsonp' }],
    [415, '{}', { 'content-encoding': 'gzip' }],
    [400, '{}', { 'x-github-delivery': undefined }],
    [400, '{}', { 'x-github-delivery': '../../etc' }],
    [400, '{}', { 'x-github-delivery': 'a'.repeat(101) }],
    [400, '{}', { 'x-github-event': undefined }],
    [400, '{}', { 'x-github-event': 'Push!' }],
    [400, '{', {}],
    [400, '[]', {}],
    [400, 'null', {}],
    [400, '', {}],
  ]
  for (const [status, body, headers] of refusals) {
    assert.equal((await deliver(world, body, headers)).status, status, `${body} ${JSON.stringify(headers)}`)
  }
  assert.deepEqual(world.accepted, [])
  assert.equal((await deliver(world, '{}', { 'content-type': 'application/json; charset=utf-8' })).status, 202)
})

test('ping is answered with pong, and an event that is not on the list is accepted and dropped', async () => {
  const world = await anEdge()
  const ping = await deliver(world, '{"zen":"x"}', { 'x-github-event': 'ping' })
  assert.deepEqual([ping.status, await ping.text()], [200, 'pong'])
  const star = await deliver(world, '{}', { 'x-github-event': 'star' })
  assert.deepEqual([star.status, await star.json()], [202, { ignored: 'star' }])
  assert.deepEqual(world.accepted, [])
})

test('there is one webhook path and one method', async () => {
  const world = await anEdge()
  for (const path of [
    '/api/github/webhooks/',
    '/api/github',
    '/probot',
    '//x',
    '/constructor',
    '/__proto__',
    '/metrics',
  ]) {
    assert.equal((await fetch(world.url + path, { method: 'POST', body: '{}' })).status, 404, path)
  }
  const get = await fetch(`${world.url}/api/github/webhooks`)
  assert.deepEqual([get.status, get.headers.get('allow')], [405, 'POST'])
  for (const path of ['/', '/healthz'])
    assert.equal((await fetch(world.url + path, { method: 'POST' })).status, 405, path)
})

test('a browser is shown the version and what is missing, on a page that can neither run nor load anything', async () => {
  const parts = { queue: 'ok', renderer: 'missing: install <kustomize> & "kubectl"' }
  const world = await anEdge({ ready: async () => ({ ok: false, parts }) })
  const answer = await fetch(`${world.url}/`)
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/html; charset=utf-8'])
  const page = await answer.text()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  assert.ok(page.includes(`<h1>Perch ${version}</h1>`))
  assert.match(page, /Not ready/)
  assert.match(
    page,
    /<th scope="row">renderer<\/th>\s*<td>missing: install &lt;kustomize&gt; &amp; &quot;kubectl&quot;<\/td>/,
  )
  assert.doesNotMatch(page, /<script|\son\w+=|https?:/)
  const policy = answer.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; style-src 'sha256-/)
  assert.match(policy, /form-action 'none'; frame-ancestors 'none'; base-uri 'none'$/)
  const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? ''
  assert.ok(policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`))
  for (const [, link = ''] of page.matchAll(/href="([^"]*)"/g)) {
    const linked = await fetch(new URL(link, `${world.url}/`))
    assert.ok([200, 503].includes(linked.status) || link === 'metrics', link)
  }
})

test('the page of a service that is ready says so, and one that cannot tell is not ready', async () => {
  const ready = await anEdge()
  assert.match(await (await fetch(`${ready.url}/`)).text(), /<strong>Ready\.<\/strong>/)
  const broken = await anEdge({ ready: () => Promise.reject(new Error('no database at 10.0.0.7')) })
  const page = await (await fetch(`${broken.url}/`)).text()
  assert.match(page, /Not ready/)
  assert.doesNotMatch(page, /10\.0\.0\.7/)
})

test('a body with a length above the limit is refused without reading it', async () => {
  const world = await anEdge()
  const answer = await raw(world, (socket) => {
    socket.write(head({ 'content-length': String(5 * 1024 * 1024 + 1) }))
  })
  assert.match(answer, /^HTTP\/1.1 413 /)
  assert.match(answer, /connection: close/i)
})

test('a body without a length is read only up to the limit', async () => {
  const world = await anEdge()
  let sentMiB = 0
  const answer = await raw(world, async (socket) => {
    socket.write(head({ 'transfer-encoding': 'chunked' }))
    const chunk = Buffer.alloc(1024 * 1024, 32)
    while (sentMiB < 50 && !socket.destroyed) {
      sentMiB += 1
      socket.write(`${chunk.length.toString(16)}\r\n`)
      if (!socket.write(Buffer.concat([chunk, Buffer.from('\r\n')]))) {
        await Promise.race([new Promise((resolve) => void socket.once('drain', resolve)), sleep(500)])
      }
    }
  })
  assert.match(answer, /^HTTP\/1.1 413 /)
  assert.deepEqual(world.accepted, [])
  assert.equal((await deliver(world, '{}')).status, 202)
})

test('a body at the limit is accepted', async () => {
  const world = await anEdge()
  const body = JSON.stringify({ x: 'y'.repeat(5 * 1024 * 1024 - 8) })
  assert.equal(body.length, 5 * 1024 * 1024)
  assert.equal((await deliver(world, body)).status, 202)
})

test('many large bodies at once do not fill the memory', async () => {
  const world = await anEdge()
  const sockets: Socket[] = []
  // Each sends 4 MiB of 5 and then waits. Together this is much more than the 64 MiB for all bodies.
  const statuses = Array.from({ length: 24 }, () =>
    raw(world, (socket) => {
      sockets.push(socket)
      socket.write(head({ 'content-length': String(5 * 1024 * 1024) }))
      socket.write(Buffer.alloc(4 * 1024 * 1024, 32))
    }).then((answer) => answer.slice(9, 12)),
  )
  await Promise.race(statuses)
  await sleep(300)
  for (const socket of sockets) socket.destroy()
  const answers = await Promise.all(statuses)
  // Refused, or cut off in the middle.
  assert.ok(answers.filter((status) => status === '503' || status === '').length >= 5, answers.join(' '))
  assert.equal((await deliver(world, '{}')).status, 202)
})

test('a client that goes away in the middle of a body leaves no trace', async () => {
  const errors: unknown[] = []
  const world = await anEdge({ log: { ...QUIET, error: (facts) => void errors.push(facts) } })
  await raw(world, (socket) => {
    socket.write(head({ 'content-length': '100' }))
    socket.write('{"a":')
    setTimeout(() => socket.destroy(), 20)
  })
  assert.equal((await deliver(world, '{}')).status, 202)
  assert.deepEqual(errors, [])
})

test('the probes tell whether the service is alive and ready, and no internal errors', async () => {
  let isOk = true
  const world = await anEdge({
    ready: async () => ({ ok: isOk, parts: { queue: isOk ? 'ok' : 'does not answer' } }),
    metrics: async () => 'perch_up 1\n',
  })
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(world.url + path)
    return [response.status, await response.text()]
  }
  assert.deepEqual(await get('/healthz'), [200, 'ok'])
  assert.deepEqual(await get('/readyz?verbose'), [200, '{"ok":true,"parts":{"queue":"ok"}}'])
  isOk = false
  assert.deepEqual(await get('/readyz'), [503, '{"ok":false,"parts":{"queue":"does not answer"}}'])
  assert.deepEqual(await get('/metrics'), [200, 'perch_up 1\n'])
  const broken = await anEdge({ ready: () => Promise.reject(new Error('postgres://user:password@host')) })
  const answer = await fetch(`${broken.url}/readyz`)
  assert.deepEqual([answer.status, await answer.text()], [503, '{"ok":false,"parts":{}}'])
})

test('closing waits for current deliveries, refuses new ones, and aborts those that take too long', async () => {
  const onDisk = Promise.withResolvers<void>()
  const world = await anEdge({ accept: () => onDisk.promise })
  const answer = deliver(world, '{}')
  await sleep(50)
  const closed = world.edge.close(5_000)
  await assert.rejects(fetch(`${world.url}/healthz`))
  onDisk.resolve()
  assert.equal((await answer).status, 202)
  const start = Date.now()
  await closed
  assert.ok(Date.now() - start < 4_000, 'an idle keep-alive connection does not hold it up')

  const stuck = await anEdge({ accept: () => new Promise(() => undefined) })
  const lost = assert.rejects(deliver(stuck, '{}'))
  await sleep(50)
  await stuck.edge.close(100)
  await lost
})

function head(headers: Readonly<Record<string, string>>): string {
  const all = {
    host: 'x',
    'content-type': 'application/json',
    'x-github-delivery': 'id',
    'x-github-event': 'push',
    'x-hub-signature-256': sign('{}'),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return ['POST /api/github/webhooks HTTP/1.1', ...lines, '', ''].join('\r\n')
}

/** For requests that `fetch` would not send. Resolves to everything that was received when the connection ends. */
function raw(world: World, talk: (socket: Socket) => unknown): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(world.edge.port, '127.0.0.1', () => void talk(socket))
    socket.on('data', (data) => {
      answer += data.toString('latin1')
      // The server has answered. What it no longer reads may keep the connection from ending.
      if (answer.includes('\r\n\r\n')) setTimeout(() => socket.destroy(), 50)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer))
  })
}

test('many QUIET or slow connections do not keep a delivery out', async () => {
  const world = await anEdge()
  const crowd: Socket[] = []
  const join = async (words: string): Promise<void> => {
    const socket = connect(world.edge.port, '127.0.0.1').on('error', () => undefined)
    crowd.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write(words)
  }
  const head = (length: number): string =>
    `POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n` +
    `x-github-delivery: a\r\nx-github-event: push\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\n\r\n`
  for (let count = 0; count < 200; count += 1) await join('')
  for (let count = 0; count < 200; count += 1) await join('GET /healthz HTTP/1.1\r\nhost: x\r\n')
  for (let count = 0; count < 200; count += 1) await join(`${head(1_000)}{`)
  assert.equal((await deliver(world, '{}')).status, 202)
  assert.equal((await fetch(`${world.url}/healthz`)).status, 200)
  // The first connections are closed.
  await sleep(50)
  assert.ok(crowd.filter(({ closed }) => closed).length >= 80)
  for (const socket of crowd) socket.destroy()
})

test('bodies that fill the memory together are refused before a small one', async () => {
  const world = await anEdge()
  const sockets = Array.from({ length: 14 }, () => connect(world.edge.port, '127.0.0.1').on('error', () => undefined))
  const chunk = Buffer.alloc(4_900_000, 0x20)
  for (const socket of sockets) {
    socket.write(
      `POST /api/github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000000\r\nx-github-delivery: a\r\nx-github-event: push\r\nx-hub-signature-256: sha256=${'0'.repeat(64)}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.write(chunk, resolve))
  }
  await sleep(200)
  assert.equal((await deliver(world, `{"a":"${'x'.repeat(100_000)}"}`)).status, 202)
  for (const socket of sockets) socket.destroy()
})

test('webhooks are counted by event and answer, and names that strangers make up count as one', async () => {
  const meter = memoryMeter()
  let isBroken = false
  const accept = async (): Promise<void> => {
    if (isBroken) throw new Error('the disk is full')
  }
  const world = await anEdge({ meter, accept })
  await deliver(world, '{}')
  await deliver(world, '{}', { 'x-github-event': 'ping' })
  await deliver(world, '{}', { 'x-github-event': 'made_up' })
  await deliver(world, '{}', { 'x-hub-signature-256': sign('{}', 'wrong') })
  isBroken = true
  await deliver(world, '{}', { 'x-github-event': 'push' })
  assert.deepEqual(meter.labelsOf('perch_deliveries_total'), [
    'issue_comment accepted',
    'ping ignored',
    'other ignored',
    'issue_comment refused',
    'push failed',
  ])
  assert.equal(meter.labelsOf('perch_delivery_duration_seconds').length, 5)
})
