/** Remembers the last observed traffic of a step. Losing it only causes a delay, because the step has to be proven live again. */
import * as z from 'zod'
import { METRICS_FAILURES } from '../../core/analysis/answer.ts'
import { type Observation, SHARE_TROUBLES } from '../../core/analysis/observed-share.ts'
import type { TrafficEntry } from '../../core/gate/live.ts'
import type { RolloutName } from '../../core/rollout/rollout-name.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/** One look at the traffic. Times are epoch milliseconds. */
export interface TrafficLook {
  /** The commit that brought the step. */
  readonly step: string
  readonly at: number
  /** When the step was proven live. */
  readonly provenAt: number | undefined
  readonly observation: Observation
}

const Look = z.object({
  step: z.string(),
  at: z.number(),
  provenAt: z.number().nullable(),
  observation: z.discriminatedUnion('code', [
    z.object({ code: z.literal('seen'), share: z.number(), requests: z.number(), windowMs: z.number() }),
    z.object({ code: z.literal('few-requests'), requests: z.number(), least: z.number(), windowMs: z.number() }),
    z.object({ code: z.literal('not-told-apart'), trouble: z.enum(SHARE_TROUBLES) }),
    z.object({ code: z.literal('no-answer'), provider: z.string(), failure: z.enum(METRICS_FAILURES) }),
  ]),
})

export async function recallLook(
  context: Needs,
  rollout: RolloutName,
  entry: TrafficEntry,
): Promise<TrafficLook | undefined> {
  const { data } = Look.safeParse(await context.memo.get(lookKey(context, rollout, entry)))
  return data && { ...data, provenAt: data.provenAt ?? undefined }
}

export async function rememberLook(
  context: Needs,
  rollout: RolloutName,
  { entry, look }: { readonly entry: TrafficEntry; readonly look: TrafficLook },
): Promise<void> {
  const kept = { ...look, provenAt: look.provenAt ?? null }
  await context.memo.set(lookKey(context, rollout, entry), kept satisfies z.input<typeof Look>)
}

function lookKey({ repo }: Needs, rollout: RolloutName, entry: TrafficEntry): string {
  return `observed:${repo.id}:${rollout}:${JSON.stringify(entry)}`
}

const Before = z.object({ step: z.string(), share: z.number() })

/** The share before a step, in percent; `step`: the commit that brought the step. */
type ShareBefore = Readonly<z.infer<typeof Before>>

export async function recallBefore({ memo, repo }: Needs, rollout: RolloutName): Promise<ShareBefore | undefined> {
  return Before.safeParse(await memo.get(`share-before:${repo.id}:${rollout}`)).data
}

export async function rememberBefore({ memo, repo }: Needs, rollout: RolloutName, before: ShareBefore): Promise<void> {
  await memo.set(`share-before:${repo.id}:${rollout}`, before)
}
