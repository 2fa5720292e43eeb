import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { ProcessEnvironment } from '../../src/entry/env.ts'
import { openClock, type ServiceClock } from '../../src/adapters/clock/clock.ts'
import { type Service, startService } from '../../src/entry/service.ts'
import { type GitHubBox, startGitHub } from '../../src/sandbox/github.ts'
import type { Scene } from './process.ts'
import { threadFor } from './thread.ts'

export interface StageOptions {
  readonly env?: Partial<ProcessEnvironment>
  /** How often a failed job is retried before it counts as one that fails for longer. */
  readonly retryLimit?: number
  /**
   * Default: true. Time passes in steps, and the sandbox's repositories are read directly. Stories about git over HTTP set it to
   * false.
   */
  readonly isStepped?: boolean
}

/** A sandbox, and a service in this process. */
export interface Stage {
  readonly box: GitHubBox
  readonly env: ProcessEnvironment
  readonly clock: ServiceClock
  readonly service: Service
  close(): Promise<void>
}

/** `PERCH_TEST_LOG=debug` shows the log of the service. */
export async function openStage({ env: over = {}, retryLimit, isStepped = true }: StageOptions): Promise<Stage> {
  const clock = openClock({ isStepped })
  const box = await startGitHub({ now: () => clock.now() })
  const dataDir = mkdtempSync(join(tmpdir(), 'perch-story-'))
  const env: ProcessEnvironment = {
    appId: box.appId,
    privateKey: box.privateKey,
    webhookSecret: box.webhookSecret,
    apiUrl: `${box.url}/api/v3`,
    gitUrl: box.url,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'info',
    dataDir,
    reconcileSeconds: 3600,
    ...over,
  }
  const log = pino({ level: process.env['PERCH_TEST_LOG'] ?? 'silent' })
  const service = await startService(env, log, {
    clock,
    ...(isStepped ? { code: threadFor(box.folder) } : {}),
    ...(retryLimit === undefined ? {} : { retryLimit }),
  })
  box.setWebhookUrl(`http://127.0.0.1:${service.port}/api/github/webhooks`)
  return {
    box,
    env,
    clock,
    service,
    async close() {
      await service.stop()
      await box.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** How far time may be moved at once if nothing else happens, in milliseconds. */
const FAR_MS = 10 * 60_000
const SOON_SECONDS = 10

/** A number that grows with everything that happens. */
function happenings({ webhooks, requests }: GitHubBox): number {
  return webhooks.deliveries.length + requests.records.length
}

export async function quiet({ box, service }: Pick<Stage, 'box' | 'service'>): Promise<void> {
  for (let before = -1; before !== happenings(box);) {
    before = happenings(box)
    await box.idle()
    await service.idle()
  }
}

/** Waits until something has happened. If nothing does, time passes until the next job or sweep is due. */
async function pause(stage: Stage): Promise<void> {
  const { box, clock, env, service } = stage
  const before = happenings(box)
  const isQuiet = await Promise.race([quiet(stage).then(() => true), changed(box, before)])
  if (!isQuiet || happenings(box) !== before) return
  const sweepAt = env.reconcileSeconds <= SOON_SECONDS ? clock.now() + env.reconcileSeconds * 1_000 : Infinity
  const next = Math.min(service.nextDue() ?? Infinity, sweepAt)
  if (next - clock.now() < FAR_MS) clock.step(Math.max(0, next - clock.now()))
  else await sleep(50)
}

/** A look costs more than noticing that nothing is new. But some looks do not depend on the sandbox. */
async function changed(box: GitHubBox, before: number): Promise<false> {
  for (let turn = 0; turn < 25 && happenings(box) === before; turn += 1) await sleep(20)
  return false
}

export function waiting(stage: Stage, isStepped: boolean): Scene['until'] {
  return (what, look, ms) => until(what, look, { ms, pause: () => (isStepped ? pause(stage) : sleep(50)) })
}

export function passing(stage: Stage, isStepped: boolean): Scene['pass'] {
  return async (ms) => {
    if (!isStepped) return sleep(ms)
    stage.clock.step(ms)
    return quiet(stage)
  }
}

async function until<T>(
  what: string,
  look: () => T | undefined | false,
  { ms = 180_000, pause: next }: { readonly ms: number | undefined; readonly pause: () => Promise<void> },
): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await next()
  }
}
