import * as z from 'zod'

/** What the lock beside the queue's files says about its owner; a token in it makes each one different. */
export const LockFile = z.object({ place: z.string(), pid: z.int().positive(), started: z.string() })
export type LockFile = z.infer<typeof LockFile>

/**
 * What we put into pg-boss's `data` column. The caller's data is kept as a text within the JSON: PostgreSQL's jsonb
 * refuses `\u0000` and half surrogates, and a pull request's title may hold either.
 */
export const StoredJob = z.object({
  key: z.string(),
  id: z.string().optional(),
  json: z.string(),
  patienceMs: z.number().optional(),
})
export type StoredJob = z.infer<typeof StoredJob>

/** What is kept with a job when it fails: how often that has happened. */
export const FailureNote = z.object({ failures: z.int() }).catch({ failures: 0 })

export const JobData = z.record(z.string(), z.unknown())

const Depth = z
  .object({ waiting: z.int(), due: z.int(), active: z.int(), failed: z.int(), since: z.number().nullable() })
  .transform(({ since, ...depth }) => ({ ...depth, ...(since === null ? {} : { dueSince: since }) }))

export const DepthRows = z.tuple([Depth])

export const MemoRows = z.array(z.object({ value: z.string() }))

export const MemoEntries = z.array(z.object({ key: z.string(), value: z.string() }))

export const SqliteDepth = Depth

export const SqliteDue = z.object({ due: z.int().nullable() })

export const SqliteJob = z.object({
  number: z.int(),
  key: z.string(),
  id: z.string().nullable(),
  data: z.string(),
  attempt: z.int(),
  sent: z.int(),
  patience: z.int().nullable(),
  failures: z.int(),
})

export const SqliteMemo = z.object({ key: z.string(), value: z.string() })
