/** A piece of work for the worker. Jobs of one key run one at a time, in any replica; jobs of different keys run side by side. */
export interface Job {
  readonly key: string
  /** What to do; read by the worker, opaque to the queue. JSON. */
  readonly data: Readonly<Record<string, unknown>>
  /** Not before this moment, epoch milliseconds. */
  readonly notBefore?: number
  /**
   * Of several jobs with the same key and id, one is kept. The id says what caused the job.
   * It is remembered while the job waits or runs and for some hours after; a job that was given up may be sent again.
   */
  readonly id?: string
  /** For at least how long after it was sent the job is tried again when it fails; by default it is given up after a few tries. */
  readonly patienceMs?: number
}

export interface Jobs {
  /** Resolves when the jobs are on disk: all of them, or none. Those of one key may run in any order. */
  enqueue(...jobs: readonly Job[]): Promise<void>
}

/** A job in the hands of a handler. */
export interface ClaimedJob {
  readonly key: string
  readonly data: Readonly<Record<string, unknown>>
  /** How often it was tried before, 0 the first time. A `RetryLater` does not count; a crash does. */
  readonly attempt: number
  /** The id it was sent with, else one that the queue made. */
  readonly id: string
}

export type JobHandler = (job: ClaimedJob) => Promise<void>

export interface WorkOptions {
  /** How many keys run side by side in this process; 4 unless told. */
  readonly concurrency?: number
  /**
   * Called when a job is given up, with the last error; the place for words on a check run. Of a job with patience it is
   * called as soon as any other would have been given up, and once more in the end, when nothing tries it again.
   */
  readonly onExhausted?: (job: ClaimedJob, error: unknown, isFinal: boolean) => Promise<void>
  /** Called each time that a job has run, with how that ended: for the metrics. */
  readonly onEnd?: (job: ClaimedJob, end: JobEnd, ms: number) => void
}

/** `later`: it waits for a moment that it named itself. `retry`: it failed, and is tried again. */
export type JobEnd = 'done' | 'later' | 'retry' | 'given-up'

export interface JobQueue extends Jobs {
  /** Starts to run waiting jobs, oldest first within a key. Call it once. */
  work(handler: JobHandler, options?: WorkOptions): Promise<void>
  /** Whether a job could be stored right now. */
  ready(): Promise<boolean>
  depth(): Promise<JobDepth>
  /** Claims nothing more and waits for the handlers that run; resolves to how many still ran at the end. */
  drain(timeoutMs: number): Promise<number>
  /** Gives back what still runs, so that another process may take it at once, and lets go of the storage. */
  close(): Promise<void>
}

export interface JobDepth {
  /** All that do not run yet. */
  readonly waiting: number
  /** Those of them that may run now. */
  readonly due: number
  /** Since when the oldest of those may run, epoch milliseconds. */
  readonly dueSince?: number
  readonly active: number
  readonly failed: number
}

/** Thrown by a handler that has to wait for a known moment, such as the end of a rate limit: not a failure. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater'
  /** Epoch milliseconds. */
  readonly retryAt: number

  constructor(retryAt: number, why: string) {
    super(why)
    this.retryAt = retryAt
  }
}

/** What becomes of a job that has failed. */
export type AfterFailure = 'retry' | 'retry-and-tell' | 'give-up'

/** Decides it from how often the job was tried before, and how long ago it was sent. */
export function afterFailure(
  job: { readonly attempt: number; readonly ageMs: number; readonly patienceMs: number | undefined },
  retryLimit: number,
): AfterFailure {
  if (job.attempt < retryLimit) return 'retry'
  if (job.ageMs >= (job.patienceMs ?? 0)) return 'give-up'
  return job.attempt === retryLimit ? 'retry-and-tell' : 'retry'
}

/** The longest pause between two tries: how long after the end of an outage a command may still wait. */
export const LONGEST_PAUSE_MS = 60_000

/** The pause after a try, 0 for the first: 1, 2, 4 … seconds, then a minute. The queue in a database adds up to as much again. */
export function retryPauseMs(attempt: number): number {
  return Math.min(1_000 * 2 ** Math.min(attempt, 16), LONGEST_PAUSE_MS)
}

/** The moment an error asks for, whatever its class: an adapter's own rate-limit error may carry `retryAt` too. */
export function retryMoment(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAt' in error)) return undefined
  return typeof error.retryAt === 'number' && Number.isFinite(error.retryAt) ? error.retryAt : undefined
}
