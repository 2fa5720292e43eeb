import { z } from 'zod'

/** What the lock beside PGlite's files says about its owner; a token in it makes each one different. */
export const LockFile = z.object({ place: z.string(), pid: z.int().positive(), started: z.string() })
export type LockFile = z.infer<typeof LockFile>

/**
 * What we put into pg-boss's `data` column. The caller's data is kept as a text within the JSON: PostgreSQL's jsonb
 * refuses `\u0000` and half surrogates, and a pull request's title may hold either.
 */
export const StoredJob = z.object({ key: z.string(), id: z.string().optional(), json: z.string() })
export type StoredJob = z.infer<typeof StoredJob>

export const JobData = z.record(z.string(), z.unknown())

export const DepthRows = z.tuple([z.object({ waiting: z.int(), active: z.int(), failed: z.int() })])

export const MemoRows = z.array(z.object({ value: z.string() }))

export const MemoEntries = z.array(z.object({ key: z.string(), value: z.string() }))

/** What goes to PGlite's thread and comes back. Not parsed row by row: both ends are ours. */
export const ThreadStart = z.object({ folder: z.string() })

/** Without a text, to close. */
export const ThreadCall = z.object({
  id: z.int(),
  text: z.string().optional(),
  values: z.array(z.unknown()).optional(),
})
export type ThreadCall = z.infer<typeof ThreadCall>

export const ThreadAnswer = z.union([
  z.object({ id: z.int(), rows: z.array(z.unknown()) }),
  z.object({ id: z.int(), error: z.string(), code: z.string().optional() }),
])
export type ThreadAnswer = z.infer<typeof ThreadAnswer>
