/**
 * Starts the thread that reviews, renders, compares and talks to GitHub. Whatever a pull request makes it do, the thread that
 * answers webhooks and health checks does not have to wait.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { ServiceClock } from '../../adapters/clock/clock.ts'
import type { Queue } from '../../adapters/queue/queue.ts'
import type { Sample } from '../../core/watch/families.ts'
import type { JobHandler, WorkOptions } from '../../ports/jobs.ts'
import type { Meter } from '../../ports/meter.ts'
import type { ProcessEnvironment } from '../env.ts'
import { type CallHandlers, connect, type Line } from './line.ts'
import { JobMessage, SamplesMessage, Tools, type ThreadStart } from './messages.ts'

export interface WorkThread {
  readonly handle: JobHandler
  readonly giveUp: NonNullable<WorkOptions['onExhausted']>
  /** The programs that the thread renders and checks with. If it is busy, its last answer. */
  tools(): Promise<Tools>
  stop(): Promise<void>
}

interface Parts {
  readonly env: ProcessEnvironment
  readonly log: Logger
  readonly clock: Pick<ServiceClock, 'lead'>
  readonly queue: Pick<Queue, 'enqueue' | 'memo'>
  readonly meter: Meter & { add(samples: readonly Sample[]): void }
  /** The code of the thread. */
  readonly code?: URL
  readonly restartMs?: number
}

/** One review needs far less. If a review needs more, it ends this thread, but not the process. */
const MAX_HEAP_MB = 2_048
/**
 * A thread that does not answer for this long is terminated. Its jobs are retried and, in the end, given up with an explanation.
 */
const STUCK_MS = 120_000
const BEAT_MS = 5_000
const RESTART_MS = 1_000
/** How long to wait at the end for the thread to send its traces. */
const CLOSE_MS = 3_000
/** How long a health check waits for the thread. */
const TOOLS_MS = 500

export async function startWorkThread(parts: Parts): Promise<WorkThread> {
  const { log } = parts
  let isStopping = false
  let running = startOne(parts, again)
  let known = await running.tools({ isStart: true })
  let next = Promise.resolve(running)

  function again(reason: Error): void {
    if (isStopping) return
    parts.meter.record('perch_thread_restarts_total', {})
    log.error({ reason: reason.message }, 'The thread that works has ended; it is started again.')
    next = sleep(parts.restartMs ?? RESTART_MS).then(() => {
      running = startOne(parts, again)
      return running
    })
  }

  return {
    handle: async (job) => void (await (await next).line.call('handle', job)),
    giveUp: async (job, error, isFinal) => {
      const reason = error instanceof Error ? error.message : String(error)
      await (await next).line.call('giveUp', job, reason, isFinal)
    },
    async tools() {
      const asked = running.tools().then((tools) => (known = tools))
      asked.catch(() => undefined)
      const late = new AbortController()
      const told = await Promise.race([asked.catch(() => known), sleep(TOOLS_MS, known, { signal: late.signal })])
      late.abort()
      return told
    },
    async stop() {
      isStopping = true
      await (await next).stop()
    },
  }
}

interface WorkerHandle {
  readonly line: Line
  tools(when?: { readonly isStart: boolean }): Promise<Tools>
  stop(): Promise<void>
}

function startOne(
  { env, log, clock, queue, meter, code = new URL('./work.ts', import.meta.url) }: Parts,
  ended: (reason: Error) => void,
): WorkerHandle {
  const thread = new Worker(code, {
    workerData: { env, logLevel: log.level, lead: clock.lead } satisfies ThreadStart,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  })
  const line = connect(thread, answersOf(queue, meter))
  let seenAt = Date.now()
  let isOver = false
  const beat = setInterval(() => {
    line.call('ping').then(
      () => (seenAt = Date.now()),
      () => undefined,
    )
    if (Date.now() - seenAt > STUCK_MS) void thread.terminate()
  }, BEAT_MS)
  const end = (reason: Error): void => {
    if (isOver) return
    isOver = true
    clearInterval(beat)
    line.cut(reason)
    ended(reason)
  }
  thread.once('error', (error) => end(error instanceof Error ? error : new Error(String(error))))
  thread.once('exit', () => end(new Error('The thread that works has ended.')))
  return {
    line,
    tools: async ({ isStart } = { isStart: false }) => Tools.parse(await line.call('tools', isStart)),
    async stop() {
      if (env.tracesTo !== undefined) await Promise.race([line.call('close').catch(() => undefined), sleep(CLOSE_MS)])
      await thread.terminate()
    },
  }
}

/** The queue, the memo and the metrics stay on this thread, which stores webhooks. */
function answersOf({ enqueue, memo }: Parts['queue'], meter: Parts['meter']): CallHandlers {
  return {
    record: async (samples) => meter.add(SamplesMessage.parse(samples)),
    enqueue: async (...jobs) => enqueue(...jobs.map((job) => JobMessage.parse(job))),
    get: async (key) => memo.get(String(key)),
    set: async (key, value) => memo.set(String(key), value),
    forget: async (key) => memo.forget(String(key)),
    entries: async (prefix) => memo.entries(String(prefix)),
  }
}
