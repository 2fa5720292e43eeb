import { existsSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from '../../ports/clock.ts'
import { type ClaimedJob, type Job, retryPauseMs } from '../../ports/jobs.ts'
import type { Memo } from '../../ports/memo.ts'
import { JobData, SqliteDepth, SqliteDue, SqliteJob, SqliteMemo } from './schema.ts'
import type { Claim, Store } from './store.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How long the id of a finished job is remembered. */
const KEEP_DONE_MS = 6 * HOUR_MS
const KEEP_FAILED_MS = 7 * DAY_MS
const KEEP_MEMO_MS = 30 * DAY_MS
const TIDY_MS = 10 * 60_000

/**
 * `sent`, `due` and `ended` are epoch milliseconds. `failures` counts the tries that ended with an error, without those whose
 * process died. An id is unique within its key, except for jobs that were given up.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, id TEXT, data TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'active', 'done', 'failed')),
    due INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, ended INTEGER, reason TEXT,
    sent INTEGER NOT NULL, patience INTEGER, failures INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS job_id ON job (key, id) WHERE id IS NOT NULL AND state <> 'failed';
  CREATE INDEX IF NOT EXISTS job_state ON job (state, number);
  CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, value TEXT NOT NULL, set_on INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`

/** A finished job without an id is deleted. If it has an id, only the id is kept. */
const SQL = {
  add: `
    INSERT INTO job (key, id, data, state, due, sent, patience) VALUES (?, ?, ?, 'waiting', ?, ?, ?)
    ON CONFLICT DO NOTHING`,
  claim: `
    UPDATE job SET state = 'active' WHERE number = (
      SELECT number FROM job WHERE state = 'waiting' AND due <= ? AND key NOT IN (SELECT value FROM json_each(?))
      ORDER BY number LIMIT 1
    ) RETURNING number, key, id, data, attempt, sent, patience, failures`,
  wait: `UPDATE job SET state = 'waiting', due = ? WHERE number = ?`,
  retry: `
    UPDATE job SET state = 'waiting', due = ?, attempt = attempt + 1, failures = failures + 1, reason = ?
    WHERE number = ?`,
  forget: 'DELETE FROM job WHERE number = ? AND id IS NULL',
  complete: `UPDATE job SET state = 'done', ended = ?, data = '{}' WHERE number = ?`,
  giveUp: `UPDATE job SET state = 'failed', ended = ?, reason = ? WHERE number = ?`,
  nextDue: `SELECT min(due) AS due FROM job WHERE state = 'waiting'`,
  depth: `
    SELECT coalesce(sum(state = 'waiting'), 0) AS waiting, coalesce(sum(state = 'active'), 0) AS active,
           coalesce(sum(state = 'failed'), 0) AS failed, coalesce(sum(state = 'waiting' AND due <= ?1), 0) AS due,
           min(CASE WHEN state = 'waiting' AND due <= ?1 THEN max(sent, due) END) AS since
    FROM job WHERE state IN ('waiting', 'active', 'failed')`,
  tidyJobs: `DELETE FROM job WHERE (state = 'done' AND ended < ?) OR (state = 'failed' AND ended < ?)`,
  getMemo: 'SELECT key, value FROM memo WHERE key = ?',
  setMemo: `
    INSERT INTO memo VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value, set_on = excluded.set_on`,
  forgetMemo: 'DELETE FROM memo WHERE key = ?',
  memoEntries: 'SELECT key, value FROM memo WHERE key >= ? AND key < ?',
  tidyMemo: 'DELETE FROM memo WHERE set_on < ?',
} as const

type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>

export interface SqliteClaim extends Claim {
  readonly number: number
}

/**
 * The queue in one file, for one process: `node:sqlite` in WAL mode. SQLite itself does not wait for the disk, because that would
 * block the thread that answers webhooks. Instead, `add` resolves after the log has been synced in the background.
 */
export async function openSqliteStore(folder: string, clock: Clock): Promise<Store<SqliteClaim>> {
  if (existsSync(join(folder, 'PG_VERSION'))) throw new Error('An older version made it, as PostgreSQL files.')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'queue.sqlite')
  const db = new DatabaseSync(file)
  try {
    prepareTables(db)
  } catch (error) {
    db.close()
    throw error
  }
  const statements = prepareStatements(db)
  const disk = await openDisk(`${file}-wal`)
  const tidying = setInterval(() => tidy(statements, clock), TIDY_MS)
  tidying.unref()
  tidy(statements, clock)
  return {
    ...claims(statements, clock),
    memo: memoIn(statements, clock),
    async add(jobs) {
      if (addJobs({ db, statements, clock }, jobs)) await disk.sync()
    },
    depth: async () => SqliteDepth.parse(statements.depth.get(clock.now())),
    nextDue: () => SqliteDue.parse(statements.nextDue.get()).due ?? undefined,
    check: async () => void statements.nextDue.get(),
    ring: () => undefined,
    async close() {
      clearInterval(tidying)
      await disk.close()
      db.close()
    },
  }
}

function prepareTables(db: DatabaseSync): void {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  const found = db.prepare('PRAGMA quick_check(1)').get()
  if (found?.['quick_check'] !== 'ok') throw new Error(`It is damaged: ${String(found?.['quick_check'])}`)
  db.exec(TABLES)
  // Only this process has the file, so an active job was interrupted when the last process ended. That counts as a try.
  db.exec(`UPDATE job SET state = 'waiting', attempt = attempt + 1, due = 0 WHERE state = 'active'`)
}

function prepareStatements(db: DatabaseSync): Statements {
  return {
    add: db.prepare(SQL.add),
    claim: db.prepare(SQL.claim),
    wait: db.prepare(SQL.wait),
    retry: db.prepare(SQL.retry),
    forget: db.prepare(SQL.forget),
    complete: db.prepare(SQL.complete),
    giveUp: db.prepare(SQL.giveUp),
    nextDue: db.prepare(SQL.nextDue),
    depth: db.prepare(SQL.depth),
    tidyJobs: db.prepare(SQL.tidyJobs),
    getMemo: db.prepare(SQL.getMemo),
    setMemo: db.prepare(SQL.setMemo),
    forgetMemo: db.prepare(SQL.forgetMemo),
    memoEntries: db.prepare(SQL.memoEntries),
    tidyMemo: db.prepare(SQL.tidyMemo),
  }
}

function tidy({ tidyJobs, tidyMemo }: Statements, clock: Clock): void {
  const now = clock.now()
  tidyJobs.run(now - KEEP_DONE_MS, now - KEEP_FAILED_MS)
  tidyMemo.run(now - KEEP_MEMO_MS)
}

interface Disk {
  /** Resolves when everything written before the call is on disk. Concurrent calls share one sync. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** The log stays the same file while the database is open: SQLite overwrites it in place. */
async function openDisk(log: string): Promise<Disk> {
  const handle = await open(log, 'a')
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const begin = (): Promise<void> => {
    running = handle.datasync().finally(() => {
      running = undefined
    })
    return running
  }
  return {
    async sync() {
      if (running === undefined) return begin()
      // The running sync may have begun before the write.
      next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined
          return begin()
        })
      return next
    },
    async close() {
      await next?.catch(() => undefined)
      await running?.catch(() => undefined)
      await handle.close()
    },
  }
}

/** Returns whether any of the jobs is new. */
function addJobs(
  { db, statements: { add }, clock }: { db: DatabaseSync; statements: Statements; clock: Clock },
  jobs: readonly Job[],
): boolean {
  let isNew = false
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const { key, id, data, notBefore, patienceMs } of jobs) {
      const due = Math.ceil(notBefore ?? 0)
      const added = add.run(key, id ?? null, JSON.stringify(data), due, clock.now(), patienceMs ?? null)
      isNew ||= added.changes > 0
    }
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
  return isNew
}

type Claims = Pick<Store<SqliteClaim>, 'claim' | 'touch' | 'complete' | 'retry' | 'putBack' | 'giveUp'>

function claims(statements: Statements, clock: Clock): Claims {
  const { wait, retry } = statements
  return {
    claim: async (busyKeys) => claimOldest(statements, { busyKeys, now: clock.now() }),
    touch: async () => undefined,
    async complete({ number }) {
      if (statements.forget.run(number).changes === 0) statements.complete.run(clock.now(), number)
    },
    async retry({ number, job }, reason) {
      retry.run(Math.ceil(clock.now() + pauseAfter(job.attempt)), reason, number)
    },
    putBack: async ({ number }, at) => void wait.run(Math.ceil(at), number),
    giveUp: async ({ number }, reason) => void statements.giveUp.run(clock.now(), reason, number),
  }
}

/** Adds up to the same time again, so that many jobs do not return at the same moment. */
function pauseAfter(attempt: number): number {
  return retryPauseMs(attempt) * (1 + Math.random())
}

function claimOldest(
  { claim }: Statements,
  { busyKeys, now }: { readonly busyKeys: readonly string[]; readonly now: number },
): SqliteClaim | undefined {
  const row = claim.get(now, JSON.stringify(busyKeys))
  if (row === undefined) return undefined
  const { number, key, id, data, attempt, sent, patience, failures } = SqliteJob.parse(row)
  const job: ClaimedJob = { key, attempt, id: id ?? `job-${number}`, data: JobData.parse(JSON.parse(data)) }
  const patienceMs = patience ?? undefined
  return { number, job, keptUntil: Number.POSITIVE_INFINITY, sentAt: sent, patienceMs, deaths: attempt - failures }
}

function memoIn({ getMemo, setMemo, forgetMemo, memoEntries }: Statements, clock: Clock): Memo {
  return {
    async get(key) {
      const row = getMemo.get(key)
      return row === undefined ? undefined : JSON.parse(SqliteMemo.parse(row).value)
    },
    set: async (key, value) => void setMemo.run(key, JSON.stringify(value ?? null), clock.now()),
    forget: async (key) => void forgetMemo.run(key),
    async entries(prefix) {
      // Keys are compared byte by byte, and no key contains the last character of Unicode.
      const rows = memoEntries.all(prefix, `${prefix}\u{10FFFF}`).map((row) => SqliteMemo.parse(row))
      return new Map(rows.map(({ key, value }): [string, unknown] => [key, JSON.parse(value)]))
    },
  }
}
