import { createHash, randomUUID } from 'node:crypto'
import { type Db, type JobInsert, type JobWithMetadata, PgBoss } from 'pg-boss'
import { type ClaimedJob, type Job, LONGEST_PAUSE_MS } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import type { Memo } from '../../ports/memo.ts'
import { DepthRows, FailureNote, JobData, MemoEntries, MemoRows, StoredJob } from './schema.ts'
import {
  CREATE_MEMO,
  DEPTH,
  FORGET_MEMO,
  GET_MEMO,
  GIVE_UP,
  MEMO_ENTRIES,
  ONE_ACTIVE,
  PUT_BACK,
  QUEUE,
  SCHEMA,
  SET_MEMO,
} from './statements.ts'
import { type Claim, reasonOf, type Store, type StoreOptions } from './store.ts'

const HOUR = 3_600
const CHANNEL = 'perch_jobs'
/** PostgreSQL's error code. */
const UNIQUE_VIOLATION = '23505'
/** pg-boss must not end a job with patience by itself. */
const UNLIMITED = 100_000

export interface PostgresClaim extends Claim {
  readonly row: JobWithMetadata
}

/** The queue on PostgreSQL, with pg-boss, for any number of replicas. */
export async function openPostgresStore(
  connectionString: string,
  log: Log,
  options: StoreOptions,
): Promise<Store<PostgresClaim>> {
  const boss = newBoss(connectionString, log, options)
  try {
    await prepare(boss, options)
  } catch (error) {
    await boss.stop({ graceful: false })
    throw error
  }
  const db = boss.getDb()
  const bell = await hangBell(db, log, options.onRing)
  return {
    ...claims(boss, db),
    memo: memoIn(db),
    add: (jobs) => addJobs(boss, jobs),
    depth: async () => DepthRows.parse((await db.executeSql(DEPTH)).rows)[0],
    check: async () => void (await db.executeSql('SELECT 1')),
    ring: bell.ring,
    async close() {
      await bell.close()
      await boss.stop({ graceful: false })
    },
  }
}

function newBoss(connectionString: string, log: Log, { heartbeatSeconds }: StoreOptions): PgBoss {
  const boss = new PgBoss({
    connectionString,
    application_name: 'perch',
    schema: SCHEMA,
    schedule: false,
    // The jobs of a dead replica wait until its heartbeat lapses and this pass runs, so the interval decides how soon they run
    // again.
    superviseIntervalSeconds: Math.min(10, heartbeatSeconds / 2),
    monitorIntervalSeconds: Math.min(10, heartbeatSeconds / 2),
    maintenanceIntervalSeconds: 900,
    // We use no flows. This only saves the idle database a query every five seconds.
    flowIntervalSeconds: HOUR,
  })
  boss.on('error', (error) => log.error({ reason: reasonOf(error) }, 'The job queue had an error.'))
  boss.on('warning', (warning) => log.warn({ reason: warning.message }, 'The job queue gave a warning.'))
  return boss
}

async function prepare(boss: PgBoss, { retryLimit, heartbeatSeconds }: StoreOptions): Promise<void> {
  await boss.start()
  const settings = {
    // One more than our own limit. A job whose process died on the last try is claimed once more, so that it can be given up with
    // an explanation.
    retryLimit: retryLimit + 1,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: LONGEST_PAUSE_MS / 1_000,
    heartbeatSeconds,
    // Ends a handler that hangs in a process that lives. Our own calls to other services give up within minutes.
    expireInSeconds: HOUR,
    // How long the id of a webhook delivery is remembered.
    deleteAfterSeconds: 6 * HOUR,
  }
  await boss.createQueue(QUEUE, settings)
  // An existing queue keeps the settings that it was created with, unless they are updated.
  await boss.updateQueue(QUEUE, settings)
  await boss.getDb().executeSql(ONE_ACTIVE)
  await boss.getDb().executeSql(CREATE_MEMO)
}

/** Uses one statement, so that all jobs are stored or none. pg-boss does not accept the same id twice in one statement. */
async function addJobs(boss: PgBoss, jobs: readonly Job[]): Promise<void> {
  const inserts = jobs.map(insertOf)
  const known = new Map(inserts.map((insert) => [insert.id, insert]))
  await boss.insert(QUEUE, [...known.values()])
}

function insertOf(job: Job): JobInsert {
  const stored: StoredJob = {
    key: job.key,
    json: JSON.stringify(job.data),
    ...(job.id === undefined ? {} : { id: job.id }),
    ...(job.patienceMs === undefined ? {} : { patienceMs: job.patienceMs }),
  }
  return {
    data: stored,
    group: { id: job.key },
    id: job.id === undefined ? randomUUID() : uuidOf(job.key, job.id),
    ...(job.notBefore === undefined ? {} : { startAfter: new Date(job.notBefore) }),
    // How long the job is retried is decided when it fails (`afterFailure`).
    ...(job.patienceMs === undefined ? {} : { retryLimit: UNLIMITED }),
  }
}

type Claims = Pick<Store<PostgresClaim>, 'claim' | 'touch' | 'complete' | 'retry' | 'putBack' | 'giveUp'>

function claims(boss: PgBoss, db: Db): Claims {
  return {
    claim: (busyKeys) => claimOldest(boss, db, busyKeys),
    touch: async (held) =>
      void (await boss.touch(
        QUEUE,
        [...held].map(({ row }) => row),
      )),
    complete: async ({ row }) => void (await boss.complete(QUEUE, row)),
    async retry({ row }, reason) {
      const failures = FailureNote.parse(row.output).failures + 1
      await boss.fail(QUEUE, row, { reason: storable(reason), failures })
    },
    async putBack({ row }, at) {
      await db.executeSql(PUT_BACK, [row.id, row.retryCount, new Date(at).toISOString()])
    },
    async giveUp({ row }, reason) {
      await db.executeSql(GIVE_UP, [row.id, row.retryCount, JSON.stringify({ reason: storable(reason) })])
    },
  }
}

async function claimOldest(boss: PgBoss, db: Db, busyKeys: readonly string[]): Promise<PostgresClaim | undefined> {
  const options = { groupConcurrency: 1, ignoreGroups: [...busyKeys], includeMetadata: true as const }
  const [row] = await boss.fetch<object>(QUEUE, {
    ...options,
    db: { executeSql: (text, values) => claimWith(db, text, values) },
  })
  return row === undefined ? undefined : claimOf(row)
}

/** Looks again if another replica has just claimed a job of the same key (`ONE_ACTIVE`). pg-boss would find no job. */
async function claimWith(db: Db, text: string, values: unknown[] | undefined): ReturnType<Db['executeSql']> {
  try {
    return await db.executeSql(text, values)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION)) throw error
    return claimWith(db, text, values)
  }
}

function claimOf(row: JobWithMetadata): PostgresClaim {
  const stored = StoredJob.parse(row.data)
  return {
    row,
    job: claimedJob(row, stored),
    // pg-boss's limit: it would silently delete a job that waits longer.
    keptUntil: row.keepUntil.getTime(),
    sentAt: row.createdOn.getTime(),
    patienceMs: stored.patienceMs,
    deaths: row.retryCount - FailureNote.parse(row.output).failures,
  }
}

function claimedJob(row: JobWithMetadata, stored: StoredJob): ClaimedJob {
  return {
    key: stored.key,
    data: JobData.parse(JSON.parse(stored.json)),
    attempt: row.retryCount,
    id: stored.id ?? row.id,
  }
}

interface Bell {
  /** Tells the other replicas that there is work. */
  readonly ring: () => void
  readonly close: () => Promise<void>
}

/** Uses PostgreSQL's NOTIFY, between replicas only. Workers in this process are woken directly. */
async function hangBell(db: Db, log: Log, wake: () => void): Promise<Bell> {
  const me = randomUUID()
  const missed = (error: unknown): void => {
    log.warn({ reason: reasonOf(error) }, 'PostgreSQL notifications do not work; new jobs wait up to a second.')
  }
  const hear = (sender: string): void => {
    if (sender !== me) wake()
  }
  // The connection may be cut at any time. pg-boss reopens it, and then reports that notifications may have been missed.
  const listening = await db.listen?.(CHANNEL, hear, wake).catch(missed)
  return {
    ring() {
      db.executeSql('SELECT pg_notify($1, $2)', [CHANNEL, me]).catch(missed)
    },
    close: async () => listening?.close(),
  }
}

function memoIn(db: Db): Memo {
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

/** A UUID (version 8, made by us) as pg-boss's primary key, so that inserting the same job again has no effect. */
function uuidOf(key: string, id: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([key, id]))
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Removes what jsonb refuses. A message that quotes a pull request may contain it. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed().slice(0, 1_000)
}
