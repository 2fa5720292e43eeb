import { createHash, randomUUID } from 'node:crypto'
import type { Job, JobDepth, JobHandler, JobQueue, WorkOptions } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import type { Memo } from '../../ports/memo.ts'
import { DepthRows, MemoEntries, MemoRows, type StoredJob } from './schema.ts'
import { DEPTH, FORGET_MEMO, GET_MEMO, MEMO_ENTRIES, QUEUE, SET_MEMO } from './statements.ts'
import { type Storage, openStorage, reasonOf } from './storage.ts'
import { type Worker, startWorker } from './worker.ts'

export interface QueueOptions {
  /** PostgreSQL for any number of replicas; without it, PGlite's files under `dataDir`/queue for one process. */
  readonly databaseUrl?: string
  readonly dataDir: string
  readonly log: Log
  /** After how long without a sign of life another replica takes a job over: 30, at least 10. */
  readonly heartbeatSeconds?: number
  /** How often a job that fails is tried again, after 1, 2, 4 … seconds and up to as much again: 5. */
  readonly retryLimit?: number
}

export interface Queue extends JobQueue {
  readonly memo: Memo
}

const CHANNEL = 'perch_jobs'
const READY_MS = 2_000

/** Opens the durable queue and the cache beside it. What it holds may be lost: the sweep finds all work again in Git. */
export async function openQueue(options: QueueOptions): Promise<Queue> {
  const heartbeatSeconds = options.heartbeatSeconds ?? 30
  const retryLimit = options.retryLimit ?? 5
  const storage = await openStorage({ ...options, heartbeatSeconds, retryLimit })
  let worker: Worker | undefined
  const bell = await hangBell(storage, options.log, () => worker?.wake())

  async function enqueue(job: Job): Promise<void> {
    await storage.boss.send(QUEUE, storedJob(job), {
      group: { id: job.key },
      ...(job.id === undefined ? {} : { id: uuidOf(job.key, job.id) }),
      ...(job.notBefore === undefined ? {} : { startAfter: new Date(job.notBefore) }),
    })
    worker?.wake()
    bell.ring()
  }

  async function work(handler: JobHandler, workOptions: WorkOptions = {}): Promise<void> {
    if (worker !== undefined) throw new Error('work() was called twice on one queue.')
    worker = startWorker({ storage, log: options.log, handler, options: workOptions, retryLimit, heartbeatSeconds })
  }

  async function depth(): Promise<JobDepth> {
    return DepthRows.parse((await storage.db.executeSql(DEPTH)).rows)[0]
  }

  return {
    enqueue,
    work,
    depth,
    memo: memoIn(storage),
    ready: () => answers(storage),
    drain: async (timeoutMs) => worker?.drain(timeoutMs) ?? 0,
    async close() {
      await worker?.close()
      await bell.close()
      await storage.close()
    },
  }
}

interface Bell {
  /** Tells the other replicas that there is work. */
  ring(): void
  close(): Promise<void>
}

/** PostgreSQL's NOTIFY, between replicas only: within this process `wake` is called without that detour. */
async function hangBell(storage: Storage, log: Log, wake: () => void): Promise<Bell> {
  const quiet = { ring: () => undefined, close: async () => undefined }
  if (!storage.shared || storage.db.listen === undefined) return quiet
  const me = randomUUID()
  const missed = (error: unknown): void => {
    log.warn({ reason: reasonOf(error) }, 'PostgreSQL notifications do not work; new jobs wait up to a second.')
  }
  const hear = (sender: string): void => {
    if (sender !== me) wake()
  }
  // The connection may be cut at any time; pg-boss opens it again and then reports what may have been missed.
  const listening = await storage.db.listen(CHANNEL, hear, wake).catch(missed)
  return {
    ring() {
      storage.db.executeSql('SELECT pg_notify($1, $2)', [CHANNEL, me]).catch(missed)
    },
    close: async () => listening?.close(),
  }
}

function memoIn({ db }: Storage): Memo {
  return {
    async get(key) {
      const [row] = MemoRows.parse((await db.executeSql(GET_MEMO, [key])).rows)
      return row === undefined ? undefined : JSON.parse(row.value)
    },
    async set(key, value) {
      await db.executeSql(SET_MEMO, [key, JSON.stringify(value ?? null)])
    },
    async forget(key) {
      await db.executeSql(FORGET_MEMO, [key])
    },
    async entries(prefix) {
      const rows = MemoEntries.parse((await db.executeSql(MEMO_ENTRIES, [prefix])).rows)
      return new Map(rows.map(({ key, value }): [string, unknown] => [key, JSON.parse(value)]))
    },
  }
}

async function answers({ db }: Storage): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, READY_MS, false)
  })
  const answer = db.executeSql('SELECT 1').then(
    () => true,
    () => false,
  )
  const isReady = await Promise.race([answer, timeout])
  clearTimeout(timer)
  return isReady
}

function storedJob(job: Job): StoredJob {
  return { key: job.key, json: JSON.stringify(job.data), ...(job.id === undefined ? {} : { id: job.id }) }
}

/** A UUID (version 8, made by us) for pg-boss, whose primary key then turns the second job into nothing. */
function uuidOf(key: string, id: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([key, id]))
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
