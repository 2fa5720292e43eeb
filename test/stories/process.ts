import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { openClock } from '../../src/adapters/clock/clock.ts'
import type { Timer } from '../../src/ports/clock.ts'
import { childEnvironment } from '../../src/entry/process-env.ts'
import { type GitHubBox, startGitHub } from '../../src/sandbox/github.ts'
import { programCli } from '../program.ts'

/** Perch and its sandbox with one repository. */
export interface Scene {
  readonly box: GitHubBox
  readonly clock: Timer
  /** Resolves to the result of `look`, which must not be undefined or false within the time. */
  readonly until: <T>(what: string, look: () => T | undefined | false, ms?: number) => Promise<T>
  readonly pass: (ms: number) => Promise<void>
}

/** `perch serve` in a separate process, which can be killed. */
export interface Served extends Scene {
  readonly dataDir: string
  /** How often it was killed. */
  kills(): number
  /** Sends SIGKILL immediately. Like Kubernetes, a supervisor starts it again, with an empty `DATA_DIR` if `forget` is set. */
  kill(how?: { readonly forget: boolean }): void
  /** Sends SIGTERM. Resolves to how it ended. It is not started again. */
  terminate(): Promise<{ readonly code: number | null; readonly ms: number }>
  start(): Promise<void>
  /** Resolves when it listens. */
  up(): Promise<void>
}

/** Node passes this to its hooks, but its types do not have it yet. */
export function hasPassed(t: TestContext): boolean {
  return Reflect.get(t, 'passed') === true
}

interface Running {
  readonly child: ChildProcess
  readonly listening: Promise<void>
  readonly gone: Promise<unknown>
}

/** The people in a play. */
export const ROLES = { alice: 'write', bob: 'write', flux: 'write' } as const

const LISTENS = /"port":\d+.*Perch is listening/

/** A process that is restarted when it is killed. */
interface Supervised {
  start(): Promise<void>
  up(): Promise<void>
  kill(how?: { readonly forget: boolean }): void
  terminate(): Promise<{ readonly code: number | null; readonly ms: number }>
  kills(): number
  /** Ends it for good. */
  stop(): Promise<void>
}

export interface ServiceOptions {
  readonly files: Readonly<Record<string, string>>
  /** In addition to the variables of every service. */
  readonly env?: Readonly<Record<string, string>>
  /** The number of processes. Default: 1. The sandbox sends webhooks to them in turns. */
  readonly replicas?: number
}

/** A service and its log. */
export interface Service extends Served {
  readonly replicas: readonly Supervised[]
  readonly said: readonly string[]
  close(): Promise<void>
}

/** A sandbox with one repository, and a service that sweeps every second. Its log is shown if the test fails. */
export async function served(t: TestContext, options: ServiceOptions): Promise<Service> {
  const service = await startServed(options)
  t.after(async () => {
    await service.close()
    if (!hasPassed(t)) console.error(service.said.slice(-400).join('\n'))
  })
  return service
}

export async function startServed(options: ServiceOptions): Promise<Service> {
  const box = await startGitHub()
  const folder = mkdtempSync(join(tmpdir(), 'perch-process-'))
  const said: string[] = []
  const hooks: string[] = []
  const replicas: Supervised[] = []
  for (let number = 0; number < (options.replicas ?? 1); number += 1) {
    const dataDir = join(folder, String(number))
    const port = await freePort()
    hooks.push(`http://127.0.0.1:${port}/api/github/webhooks`)
    replicas.push(supervise({ ...serviceEnvironment(box, { dataDir, port }), ...options.env }, { dataDir, said }))
  }
  box.setWebhookUrl(hooks[0])
  box.createRepository({ name: 'gitops', files: options.files, roles: ROLES })
  let turn = 0
  const turns = setInterval(() => box.setWebhookUrl(hooks[(turn += 1) % hooks.length]), 300)
  for (const replica of replicas) await replica.start()
  const [first] = replicas
  if (first === undefined) throw new Error('a service needs a process')
  return {
    ...first,
    box,
    clock: openClock(),
    until: eventually,
    pass: (ms) => sleep(ms),
    replicas,
    said,
    dataDir: join(folder, '0'),
    async close() {
      clearInterval(turns)
      for (const replica of replicas) await replica.stop()
      await box.close()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

function supervise(env: NodeJS.ProcessEnv, at: { readonly dataDir: string; readonly said: string[] }): Supervised {
  const { dataDir, said } = at
  let running: Running | undefined
  let killed = 0
  let isOver = false
  const start = (): Promise<void> => {
    running = run(env, said)
    return running.listening
  }
  return {
    start,
    kills: () => killed,
    up: async () => running?.listening,
    kill(how = { forget: false }) {
      const victim = running
      if (victim === undefined || isOver || !victim.child.kill('SIGKILL')) return
      killed += 1
      said.push(`--- killed, ${killed}`)
      const again = victim.gone.then(() => {
        if (isOver) return
        if (how.forget) rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
        return start()
      })
      running = { ...victim, listening: again }
    },
    async terminate() {
      const started = performance.now()
      running?.child.kill('SIGTERM')
      await running?.gone
      return { code: running?.child.exitCode ?? null, ms: performance.now() - started }
    },
    async stop() {
      isOver = true
      running?.child.kill('SIGKILL')
      await running?.gone
    },
  }
}

function run(env: NodeJS.ProcessEnv, said: string[]): Running {
  const child = spawn(process.execPath, [programCli(), 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const gone = once(child, 'exit')
  const listening = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said.push(...text.trimEnd().split('\n'))
        if (LISTENS.test(text)) resolve()
      })
    }
  })
  return { child, gone, listening: Promise.race([listening, gone.then(() => undefined)]) }
}

/** The environment variables of `perch serve`. */
export function serviceEnvironment(
  box: GitHubBox,
  { dataDir, port }: { readonly dataDir: string; readonly port: number },
): NodeJS.ProcessEnv {
  return childEnvironment({
    APP_ID: String(box.appId),
    PRIVATE_KEY: box.privateKey,
    WEBHOOK_SECRET: box.webhookSecret,
    GHE_HOST: box.host,
    GHE_PROTOCOL: 'http',
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: dataDir,
    RECONCILE_SECONDS: '1',
    LOG_LEVEL: process.env['PERCH_TEST_LOG'] ?? 'info',
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
  })
}

/** The address for webhooks survives the process, so its port is chosen before. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Waits with few looks, because each look at the sandbox starts git in this thread. */
export async function eventually<T>(what: string, look: () => T | undefined | false, ms = 400_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await sleep(200)
  }
}
