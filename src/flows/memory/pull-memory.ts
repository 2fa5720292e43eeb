import * as z from 'zod'
import { recallAll } from './remembered.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** The result of the last review of a pull request. It saves work if nothing has changed, and may be lost at any time. */
const ReviewMemory = z.object({
  /** The head that was judged last. */
  head: z.string(),
  /** The head of the branch that it was judged for. */
  base: z.string(),
  /** The deployed branch that it was judged for, and the branch that it merges into. */
  judgedFor: z.string().default(''),
  into: z.string().default(''),
  draft: z.boolean().default(false),
  /** Every open pull request with this head, including this one. */
  peers: z.array(z.int()).default([]),
  /** Identifies what the head's checks were concluded with (`CommitVerdict`); empty if unknown. */
  digest: z.string().default(''),
  /** Both checks were green, and it changes traffic. */
  green: z.boolean().default(false),
  /** The signals that its gate waits for, by `waitKey`. */
  waits: z.array(z.string()),
  /** When time alone may change its gate, epoch milliseconds. */
  until: z.number().optional(),
  /** It changes traffic, so it must be reviewed again when the base branch moves. */
  traffic: z.boolean(),
  /** The facts in Git that its verdicts depend on (`Review.grounds`); empty if unknown. */
  grounds: z.string().default(''),
  /** It has our comment about its changes. */
  commented: z.boolean().default(false),
  /** The new versions that its comment asks about (`offerKey`); empty if it asks about none. */
  offer: z.string().default(''),
  /** The rollouts that it moves, by `movedRoutes`. */
  targets: z.array(z.string()).default([]),
  /** The rollouts among `targets` that must end before it may merge (`awaitedTargets`). */
  awaited: z.array(z.string()).default([]),
  /** The older pull requests that it waits for, for any rollout. */
  behind: z.array(z.int()).default([]),
  /** It waits for something that no ref shows: reviews. */
  polls: z.boolean().default(false),
  /** The stops at that time (`stopsKey`). */
  stops: z.string().default(''),
  /** Its review was given up, and no other one is in progress. */
  abandoned: z.boolean().default(false),
})
export type ReviewMemory = z.infer<typeof ReviewMemory>

/**
 * Whether younger pull requests that move a route wait for this one. The steps of a rollout must not wait for a pull request that
 * itself waits for the end of that rollout.
 */
export function hasClaim({ targets, awaited }: ReviewMemory, route: string): boolean {
  return targets.includes(route) && !awaited.includes(route)
}

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

export async function recallPull(context: Needs, pull: number): Promise<ReviewMemory | undefined> {
  return ReviewMemory.safeParse(await context.memo.get(`pull:${context.repo.id}:${pull}`)).data
}

export async function rememberPull(context: Needs, pull: number, seen: ReviewMemory): Promise<void> {
  await context.memo.set(`pull:${context.repo.id}:${pull}`, seen)
}

/**
 * The memory of a pull request until its first review is done: no commit was judged. It may change traffic, so changes in the
 * meantime cause another review.
 */
const UNSEEN = ReviewMemory.parse({ head: '', base: '', waits: [], traffic: true })

/** No set of stops has this key. A review in progress may have read the stops before one was created or removed. */
const STOPS_UNDER_REVIEW = 'under review'

/** Remembers that the review of a pull request has begun. `seen`: what was remembered about it. */
export async function rememberBegun(context: Needs, pull: number, seen: ReviewMemory | undefined): Promise<void> {
  await rememberPull(context, pull, { ...(seen ?? UNSEEN), stops: STOPS_UNDER_REVIEW, traffic: true, abandoned: false })
}

/**
 * Remembers that the review of a pull request keeps failing. Its checks and a comment may exist, and what they say is unknown. The
 * head that was judged last is kept, because its checks may still be green.
 */
export async function rememberFailing(context: Needs, pull: number): Promise<void> {
  const seen = (await recallPull(context, pull)) ?? UNSEEN
  await rememberBegun(context, pull, { ...seen, digest: '' })
}

/** The same if nobody tries it any more. The next sweep reviews it. */
export async function abandonReview(context: Needs, pull: number): Promise<void> {
  const seen = (await recallPull(context, pull)) ?? UNSEEN
  await rememberPull(context, pull, { ...seen, digest: '', traffic: true, abandoned: true })
}

/** Everything that is remembered about this repository's pull requests, by number. */
export async function recallPulls(context: Needs): Promise<ReadonlyMap<number, ReviewMemory>> {
  const pulls = await recallAll(context, 'pull', ReviewMemory)
  return new Map([...pulls].map(([pull, seen]) => [Number(pull), seen]))
}

/** Forgets a pull request, so that the next sweep treats it as new. */
export async function forgetPull(context: Needs, pull: number): Promise<void> {
  await context.memo.forget(`pull:${context.repo.id}:${pull}`)
  await context.memo.forget(`gates:${context.repo.id}:${pull}`)
}

/** Whether a merged pull request is known to have had our checks. */
export async function recallChecked(context: Needs, pull: number): Promise<boolean> {
  return (await context.memo.get(`checked:${context.repo.id}:${pull}`)) === true
}

export async function rememberChecked(context: Needs, pull: number): Promise<void> {
  await context.memo.set(`checked:${context.repo.id}:${pull}`, true)
}

/** Which pull requests wait for which signals (`waitKey`), so that a signal that nobody waits for costs nothing. */
export async function waitingPulls(context: Needs): Promise<ReadonlyMap<number, readonly string[]>> {
  const waiting = await recallAll(context, 'waiting', z.array(z.string()).catch([]))
  return new Map([...waiting].map(([pull, keys]) => [Number(pull), keys]))
}

export async function rememberWaiting(context: Needs, pull: number, keys: readonly string[]): Promise<void> {
  const key = `waiting:${context.repo.id}:${pull}`
  if (keys.length === 0) await context.memo.forget(key)
  else await context.memo.set(key, keys)
}
