import type { JobWithMetadata } from 'pg-boss'
import { type ClaimedJob, type JobHandler, type WorkOptions, retryMoment } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import { JobData, StoredJob } from './schema.ts'
import { CLAIM_LOCK, GIVE_UP, PUT_BACK, QUEUE } from './statements.ts'
import { type Storage, reasonOf } from './storage.ts'

/** A moment that has passed already (another machine's clock) must not make a job spin. */
const SOON_MS = 1_000

export interface Setup {
  readonly storage: Storage
  readonly log: Log
  readonly handler: JobHandler
  readonly options: WorkOptions
  readonly retryLimit: number
  readonly heartbeatSeconds: number
}

/** The oldest waiting job whose key is free, in any replica. */
export async function claim(storage: Storage, busyKeys: string[]): Promise<JobWithMetadata | undefined> {
  const options = { groupConcurrency: 1, ignoreGroups: busyKeys, includeMetadata: true } as const
  // PGlite has one connection and one process, so that a claim there has nothing to be guarded against.
  const transaction = await storage.db.beginTransaction?.()
  if (transaction === undefined) return (await storage.boss.fetch<object>(QUEUE, options))[0]
  try {
    await transaction.db.executeSql(CLAIM_LOCK)
    const [row] = await storage.boss.fetch<object>(QUEUE, { ...options, db: transaction.db })
    await transaction.commit()
    return row
  } catch (error) {
    await transaction.rollback()
    throw error
  }
}

/** Never rejects: a job whose end cannot be written stays active until its heartbeat lapses, and then runs again. */
export async function run(setup: Setup, row: JobWithMetadata): Promise<void> {
  try {
    await settle(setup, row, await outcomeOf(setup, row))
  } catch (error) {
    setup.log.error(
      { key: row.groupId, reason: reasonOf(error) },
      'The end of a job could not be written; it will run again.',
    )
  }
}

type Outcome =
  | { readonly end: 'done' }
  | { readonly end: 'later'; readonly at: number }
  | { readonly end: 'retry'; readonly reason: string }
  | { readonly end: 'given-up'; readonly reason: string }

async function outcomeOf(setup: Setup, row: JobWithMetadata): Promise<Outcome> {
  const job = claimedJob(row)
  let failure: unknown
  try {
    if (row.retryCount > setup.retryLimit) throw new Error('The process ended each time that this job ran.')
    await setup.handler(job)
    return { end: 'done' }
  } catch (error) {
    failure = error
  }
  const facts = { key: job.key, id: job.id, attempt: job.attempt, reason: reasonOf(failure) }
  const at = retryMoment(failure)
  // `keepUntil` is pg-boss's: a job that waits beyond it would be deleted without a word.
  if (at !== undefined && at < row.keepUntil.getTime()) {
    setup.log.info({ ...facts, at: new Date(at).toISOString() }, 'A job waits.')
    return { end: 'later', at: Math.max(at, Date.now() + SOON_MS) }
  }
  if (row.retryCount < setup.retryLimit) {
    setup.log.warn(facts, 'A job failed and will be tried again.')
    return { end: 'retry', reason: facts.reason }
  }
  setup.log.error(facts, 'A job failed for the last time and was given up.')
  await tellExhausted(setup, job, failure)
  return { end: 'given-up', reason: facts.reason }
}

async function tellExhausted(setup: Setup, job: ClaimedJob, failure: unknown): Promise<void> {
  try {
    await setup.options.onExhausted?.(job, failure)
  } catch (error) {
    const facts = { key: job.key, id: job.id, reason: reasonOf(error) }
    setup.log.error(facts, 'What follows a job that was given up failed too.')
  }
}

async function settle(setup: Setup, row: JobWithMetadata, outcome: Outcome): Promise<void> {
  const { boss, db } = setup.storage
  switch (outcome.end) {
    case 'done':
      await boss.complete(QUEUE, row)
      return
    case 'later':
      await putBack(setup.storage, row, outcome.at)
      return
    case 'retry':
      await boss.fail(QUEUE, row, { reason: storable(outcome.reason) })
      return
    case 'given-up':
      await db.executeSql(GIVE_UP, [row.id, row.retryCount, JSON.stringify({ reason: storable(outcome.reason) })])
  }
}

export async function putBack(storage: Storage, row: JobWithMetadata, at: number): Promise<void> {
  await storage.db.executeSql(PUT_BACK, [row.id, row.retryCount, new Date(at).toISOString()])
}

function claimedJob(row: JobWithMetadata): ClaimedJob {
  const stored = StoredJob.parse(row.data)
  return {
    key: stored.key,
    data: JobData.parse(JSON.parse(stored.json)),
    attempt: row.retryCount,
    id: stored.id ?? row.id,
  }
}

/** jsonb refuses these; a message quoted from a pull request may hold them. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed().slice(0, 1_000)
}
