/**
 * How long health checks and webhooks take while another thread of the process works on the worst inputs, like
 * `src/entry/thread`. There are also more idle connections than the edge keeps, and a client that sends slowly.
 */
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, Worker } from 'node:worker_threads'
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { openQueue } from '../../../src/adapters/queue/queue.ts'
import { startEdge } from '../../../src/entry/edge/edge.ts'
import { quantile } from '../measure.ts'
import { QUIET } from '../../quiet-log.ts'
import type { BenchResult } from '../report.ts'
import { WORST } from '../inputs/worst.ts'

const SECONDS = 10
const IDLE = 520
const BUDGET_MS = 1_000
const SECRET = 'bench'

if (!isMainThread) {
  const works = WORST.map(({ size, make }) => make(size))
  for (;;) for (const work of works) work()
}

export async function benchBusy(): Promise<BenchResult> {
  const dataDir = mkdtempSync(join(tmpdir(), 'perch-bench-'))
  const queue = await openQueue({ clock: openClock(), dataDir, log: QUIET })
  const edge = await startEdge({
    host: '127.0.0.1',
    port: 0,
    secrets: [SECRET],
    events: new Set(['issue_comment']),
    accept: ({ id, payload }) => queue.enqueue({ key: `pr#${id.slice(-2)}`, data: { payload }, id }),
    ready: async () => ({ ok: true, parts: {} }),
    log: QUIET,
  })
  const worker = new Worker(new URL(import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 2_048 } })
  const sockets = Array.from({ length: IDLE }, () => opened(edge.port))
  const slow = opened(edge.port)
  slow.write('POST /api/github/webhooks HTTP/1.1\r\nhost: perch\r\ncontent-length: 100000\r\n\r\n')
  const dribble = setInterval(() => slow.write('x'), 100)
  // The thread has to load its inputs first.
  await sleep(2_000)
  const health: number[] = []
  const hooks: number[] = []
  const failed: number[] = []
  const ask = async (times: number[], path: string, init?: RequestInit): Promise<void> => {
    const start = performance.now()
    const { status } = await fetch(`http://127.0.0.1:${edge.port}${path}`, init)
    times.push(performance.now() - start)
    if (status >= 300) failed.push(status)
  }
  for (let turn = 0; turn < SECONDS * 20; turn += 1) {
    await Promise.all([ask(health, '/healthz'), ask(hooks, '/api/github/webhooks', delivery(turn)), sleep(50)])
  }
  clearInterval(dribble)
  for (const socket of [...sockets, slow]) socket.destroy()
  await worker.terminate()
  await edge.close(1_000)
  await queue.close()
  rmSync(dataDir, { recursive: true, force: true })
  const [forHealth, forHooks] = [quantile(health, 0.99), quantile(hooks, 0.99)]
  return {
    name: `answers beside a thread that works on the worst inputs, ${IDLE} idle connections and a slow sender`,
    rows: [
      { what: '/healthz p99', value: forHealth, unit: 'ms', budget: { atMost: BUDGET_MS } },
      { what: 'webhook p99', value: forHooks, unit: 'ms', budget: { atMost: BUDGET_MS } },
      { what: 'refused', value: failed.length, unit: '', budget: { atMost: 0 } },
    ],
  }
}

function opened(port: number): Socket {
  return connect(port, '127.0.0.1').on('error', () => undefined)
}

function delivery(turn: number): RequestInit {
  const body = JSON.stringify({
    action: 'created',
    comment: { id: turn, body: '/canary 25' },
    padding: 'x'.repeat(12_000),
  })
  const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
  return {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': `guid-${turn}`,
      'x-github-event': 'issue_comment',
      'x-hub-signature-256': signature,
    },
  }
}
