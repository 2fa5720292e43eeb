import type { Timer } from '../../ports/clock.ts'
import type { Job, JobHandler, JobQueue, WorkOptions } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import type { Memo } from '../../ports/memo.ts'
import { openFolder } from './folder.ts'
import type { Claim, Store } from './store.ts'
import { type Worker, startWorker } from './worker.ts'

export interface QueueOptions {
  /** PostgreSQL, for any number of replicas. Default: a file below `dataDir`/queue, for one process. */
  readonly databaseUrl?: string
  readonly dataDir: string
  readonly log: Log
  readonly clock: Timer
  /** After how many seconds without a heartbeat another replica takes a job over; default 30, at least 10. */
  readonly heartbeatSeconds?: number
  /** How often a failed job is retried, after 1, 2, 4 … seconds plus up to the same time again; default 5. */
  readonly retryLimit?: number
}

export interface Queue extends JobQueue {
  readonly memo: Memo
  /** Resolves when no job runs and none is due. */
  idle(): Promise<void>
  /** When the next waiting job is due; undefined if none waits, or if replicas share the queue. */
  nextDue(): number | undefined
}

const READY_MS = 2_000

/**
 * Opens the durable queue and the cache next to it. Their contents may be lost, because the sweep finds all work again in Git.
 */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  const { databaseUrl, dataDir, log, clock, heartbeatSeconds = 30, retryLimit = 5 } = options
  const bell: { ring: () => void } = { ring: () => undefined }
  const settings = { heartbeatSeconds, retryLimit, onRing: () => bell.ring() }
  const setting = { ...settings, log, clock, bell }
  if (databaseUrl === undefined) return queueOn(await openFolder(dataDir, { log, clock }), setting)
  // Loading pg-boss takes longer than everything else here.
  const { openPostgresStore } = await import('./postgres-store.ts')
  return queueOn(await openPostgresStore(databaseUrl, log, settings), setting)
}

interface Setting {
  readonly log: Log
  readonly clock: Timer
  readonly heartbeatSeconds: number
  readonly retryLimit: number
  /** Rung by another replica. */
  readonly bell: { ring: () => void }
}

function queueOn<C extends Claim>(store: Store<C>, { bell, ...setting }: Setting): Queue {
  let worker: Worker | undefined
  bell.ring = () => worker?.wake()
  return {
    async enqueue(...jobs: readonly Job[]) {
      if (jobs.length === 0) return
      await store.add(jobs)
      worker?.wake()
      store.ring()
    },
    async work(handler: JobHandler, options: WorkOptions = {}) {
      if (worker !== undefined) throw new Error('work() was called twice on one queue.')
      worker = startWorker({ store, handler, options, ...setting })
    },
    idle: async () => worker?.idle(),
    nextDue: () => store.nextDue?.(),
    depth: () => store.depth(),
    memo: store.memo,
    ready: () => answers(store),
    drain: async (timeoutMs) => worker?.drain(timeoutMs) ?? 0,
    async close() {
      await worker?.close()
      await store.close()
    },
  }
}

async function answers(store: Pick<Store, 'check'>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, READY_MS, false)
  })
  const answer = store.check().then(
    () => true,
    () => false,
  )
  const isReady = await Promise.race([answer, timeout])
  clearTimeout(timer)
  return isReady
}
