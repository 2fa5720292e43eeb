import * as z from 'zod'
import type { StepHistory } from '../../core/gate/step-history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { RolloutName } from '../../core/rollout/rollout-name.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

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
  isOwned: z.literal(true).exactOptional(),
  landing: z.object({ sha: z.string(), time: z.number() }),
  landedAt: z.object({ at: z.number(), isReset: z.boolean() }).exactOptional(),
  checkedTo: z.string(),
  wants: z.string(),
  scannedTo: z.string().optional(),
  reported: z.array(ReportedCommit),
})

/** What is known about the current step of a rollout. */
export async function recallStep(context: Needs, rollout: RolloutName): Promise<StepHistory | undefined> {
  const record = StepRecord.safeParse(await context.memo.get(`step:${context.repo.id}:${rollout}`))
  return record.success ? { ...record.data, scannedTo: record.data.scannedTo } : undefined
}

export async function rememberStep(context: Needs, rollout: RolloutName, history: StepHistory): Promise<void> {
  await context.memo.set(`step:${context.repo.id}:${rollout}`, history)
}

/** A canary without traffic is at no step. If it has the same share again, that is another step. */
export async function forgetSteps({ memo, repo }: Needs, idle: readonly RolloutName[]): Promise<void> {
  if (idle.length === 0) return
  const known = await memo.entries(`step:${repo.id}:`)
  for (const key of idle.map((rollout) => `step:${repo.id}:${rollout}`)) if (known.has(key)) await memo.forget(key)
}

/** Since when a rollout's step is live, for one head of its base branch. */
const LiveMemory = z.object({
  base: z.string(),
  /** Missing if the step was not live. */
  since: z.number().optional(),
  /** When GitHub was last asked about it. */
  asked: z.number(),
})
type LiveMemory = z.infer<typeof LiveMemory>

export async function recallLive(context: Needs, rollout: RolloutName): Promise<LiveMemory | undefined> {
  return LiveMemory.safeParse(await context.memo.get(`live:${context.repo.id}:${rollout}`)).data
}

export async function rememberLive(context: Needs, rollout: RolloutName, live: LiveMemory): Promise<void> {
  await context.memo.set(`live:${context.repo.id}:${rollout}`, live)
}

/** The result of a rollout's measurements when everything that waits for it was last judged because of that. */
export async function recallNews(context: Needs, rollout: RolloutName): Promise<string | undefined> {
  const news = await context.memo.get(`news:${context.repo.id}:${rollout}`)
  return typeof news === 'string' ? news : undefined
}

export async function rememberNews(context: Needs, rollout: RolloutName, news: string): Promise<void> {
  await context.memo.set(`news:${context.repo.id}:${rollout}`, news)
}

/** Whether the traffic differed from the share in Git at the last look between reviews. */
export async function recallDifference(context: Needs, rollout: RolloutName): Promise<boolean> {
  return (await context.memo.get(`traffic-differs:${context.repo.id}:${rollout}`)) === true
}

export async function rememberDifference(context: Needs, rollout: RolloutName, differs: boolean): Promise<void> {
  const key = `traffic-differs:${context.repo.id}:${rollout}`
  if (differs) await context.memo.set(key, true)
  else await context.memo.forget(key)
}

/**
 * The step, by the time when it became live, for which a rollout was held because its canary failed. A person may then let it
 * continue.
 */
export async function heldStep(context: Needs, rollout: RolloutName): Promise<number | undefined> {
  const since = await context.memo.get(`held:${context.repo.id}:${rollout}`)
  return typeof since === 'number' ? since : undefined
}

export async function rememberHeldStep(context: Needs, rollout: RolloutName, since: number): Promise<void> {
  await context.memo.set(`held:${context.repo.id}:${rollout}`, since)
}
