import * as z from 'zod'

/** A route that splits traffic, and whether `perch set` can move it. */
const SplitLook = z.object({
  environment: z.string(),
  service: z.string(),
  route: z.string(),
  /** Whether names say which destination is the canary, or a config was given that does. */
  roles: z.enum(['found', 'given']),
  /** Why it cannot; not there where the edit was made and proven. */
  refusal: z.string().optional(),
  /** Files and the lines that the edit takes out and puts in. */
  edits: z.array(z.string()),
})

/** What Perch says about a repository, were all of it brought by one pull request. */
export const RepositoryLook = z.object({
  environments: z.array(z.string()),
  /** `code file:line words` of each problem: what would keep a pull request that touches it from merging. */
  reds: z.array(z.string()),
  /** What Perch does not render by design. It keeps only a pull request that brings it from merging; for others it is a note. */
  unseen: z.array(z.string()),
  notes: z.array(z.string()),
  splits: z.array(SplitLook),
  /** Of the review. */
  seconds: z.number(),
  /** The most that the process had. */
  megabytes: z.number(),
})

export type RepositoryLook = z.infer<typeof RepositoryLook>
export type SplitLook = z.infer<typeof SplitLook>
