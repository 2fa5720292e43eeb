/** Notifications outside of GitHub, as a real HTTP server receives them. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { DestinationUnavailable, openNotifier } from '../../../src/adapters/notify/notifier.ts'
import type { Log } from '../../../src/ports/log.ts'
import type { Notification, Notifier } from '../../../src/ports/notifier.ts'

const SECRET = 's'.repeat(32)

const NOTIFICATION: Notification = {
  id: 'abc',
  repository: 'acme/gitops',
  news: { event: 'waiting', environment: 'production', service: 'web', share: 25, pull: 7, waitsFor: 'merge' },
  text: 'production/web: <!channel> & #7',
  at: Date.UTC(2026, 0, 5, 9),
}

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Receiver {
  readonly received: Received[]
  readonly lines: unknown[]
  readonly notifier: Notifier
  readonly port: number
}

async function aReceiver(t: TestContext, kind: 'slack' | 'cloudevents', status = 200): Promise<Receiver> {
  const received: Received[] = []
  const lines: unknown[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      if (status !== 0) response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('ok')
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const line = (...words: unknown[]): void => void lines.push(words)
  const log: Log = { debug: line, info: line, warn: line, error: line }
  const notifier = openNotifier({
    destinations: [{ name: 'team', kind, url: `http://127.0.0.1:${port}/services/hush` }],
    secret: SECRET,
    webUrl: 'https://github.com',
    log,
    // A server that answers gets the time that a busy machine needs.
    timeoutMs: status === 0 ? 300 : 10_000,
  })
  return { received, lines, notifier, port }
}

test('an incoming webhook of Slack gets one text, in which nothing mentions a channel', async (t) => {
  const { notifier, received } = await aReceiver(t, 'slack')
  assert.equal(await notifier.send('team', NOTIFICATION), 'sent')
  assert.deepEqual(JSON.parse(received[0]?.body ?? ''), {
    text: 'production/web: &lt;!channel&gt; &amp; #7\n<https://github.com/acme/gitops/pull/7|acme/gitops>',
  })
})

test('a CloudEvent has its attributes as headers, its facts as data, and a signature over the body', async (t) => {
  const { notifier, received } = await aReceiver(t, 'cloudevents')
  const news = { ...NOTIFICATION.news, service: 'wéb shop' }
  assert.equal(await notifier.send('team', { ...NOTIFICATION, news }), 'sent')
  const { headers, body } = received[0] ?? assert.fail('nothing came')
  const attributes = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('ce-')))
  assert.deepEqual(attributes, {
    'ce-id': 'abc',
    'ce-specversion': '1.0',
    'ce-type': 'dev.perch.rollout.waiting',
    'ce-source': 'https://github.com/acme/gitops',
    'ce-subject': 'production/w%C3%A9b%20shop',
    'ce-time': '2026-01-05T09:00:00.000Z',
  })
  assert.equal(headers['content-type'], 'application/json')
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  assert.equal(headers['x-perch-signature-256'], `sha256=${signature}`)
  assert.deepEqual(JSON.parse(body), {
    repository: 'acme/gitops',
    environment: 'production',
    service: 'wéb shop',
    share: 25,
    pull: 7,
    waitsFor: 'merge',
    text: NOTIFICATION.text,
    link: 'https://github.com/acme/gitops/pull/7',
  })
})

test('a destination that is down, overloaded or silent is tried again, and no error or log line has its address', async (t) => {
  for (const status of [500, 503, 429, 0]) {
    const { notifier, lines, port } = await aReceiver(t, 'slack', status)
    const error: unknown = await notifier.send('team', NOTIFICATION).then(
      () => assert.fail(`HTTP ${status} was taken for an answer`),
      (one: unknown) => one,
    )
    assert.ok(error instanceof DestinationUnavailable)
    assert.doesNotMatch(`${error.stack} ${JSON.stringify(lines)}`, new RegExp(`hush|:${port}`))
    assert.equal(error.cause, undefined)
  }
})

test('a destination that does not accept it, or redirects, has refused it', async (t) => {
  for (const status of [400, 403, 404, 302]) {
    const { notifier, lines, received } = await aReceiver(t, 'slack', status)
    assert.equal(await notifier.send('team', NOTIFICATION), 'refused')
    assert.equal(received.length, 1)
    assert.match(JSON.stringify(lines), new RegExp(`"destination":"team","status":${status}`))
  }
})

test('a name that is not configured is reported as unknown', async (t) => {
  const { notifier } = await aReceiver(t, 'slack')
  assert.equal(await notifier.send('elsewhere', NOTIFICATION), 'unknown-destination')
  assert.deepEqual(notifier.destinations(), ['team'])
})
