import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { childEnvironment } from '../../src/entry/env.ts'
import { type GitHubBox, startGitHub } from '../../src/sandbox/github.ts'

/** `perch serve` as a process of its own: one that can be killed. */
export interface Served {
  readonly box: GitHubBox
  readonly dataDir: string
  /** How often it was killed. */
  kills(): number
  /** SIGKILL, now; a supervisor, as Kubernetes has one, starts it again. Nothing happens while it is down. */
  kill(): void
  /** SIGTERM; how it ended. It stays down. */
  terminate(): Promise<{ readonly code: number | null; readonly ms: number }>
  start(): Promise<void>
  /** Resolves when it listens. */
  up(): Promise<void>
}

/** Node tells its hooks; its types do not say so yet. */
export function hasPassed(t: TestContext): boolean {
  return Reflect.get(t, 'passed') === true
}

interface Running {
  readonly child: ChildProcess
  readonly listening: Promise<void>
  readonly gone: Promise<unknown>
}

const LISTENS = /"port":\d+.*Perch is listening/

/** A box with one repository, and the service beside it, which sweeps every second. What it says is shown when the test fails. */
export async function served(
  t: TestContext,
  options: { readonly files: Readonly<Record<string, string>> },
): Promise<Served> {
  const box = await startGitHub()
  const dataDir = mkdtempSync(join(tmpdir(), 'perch-process-'))
  const port = await freePort()
  const said: string[] = []
  const env = environmentOf(box, { dataDir, port })
  box.setWebhookUrl(`http://127.0.0.1:${port}/api/github/webhooks`)
  box.createRepository({ name: 'gitops', files: options.files, roles: { alice: 'write', bob: 'write', flux: 'write' } })
  let running: Running | undefined
  let killed = 0
  let isOver = false

  function start(): Promise<void> {
    running = run(env, said)
    return running.listening
  }

  t.after(async () => {
    isOver = true
    running?.child.kill('SIGKILL')
    await running?.gone
    await box.close()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
    if (!hasPassed(t)) console.error(said.slice(-400).join('\n'))
  })
  await start()
  return {
    box,
    dataDir,
    start,
    kills: () => killed,
    up: async () => running?.listening,
    kill() {
      const victim = running
      if (victim === undefined || isOver || !victim.child.kill('SIGKILL')) return
      killed += 1
      said.push(`--- killed, ${killed}`)
      const again = victim.gone.then(() => (isOver ? undefined : start()))
      running = { ...victim, listening: again.then(() => undefined) }
    },
    async terminate() {
      const started = performance.now()
      running?.child.kill('SIGTERM')
      await running?.gone
      return { code: running?.child.exitCode ?? null, ms: performance.now() - started }
    },
  }
}

function run(env: NodeJS.ProcessEnv, said: string[]): Running {
  const child = spawn(process.execPath, ['src/entry/cli.ts', 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
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

function environmentOf(
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
  })
}

/** The webhook's address outlives the process, so its port is chosen before. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Waits, looking seldom: looking at the box starts git, in this thread. */
export async function eventually<T>(what: string, look: () => T | undefined | false, ms = 150_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await sleep(200)
  }
}
