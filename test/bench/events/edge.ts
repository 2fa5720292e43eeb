/** Signed deliveries at 100 a second, each on its own connection, to the edge with Probot and the queue in another process. */
import { type ChildProcess, fork } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMsOf, quantile } from '../measure.ts'
import type { BenchResult } from '../report.ts'

const PER_SECOND = 100
const SECONDS = 10
const SECRET = 'bench'

export async function benchEdge(): Promise<BenchResult> {
  const server = fork(new URL('./edge-server.ts', import.meta.url), [SECRET])
  const { port } = await answerOf(server)
  if (port === undefined) throw new Error('the edge has no port')
  // The first requests load modules.
  await Promise.all(Array.from({ length: 20 }, (_, n) => post(port, -1 - n)))
  const answerMs: number[] = []
  let refused = 0
  const deliver = async (n: number): Promise<void> => {
    const start = performance.now()
    const status = await post(port, n)
    if (status === 202) answerMs.push(performance.now() - start)
    else refused += 1
  }
  const cpu = cpuMsOf(server.pid ?? 0)
  const begin = performance.now()
  const answers: Promise<void>[] = []
  for (let n = 0; n < PER_SECOND * SECONDS; n += 1) {
    await sleep(Math.max(0, begin + (n * 1_000) / PER_SECOND - performance.now()))
    answers.push(deliver(n))
  }
  await Promise.all(answers)
  const spent = cpuMsOf(server.pid ?? 0) - cpu
  await sleep(1_000)
  server.send('handled')
  const { handled = 0 } = await answerOf(server)
  server.disconnect()
  const all = PER_SECOND * SECONDS
  return {
    name: `webhooks: ${PER_SECOND} a second for ${SECONDS} s, a new connection each, on SQLite`,
    rows: [
      { what: 'answer p50', value: quantile(answerMs, 0.5), unit: 'ms' },
      { what: 'answer p99', value: quantile(answerMs, 0.99), unit: 'ms', budget: { atMost: 10 } },
      { what: 'lost', value: all + 20 - handled, unit: '', budget: { atMost: 0 } },
      { what: 'refused', value: refused, unit: '', budget: { atMost: 0 } },
      { what: 'CPU for each', value: spent / all, unit: 'ms' },
    ],
  }
}

interface Answer {
  readonly port?: number
  readonly handled?: number
}

async function answerOf(server: ChildProcess): Promise<Answer> {
  const [message]: Answer[] = await once(server, 'message')
  return message ?? {}
}

/** As large as a typical issue_comment. */
function bodyOf(n: number): string {
  return JSON.stringify({
    action: 'created',
    installation: { id: 5 },
    repository: { id: 1, name: 'gitops', owner: { login: 'acme' }, default_branch: 'main' },
    issue: { number: Math.abs(n) % 100, pull_request: {} },
    comment: { id: n, body: '/canary 25' },
    sender: { type: 'User' },
    padding: 'x'.repeat(12_000),
  })
}

/** Without keep-alive, because GitHub does not use it. */
function post(port: number, n: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const body = bodyOf(n)
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-github-delivery': `guid-${n}`,
      'x-github-event': 'issue_comment',
      'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    }
    request({ port, agent: false, method: 'POST', path: '/api/github/webhooks', headers }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    })
      .once('error', reject)
      .end(body)
  })
}
