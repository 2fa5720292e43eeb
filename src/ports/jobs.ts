/**
 * A piece of work for the worker. Jobs with the same key run one at a time, in any replica. Jobs with different keys run in
 * parallel.
 */
export interface Job {
  readonly key: string
  /** What to do, as JSON. The worker reads it; the queue does not. */
  readonly data: Readonly<Record<string, unknown>>
  /** The earliest moment to run, epoch milliseconds. */
  readonly notBefore?: number
  /**
   * Says what caused the job. The queue keeps only one job with the same key and id. It remembers the id while the job
   * waits or runs, and for some hours after that. A job that was given up may be sent again.
   */
  readonly id?: string
  /** If the job fails, it is retried for at least this long after it was sent. By default it is given up after a few tries. */
  readonly patienceMs?: number
}

export interface Jobs {
  /** Resolves when the jobs are on disk: all of them, or none. Jobs sent together with the same key may run in any order. */
  enqueue(...jobs: readonly Job[]): Promise<void>
}

/** A job that a handler has received. */
export interface ClaimedJob {
  readonly key: string
  readonly data: Readonly<Record<string, unknown>>
  /** How often the job was tried before: 0 the first time. A `RetryLater` does not count as a try, but a crash does. */
  readonly attempt: number
  /** The id that the job was sent with, or one that the queue made. */
  readonly id: string
}

export type JobHandler = (job: ClaimedJob) => Promise<void>

export interface WorkOptions {
  /** How many keys run in parallel in this process; default 4. */
  readonly concurrency?: number
  /**
   * Called with the last error when a job is given up, for example to explain it on a check run. A job with patience gets the
   * first call when any other job would be given up (`isFinal` is false), and another one at the end, when nothing retries it any
   * more.
   */
  readonly onExhausted?: (job: ClaimedJob, error: unknown, isFinal: boolean) => Promise<void>
  /** Called after each run of a job, with its result and duration. For the metrics. */
  readonly onEnd?: (job: ClaimedJob, end: JobEnd, ms: number) => void
}

/** `later`: the job asked to run at a later moment. `retry`: it failed, and will be tried again. */
export type JobEnd = 'done' | 'later' | 'retry' | 'given-up'

export interface JobQueue extends Jobs {
  /** Starts running the waiting jobs, oldest first within a key. Call it once. */
  work(handler: JobHandler, options?: WorkOptions): Promise<void>
  /** Whether a job could be stored right now. */
  ready(): Promise<boolean>
  depth(): Promise<JobDepth>
  /**
   * Stops claiming jobs, and waits for the handlers that run. Resolves to the number of handlers still running at the timeout.
   */
  drain(timeoutMs: number): Promise<number>
  /** Returns the jobs that still run to the queue, so that another process can take them at once, and closes the storage. */
  close(): Promise<void>
}

export interface JobDepth {
  /** All jobs that do not run yet. */
  readonly waiting: number
  /** How many of the waiting jobs may run now. */
  readonly due: number
  /** Since when the oldest of the due jobs may run, epoch milliseconds. */
  readonly dueSince?: number
  readonly active: number
  readonly failed: number
}

/** Thrown by a handler that must wait for a known moment, such as the end of a rate limit. This is not a failure. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater'
  /** Epoch milliseconds. */
  readonly retryAt: number

  constructor(retryAt: number, why: string) {
    super(why)
    this.retryAt = retryAt
  }
}

/** What happens to a job that has failed. */
export type AfterFailure = 'retry' | 'retry-and-tell' | 'give-up'

/** Decides from how often the job was tried before, and how long ago it was sent. */
export function afterFailure(
  job: { readonly attempt: number; readonly ageMs: number; readonly patienceMs: number | undefined },
  retryLimit: number,
): AfterFailure {
  if (job.attempt < retryLimit) return 'retry'
  if (job.ageMs >= (job.patienceMs ?? 0)) return 'give-up'
  return job.attempt === retryLimit ? 'retry-and-tell' : 'retry'
}

/** The longest pause between two tries. After an outage, a command may wait this much longer. */
export const LONGEST_PAUSE_MS = 60_000

/** The pause after a try, counted from 0: 1, 2, 4 … seconds, then a minute. The database queue adds up to the same time again. */
export function retryPauseMs(attempt: number): number {
  return Math.min(1_000 * 2 ** Math.min(attempt, 16), LONGEST_PAUSE_MS)
}

/**
 * The moment that an error asks for. The class does not matter, because an adapter's own rate-limit error may carry `retryAt`
 * too.
 */
export function retryMoment(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAt' in error)) return undefined
  return typeof error.retryAt === 'number' && Number.isFinite(error.retryAt) ? error.retryAt : undefined
}
