/** A piece of work for the worker. Jobs of one key run one at a time, in any replica; jobs of different keys run side by side. */
export interface Job {
  readonly key: string
  /** What to do; read by the worker, opaque to the queue. JSON. */
  readonly data: Readonly<Record<string, unknown>>
  /** Not before this moment, epoch milliseconds. */
  readonly notBefore?: number
  /**
   * Of several jobs with the same key and id, one is kept: a webhook's delivery id, or the moment a timer is set for.
   * It is remembered while the job waits or runs and for some hours after; a job that was given up may be sent again.
   */
  readonly id?: string
}

export interface Jobs {
  /** Resolves when the job is on disk. */
  enqueue(job: Job): Promise<void>
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
  /** Called once when a job is given up, with the last error; the place for words on a check run. */
  readonly onExhausted?: (job: ClaimedJob, error: unknown) => Promise<void>
}

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
  readonly waiting: number
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

/** The moment an error asks for, whatever its class: an adapter's own rate-limit error may carry `retryAt` too. */
export function retryMoment(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('retryAt' in error)) return undefined
  return typeof error.retryAt === 'number' && Number.isFinite(error.retryAt) ? error.retryAt : undefined
}
