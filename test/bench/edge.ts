/** Signed deliveries at 100 a second through the edge and Probot into the real queue, with its worker running beside them. */
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { openClock } from '../../src/adapters/clock/clock.ts'
import { openQueue } from '../../src/adapters/queue/queue.ts'
import { startEdge } from '../../src/entry/edge/edge.ts'
import { openWebhooks } from '../../src/entry/edge/open-webhooks.ts'
import type { Log } from '../../src/ports/log.ts'

export interface BenchResult {
  readonly name: string
  readonly rows: readonly { readonly what: string; readonly value: string; readonly budget?: string }[]
  readonly ok: boolean
}

const PER_SECOND = 100
const SECONDS = 10
const SECRET = 'bench'

export async function benchEdge(): Promise<BenchResult> {
  const dataDir = mkdtempSync(join(tmpdir(), 'perch-bench-'))
  const problems: string[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn: (_, text) => void problems.push(text),
    error: (_, text) => void problems.push(text),
  }
  const openStart = performance.now()
  const queue = await openQueue({ clock: openClock(), dataDir, log })
  const openedMs = performance.now() - openStart
  const sentAt = new Map<unknown, number>()
  const startMs: number[] = []
  await queue.work(
    async (job) => void startMs.push(performance.now() - (sentAt.get(job.data['comment']) ?? Number.NaN)),
  )
  const edge = await startEdge({
    host: '127.0.0.1',
    port: 0,
    secrets: [SECRET],
    events: new Set(['issue_comment']),
    accept: await openWebhooks({
      app: { appId: 7, privateKey: aKey(), webhookSecret: SECRET, apiUrl: 'https://api.github.test' },
      log: pino({ level: 'silent' }),
      jobs: queue,
      memo: queue.memo,
    }),
    ready: async () => ({ ok: true, parts: {} }),
    log,
  })
  const agent = new Agent({ keepAlive: true })
  const answerMs: number[] = []
  const refused: number[] = []

  async function deliver(n: number): Promise<void> {
    const id = `guid-${n}`
    const start = performance.now()
    sentAt.set(n, start)
    const status = await post({ port: edge.port, agent, id, body: body(n) })
    if (status === 202) answerMs.push(performance.now() - start)
    else refused.push(status)
  }

  const begin = performance.now()
  const answers: Promise<void>[] = []
  for (let n = 0; n < PER_SECOND * SECONDS; n += 1) {
    await sleep(Math.max(0, begin + (n * 1_000) / PER_SECOND - performance.now()))
    answers.push(deliver(n))
  }
  await Promise.all(answers)
  while ((await queue.depth()).waiting > 0 && performance.now() - begin < SECONDS * 2_000) await sleep(20)
  await edge.close(1_000)
  await queue.drain(5_000)
  const memoryMb = process.memoryUsage().rss / 1e6
  await queue.close()
  agent.destroy()
  rmSync(dataDir, { recursive: true, force: true })

  const lost = PER_SECOND * SECONDS - startMs.length
  const p99 = quantile(answerMs, 0.99)
  return {
    name: `edge: ${PER_SECOND} deliveries a second for ${SECONDS} s, on SQLite, one process`,
    rows: [
      { what: 'answer p50', value: `${quantile(answerMs, 0.5).toFixed(1)} ms` },
      { what: 'answer p99', value: `${p99.toFixed(1)} ms`, budget: '25 ms' },
      { what: 'delivery to handler p50', value: `${quantile(startMs, 0.5).toFixed(1)} ms` },
      { what: 'delivery to handler p99', value: `${quantile(startMs, 0.99).toFixed(1)} ms` },
      { what: 'lost', value: String(lost), budget: '0' },
      { what: 'refused', value: String(refused.length), budget: '0' },
      { what: 'opening an empty data folder', value: `${Math.round(openedMs)} ms`, budget: '3000 ms' },
      { what: 'memory of the process, client included', value: `${Math.round(memoryMb)} MB` },
      { what: 'log lines', value: problems.join(' ') || 'none' },
    ],
    ok: p99 < 25 && lost === 0 && refused.length === 0,
  }
}

/** As large as a usual issue_comment. */
function body(n: number): string {
  return JSON.stringify({
    action: 'created',
    installation: { id: 5 },
    repository: { id: 1, name: 'gitops', owner: { login: 'acme' }, default_branch: 'main' },
    issue: { number: n % 100, pull_request: {} },
    comment: { id: n, body: '/canary 25' },
    sender: { type: 'User' },
    padding: 'x'.repeat(12_000),
  })
}

function aKey(): string {
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
  return generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding, publicKeyEncoding }).privateKey
}

interface Post {
  readonly port: number
  readonly agent: Agent
  readonly id: string
  readonly body: string
}

/** `node:http`, because `fetch` costs the shared process as much as all that is measured. */
function post({ port, agent, id, body }: Post): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-github-delivery': id,
      'x-github-event': 'issue_comment',
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    }
    request({ port, agent, method: 'POST', path: '/api/github/webhooks', headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
      .once('error', reject)
      .end(body)
  })
}

function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * q)] ?? Number.NaN
}

if (import.meta.main) {
  const { name, rows, ok } = await benchEdge()
  console.log(name)
  for (const { what, value, budget } of rows) {
    console.log(`  ${what}: ${value}${budget === undefined ? '' : ` (budget ${budget})`}`)
  }
  process.exitCode = ok ? 0 : 1
}
