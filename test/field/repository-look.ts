import * as z from 'zod'

/** A route that splits traffic, and whether `perch set` can move it. */
const SplitLook = z.object({
  environment: z.string(),
  service: z.string(),
  route: z.string(),
  /** Whether names tell which destination is the canary, or the given config does. */
  roles: z.enum(['found', 'given']),
  /** Why it cannot. Missing if the edit was made and proven. */
  refusal: z.string().optional(),
  /** The files with the lines that the edit removes and adds. */
  edits: z.array(z.string()),
})

/** The results of Perch for a repository, as if one pull request brought all of it. */
export const RepositoryLook = z.object({
  environments: z.array(z.string()),
  /** `code file:line words` of each problem that would block a pull request which changes that part. */
  reds: z.array(z.string()),
  /** What Perch does not render by design. It blocks only a pull request that brings it, and is a note for others. */
  unseen: z.array(z.string()),
  notes: z.array(z.string()),
  splits: z.array(SplitLook),
  /** The time of the review. */
  seconds: z.number(),
  /** The maximum memory of the process. */
  megabytes: z.number(),
})

export type RepositoryLook = z.infer<typeof RepositoryLook>
export type SplitLook = z.infer<typeof SplitLook>
