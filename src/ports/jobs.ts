/** A piece of work for the worker. Jobs of one key run one at a time, in any replica; jobs of different keys run side by side. */
export interface Job {
  readonly key: string
  /** What to do; read by the worker, opaque to the queue. JSON. */
  readonly data: Readonly<Record<string, unknown>>
  /** Not before this moment, epoch milliseconds. */
  readonly notBefore?: number
  /** Of several waiting jobs with the same id, one is kept: a webhook's delivery id, or the moment a timer is set for. */
  readonly id?: string
}

export interface Jobs {
  /** Resolves when the job is on disk. */
  enqueue(job: Job): Promise<void>
}
