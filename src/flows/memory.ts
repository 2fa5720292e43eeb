import { z } from 'zod'
import type { StepHistory } from '../core/gate/step-history.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { type Target, targetName } from '../core/rollout/target.ts'
import type { Desk } from './desk.ts'

/** What was last found out about a pull request: saves work when nothing has changed, and may be lost at any time. */
const ReviewMemory = z.object({
  head: z.string(),
  /** The head of the branch that it was judged for. */
  base: z.string(),
  /** The deployed branch that it was judged for, and the one that it merges into. */
  judgedFor: z.string().default(''),
  into: z.string().default(''),
  draft: z.boolean().default(false),
  /** Every open pull request with this head, this one too. */
  peers: z.array(z.int()).default([]),
  /** What the checks of the head were concluded with (`CommitVerdict`); empty where that is not known. */
  digest: z.string().default(''),
  /** Both checks were green, and it changes traffic. */
  green: z.boolean().default(false),
  /** What its gate waits for, by `waitKey`. */
  waits: z.array(z.string()),
  /** When time alone may turn its gate, epoch milliseconds. */
  until: z.number().optional(),
  /** It changes traffic, so that it must be looked at again when the base branch moves. */
  traffic: z.boolean(),
  /** It has the comment that says what it changes. */
  commented: z.boolean().default(false),
  /** The rollouts that it moves, by `movedRoutes`. */
  targets: z.array(z.string()).default([]),
  /** The older pull request that it waits for. */
  behind: z.int().optional(),
  /** It waits for something that shows in no ref: reviews. */
  polls: z.boolean().default(false),
  /** Which stops there were (`stopsKey`). */
  stops: z.string().default(''),
})
export type ReviewMemory = z.infer<typeof ReviewMemory>

type Needs = Pick<Desk, 'memo' | 'repo'>

export async function recallPull(desk: Needs, pull: number): Promise<ReviewMemory | undefined> {
  const seen = ReviewMemory.safeParse(await desk.memo.get(`pull:${desk.repo.id}:${pull}`))
  return seen.success ? seen.data : undefined
}

export async function rememberPull(desk: Needs, pull: number, seen: ReviewMemory): Promise<void> {
  await desk.memo.set(`pull:${desk.repo.id}:${pull}`, seen)
}

/** Everything that is remembered of this repository's pull requests, by number. */
export async function recallPulls(desk: Needs): Promise<ReadonlyMap<number, ReviewMemory>> {
  const prefix = `pull:${desk.repo.id}:`
  const entries = await desk.memo.entries(prefix)
  return new Map(
    [...entries].flatMap(([key, value]) => {
      const seen = ReviewMemory.safeParse(value)
      return seen.success ? [[Number(key.slice(prefix.length)), seen.data] as const] : []
    }),
  )
}

/** So that the next sweep looks at it as if for the first time. */
export async function forgetPull(desk: Needs, pull: number): Promise<void> {
  await desk.memo.forget(`pull:${desk.repo.id}:${pull}`)
}

/** The base branch's head up to which everything that follows from it has been done. */
export async function settledAt(desk: Needs, base: string): Promise<Sha | undefined> {
  const sha = await desk.memo.get(`base:${desk.repo.id}:${base}`)
  return typeof sha === 'string' ? sha : undefined
}

export async function settle(desk: Needs, base: string, sha: Sha): Promise<void> {
  await desk.memo.set(`base:${desk.repo.id}:${base}`, sha)
}

/** The base branches that have been looked at, each with the head up to which all is done. */
export async function knownBases(desk: Needs): Promise<readonly string[]> {
  const prefix = `base:${desk.repo.id}:`
  return [...(await desk.memo.entries(prefix)).keys()].map((key) => key.slice(prefix.length))
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

/** What is known of the step that a rollout stands at on a base branch. */
export async function recallStep(desk: Needs, base: string, target: Target): Promise<StepHistory | undefined> {
  const record = StepRecord.safeParse(await desk.memo.get(stepRecordKey(desk, base, target)))
  return record.success ? { ...record.data, scannedTo: record.data.scannedTo } : undefined
}

export async function rememberStep(
  desk: Needs,
  base: string,
  { target, history }: { readonly target: Target; readonly history: StepHistory },
): Promise<void> {
  await desk.memo.set(stepRecordKey(desk, base, target), history)
}

function stepRecordKey({ repo }: Needs, base: string, target: Target): string {
  return `step:${repo.id}:${base}:${targetName(target)}`
}

/** Whether a merged pull request is known to have had our checks. */
export async function recallChecked(desk: Needs, pull: number): Promise<boolean> {
  return (await desk.memo.get(`checked:${desk.repo.id}:${pull}`)) === true
}

export async function rememberChecked(desk: Needs, pull: number): Promise<void> {
  await desk.memo.set(`checked:${desk.repo.id}:${pull}`, true)
}

/** It is not deployed, so nothing follows from what is pushed to it. */
export async function forgetBase(desk: Needs, base: string): Promise<void> {
  await desk.memo.forget(`base:${desk.repo.id}:${base}`)
  await desk.memo.forget(`watch:${desk.repo.id}:${base}`)
}

/** The deployed branches as they were last read: what a push is compared with, so that others cost nothing. */
export async function recallDeployed(desk: Needs): Promise<readonly string[]> {
  return Texts.catch([]).parse(await desk.memo.get(`deployed:${desk.repo.id}`))
}

export async function rememberDeployed(desk: Needs, names: readonly string[]): Promise<void> {
  await desk.memo.set(`deployed:${desk.repo.id}`, names)
}

/** When a rollout's step was live and what was last measured of it, for one head of its base branch. */
const Health = z.object({
  base: z.string(),
  since: z.number(),
  /** When GitHub was last asked about it. */
  asked: z.number(),
  /** What was found out last (`healthWord`). */
  word: z.string(),
})
export type Health = z.infer<typeof Health>

export async function recallHealth(desk: Needs, rollout: string): Promise<Health | undefined> {
  const health = Health.safeParse(await desk.memo.get(`health:${desk.repo.id}:${rollout}`))
  return health.success ? health.data : undefined
}

export async function rememberHealth(desk: Needs, rollout: string, health: Health): Promise<void> {
  await desk.memo.set(`health:${desk.repo.id}:${rollout}`, health)
}

/** The step, by when it was live, for which a rollout was held because its canary failed; so that a person may let it go on. */
export async function heldStep(desk: Needs, rollout: string): Promise<number | undefined> {
  const since = await desk.memo.get(`held:${desk.repo.id}:${rollout}`)
  return typeof since === 'number' ? since : undefined
}

export async function rememberHeldStep(desk: Needs, rollout: string, since: number): Promise<void> {
  await desk.memo.set(`held:${desk.repo.id}:${rollout}`, since)
}

/** Base branches with rollouts that are to be measured. */
export async function watchedBases(desk: Needs): Promise<readonly string[]> {
  const prefix = `watch:${desk.repo.id}:`
  return [...(await desk.memo.entries(prefix)).keys()].map((key) => key.slice(prefix.length))
}

export async function rememberWatch(desk: Needs, base: string, isWatched: boolean): Promise<void> {
  const key = `watch:${desk.repo.id}:${base}`
  if (isWatched) await desk.memo.set(key, true)
  else await desk.memo.forget(key)
}

const Texts = z.array(z.string())

/** Which pull requests wait for which signals (`waitKey`): so that one that nobody waits for costs nothing. */
export async function waitingPulls(desk: Needs): Promise<ReadonlyMap<number, readonly string[]>> {
  const prefix = `waiting:${desk.repo.id}:`
  const entries = await desk.memo.entries(prefix)
  return new Map([...entries].map(([key, value]) => [Number(key.slice(prefix.length)), Texts.catch([]).parse(value)]))
}

export async function rememberWaiting(desk: Needs, pull: number, keys: readonly string[]): Promise<void> {
  const key = `waiting:${desk.repo.id}:${pull}`
  if (keys.length === 0) await desk.memo.forget(key)
  else await desk.memo.set(key, keys)
}
