/** Traces, as a collector receives them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import * as z from 'zod'
import { command, DR, isGreen, leanRepository } from '../play.ts'
import { served, type Service } from '../process.ts'

const Value = z.object({ stringValue: z.string().optional(), intValue: z.number().optional() })
const Attributes = z
  .array(z.object({ key: z.string(), value: Value }))
  .transform((all) => Object.fromEntries(all.map(({ key, value }) => [key, value.stringValue ?? value.intValue])))
const Span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  attributes: Attributes,
  status: z.object({ code: z.int().optional() }),
})
type Span = z.infer<typeof Span>
const Export = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: Attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(Span) })),
    }),
  ),
})

interface Collector {
  readonly url: string
  readonly spans: Span[]
  /** Everything that arrived, unchanged. */
  readonly texts: string[]
  readonly headers: (string | undefined)[]
  readonly services: Set<unknown>
}

/** Receives spans with OTLP over HTTP. */
async function openCollector(t: TestContext): Promise<Collector> {
  const kept = { spans: [], texts: [], headers: [], services: new Set() } satisfies Partial<Collector>
  const collector: Omit<Collector, 'url'> = kept
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const text = Buffer.concat(parts).toString()
      collector.texts.push(text)
      collector.headers.push(request.url, request.headers['x-tenant']?.toString())
      for (const { resource, scopeSpans } of Export.parse(JSON.parse(text)).resourceSpans) {
        collector.services.add(resource.attributes['service.name'])
        for (const { spans } of scopeSpans) collector.spans.push(...spans)
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { ...collector, url: `http://127.0.0.1:${address.port}` }
}

/** Alice brings v2, comments, and gets an answer. Resolves to the number of her pull request. */
async function canary25(service: Service, text: string): Promise<number> {
  const { box, until } = service
  const alice = box.person('alice')
  const files = { [DR]: (box.repository().file(DR) ?? '').replace(/v1\n$/, 'v2\n') }
  const pull = alice.openPullRequest({ branch: 'api-v2', title: 'title-of-alice', files })
  await until('green checks', () => isGreen(box, pull.head.sha))
  await command(service, pull.number, text)
  return pull.number
}

/** Each span as the path of names from its root. */
function pathsIn(spans: readonly Span[]): ReadonlySet<string> {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  const pathOf = ({ name, parentSpanId }: Span): string => {
    if (parentSpanId === undefined) return name
    const parent = byId.get(parentSpanId)
    assert.ok(parent, `the parent of ${name} is not in its trace`)
    return `${pathOf(parent)} > ${name}`
  }
  return new Set(spans.map(pathOf))
}

test('one trace contains a webhook, its tasks, their calls of ports, and the programs that run for them', async (t) => {
  const collector = await openCollector(t)
  const kustomization = 'resources: [virtual-service.yaml, destination-rule.yaml]\n'
  const service = await served(t, {
    files: { ...leanRepository(), 'production/kustomization.yaml': kustomization },
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=platform',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
    },
  })
  const pull = await canary25(service, '/canary 25\n\nwords-of-alice')
  assert.equal((await service.terminate()).code, 0)

  const asked = collector.spans.find(
    ({ name, attributes }) => name === 'task comment' && attributes['perch.pull_request'] === pull,
  )
  assert.ok(asked, 'no span of the comment')
  assert.equal(asked.attributes['perch.repository'], 'acme/gitops')
  const story = collector.spans.filter(({ traceId }) => traceId === asked.traceId)
  const paths = pathsIn(story)
  const begin = 'delivery issue_comment > jobs.enqueue > task comment'
  const review = `${begin} > jobs.enqueue > task review`
  for (const path of [
    'delivery issue_comment',
    'delivery issue_comment > jobs.enqueue',
    begin,
    `${begin} > conversation.acknowledge`,
    review,
    `${review} > memo.get`,
    `${review} > people.permission`,
    `${review} > mirror.fetch > git fetch`,
    `${review} > renderer.render > kustomize build`,
    `${review} > branches.commit`,
    `${review} > checks.create`,
    `${review} > conversation.add`,
  ])
    assert.ok(paths.has(path), `${path}, not only\n${[...paths].join('\n')}`)
  const roots = story.filter(({ parentSpanId }) => parentSpanId === undefined)
  assert.deepEqual(
    roots.map(({ name }) => name),
    ['delivery issue_comment'],
  )
  assert.deepEqual([...collector.services], ['perch'])
  assert.ok(story.every(({ status }) => status.code !== 2))
  assert.deepEqual([...new Set(collector.headers)], ['/v1/traces', 'platform'])

  const sent = collector.texts.join('\n')
  const { privateKey, webhookSecret, folder } = service.box
  const hidden = [privateKey.split('\n')[1] ?? '', webhookSecret, folder, 'words-of-alice', 'title-of-alice', 'subset']
  for (const text of hidden) assert.ok(text !== '' && !sent.includes(text), `${text.slice(0, 20)} is in a trace`)
  assert.doesNotMatch(sent, /gh[a-z]_|bearer|basic |\/canary/i)
})

test('nobody waits for a collector that cannot be reached or that hangs', async (t) => {
  const hanging = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  t.after(() => hanging.closeAllConnections())
  t.after(() => hanging.close())
  const address = hanging.address()
  assert.ok(typeof address === 'object' && address !== null)
  for (const port of [9, address.port]) {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_EXPORTER_OTLP_TIMEOUT: '1000' }
    const service = await served(t, { files: leanRepository(), env })
    await canary25(service, '/canary 25')
    const isTold = (): boolean => service.said.some((line) => line.includes('Traces cannot be sent'))
    await service.until('a line in the log', isTold)
    const { code } = await service.terminate()
    assert.equal(code, 0)
    assert.ok(!service.said.some((line) => /"level":(?:50|60)/.test(line)), service.said.join('\n'))
  }
})
