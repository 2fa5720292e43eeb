import * as z from 'zod'
import type { StepHistory } from '../../core/gate/step-history.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Target, targetName } from '../../core/rollout/target.ts'
import { recallAll } from './remembered.ts'
import type { RepositoryContext } from './repository-context.ts'

/** The result of the last review of a pull request. It saves work if nothing has changed, and may be lost at any time. */
const ReviewMemory = z.object({
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
 * The memory of a pull request until its first review is done. It may change traffic, so changes in the meantime cause another
 * review.
 */
const UNSEEN = ReviewMemory.parse({ head: '', base: '', waits: [], traffic: true })

/** No set of stops has this key. A review in progress may have read the stops before one was created or removed. */
const STOPS_UNDER_REVIEW = 'under review'

/** Remembers that the review of a pull request has begun. `seen`: what was remembered about it. */
export async function rememberBegun(context: Needs, pull: number, seen: ReviewMemory | undefined): Promise<void> {
  await rememberPull(context, pull, { ...(seen ?? UNSEEN), stops: STOPS_UNDER_REVIEW, traffic: true, abandoned: false })
}

/**
 * Remembers that the review of a pull request was given up. The next sweep reviews it, and knows that checks and a comment may
 * exist.
 */
export async function abandonReview(context: Needs, pull: number): Promise<void> {
  const seen = (await recallPull(context, pull)) ?? UNSEEN
  await rememberPull(context, pull, { ...seen, head: '', digest: '', traffic: true, abandoned: true })
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

/** The base branch's head up to which everything has been done. */
export async function settledAt(context: Needs, base: string): Promise<Sha | undefined> {
  const sha = await context.memo.get(`base:${context.repo.id}:${base}`)
  return typeof sha === 'string' ? sha : undefined
}

export async function settle(context: Needs, base: string, sha: Sha): Promise<void> {
  await context.memo.set(`base:${context.repo.id}:${base}`, sha)
}

/** Something for this head was not done after all. The branch stays known. */
export async function unsettle(context: Needs, base: string): Promise<void> {
  if ((await settledAt(context, base)) !== undefined) await settle(context, base, '')
}

/** The base branches that have been looked at, each with the head up to which everything is done. */
export async function knownBases(context: Needs): Promise<readonly string[]> {
  const prefix = `base:${context.repo.id}:`
  return [...(await context.memo.entries(prefix)).keys()].map((key) => key.slice(prefix.length))
}

const ReportedCommit = z.object({
  sha: z.string(),
  signals: z.array(
    z.object({
      source: z.enum(['status', 'check', 'deployment', 'report']),
      name: z.string(),
      state: z.enum(['success', 'failure', 'silent']),
      at: z.number(),
      description: z.string(),
      by: z.array(z.string()),
      url: z.string().optional(),
    }),
  ),
})

const StepRecord = z.object({
  step: z.string(),
  landing: z.object({ sha: z.string(), time: z.number() }),
  checkedTo: z.string(),
  wants: z.string(),
  scannedTo: z.string().optional(),
  reported: z.array(ReportedCommit),
})

/** What is known about the current step of a rollout on a base branch. */
export async function recallStep(context: Needs, base: string, target: Target): Promise<StepHistory | undefined> {
  const record = StepRecord.safeParse(await context.memo.get(stepRecordKey(context, base, target)))
  return record.success ? { ...record.data, scannedTo: record.data.scannedTo } : undefined
}

export async function rememberStep(
  context: Needs,
  base: string,
  { target, history }: { readonly target: Target; readonly history: StepHistory },
): Promise<void> {
  await context.memo.set(stepRecordKey(context, base, target), history)
}

function stepRecordKey({ repo }: Needs, base: string, target: Target): string {
  return `step:${repo.id}:${base}:${targetName(target)}`
}

/** Whether a merged pull request is known to have had our checks. */
export async function recallChecked(context: Needs, pull: number): Promise<boolean> {
  return (await context.memo.get(`checked:${context.repo.id}:${pull}`)) === true
}

export async function rememberChecked(context: Needs, pull: number): Promise<void> {
  await context.memo.set(`checked:${context.repo.id}:${pull}`, true)
}

/** The branch is not deployed, so pushes to it have no consequences. */
export async function forgetBase(context: Needs, base: string): Promise<void> {
  await context.memo.forget(`base:${context.repo.id}:${base}`)
  await context.memo.forget(`watch:${context.repo.id}:${base}`)
  await context.memo.forget(`rollouts:${context.repo.id}:${base}`)
  await context.memo.forget(`listing:${context.repo.id}:${base}`)
}

/** The deployed branches at the last look. Pushes are compared with them, so that pushes to other branches cost nothing. */
export async function recallDeployed(context: Needs): Promise<readonly string[]> {
  return Texts.catch([]).parse(await context.memo.get(`deployed:${context.repo.id}`))
}

export async function rememberDeployed(context: Needs, names: readonly string[]): Promise<void> {
  await context.memo.set(`deployed:${context.repo.id}`, names)
}

/** Since when a rollout's step is live, for one head of its base branch. */
const LiveMemory = z.object({
  base: z.string(),
  since: z.number(),
  /** When GitHub was last asked about it. */
  asked: z.number(),
})
type LiveMemory = z.infer<typeof LiveMemory>

export async function recallLive(context: Needs, rollout: string): Promise<LiveMemory | undefined> {
  return LiveMemory.safeParse(await context.memo.get(`live:${context.repo.id}:${rollout}`)).data
}

export async function rememberLive(context: Needs, rollout: string, live: LiveMemory): Promise<void> {
  await context.memo.set(`live:${context.repo.id}:${rollout}`, live)
}

/** The result of a rollout's measurements when everything that waits for it was last judged because of that. */
export async function recallNews(context: Needs, rollout: string): Promise<string | undefined> {
  const news = await context.memo.get(`news:${context.repo.id}:${rollout}`)
  return typeof news === 'string' ? news : undefined
}

export async function rememberNews(context: Needs, rollout: string, news: string): Promise<void> {
  await context.memo.set(`news:${context.repo.id}:${rollout}`, news)
}

/**
 * The step, by the time when it became live, for which a rollout was held because its canary failed. A person may then let it
 * continue.
 */
export async function heldStep(context: Needs, rollout: string): Promise<number | undefined> {
  const since = await context.memo.get(`held:${context.repo.id}:${rollout}`)
  return typeof since === 'number' ? since : undefined
}

export async function rememberHeldStep(context: Needs, rollout: string, since: number): Promise<void> {
  await context.memo.set(`held:${context.repo.id}:${rollout}`, since)
}

/** Base branches with rollouts that must be measured. */
export async function watchedBases(context: Needs): Promise<readonly string[]> {
  const prefix = `watch:${context.repo.id}:`
  return [...(await context.memo.entries(prefix)).keys()].map((key) => key.slice(prefix.length))
}

export async function rememberWatch(context: Needs, base: string, isWatched: boolean): Promise<void> {
  const key = `watch:${context.repo.id}:${base}`
  if (isWatched) await context.memo.set(key, true)
  else await context.memo.forget(key)
}

const Texts = z.array(z.string())

/** Which pull requests wait for which signals (`waitKey`), so that a signal that nobody waits for costs nothing. */
export async function waitingPulls(context: Needs): Promise<ReadonlyMap<number, readonly string[]>> {
  const prefix = `waiting:${context.repo.id}:`
  const entries = await context.memo.entries(prefix)
  return new Map([...entries].map(([key, value]) => [Number(key.slice(prefix.length)), Texts.catch([]).parse(value)]))
}

export async function rememberWaiting(context: Needs, pull: number, keys: readonly string[]): Promise<void> {
  const key = `waiting:${context.repo.id}:${pull}`
  if (keys.length === 0) await context.memo.forget(key)
  else await context.memo.set(key, keys)
}
