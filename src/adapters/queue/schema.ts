import * as z from 'zod'

/** The content of the lock file, which identifies its owner. The token in it makes each lock different. */
export const LockFile = z.object({ place: z.string(), pid: z.int().positive(), started: z.string() })
export type LockFile = z.infer<typeof LockFile>

/**
 * The content of pg-boss's `data` column. The caller's data is stored as a text inside of the JSON, because PostgreSQL's jsonb
 * refuses `\u0000` and unpaired surrogates, and a pull request's title may contain either.
 */
export const StoredJob = z.object({
  key: z.string(),
  id: z.string().optional(),
  json: z.string(),
  patienceMs: z.number().optional(),
})
export type StoredJob = z.infer<typeof StoredJob>

/** Stored with a failed job: how often it has failed. */
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
