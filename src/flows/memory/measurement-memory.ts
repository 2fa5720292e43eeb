import * as z from 'zod'
import { METRICS_FAILURES, type RangeAnswer } from '../../core/analysis/answer.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { RolloutName } from '../../core/rollout/rollout-name.ts'

/** JSON has no NaN. */
const Value = z.string().transform(Number)

const Answer = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    series: z.array(z.object({ points: z.array(z.tuple([z.number(), Value])) })),
    warnings: z.array(z.string()),
    clock: z.number().nullable(),
  }),
  z.object({
    ok: z.literal(false),
    code: z.enum(METRICS_FAILURES),
    detail: z.string(),
  }),
])

const Record = z.object({
  step: z.string(),
  since: z.number(),
  at: z.number(),
  failsSince: z.number().nullable(),
  question: z.string(),
  answers: z.array(Answer),
})

/** A metrics server's last answers about a rollout's step. */
export interface Measurement {
  /** The commit that brought the step. */
  readonly step: Sha
  /** When the step became live, and when it was measured; epoch milliseconds. */
  readonly since: number
  readonly at: number
  /**
   * For a failure: the time of the last measurement that did not fail, or else of the first one. Undefined if it is not a
   * failure.
   */
  readonly failsSince: number | undefined
  /** Identifies the queries, including the points of the window. */
  readonly question: string
  readonly answers: readonly RangeAnswer[]
}

/** In characters, for all answers about one step. A template with twenty series of a thousand points has some 700,000. */
const MAX_KEPT = 2_000_000

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

export async function recallMeasurement(context: Needs, rollout: RolloutName): Promise<Measurement | undefined> {
  const { data } = Record.safeParse(await context.memo.get(keyOf(context, rollout)))
  if (data === undefined) return undefined
  const answers = data.answers.map((one) => (one.ok ? { ...one, clock: one.clock ?? undefined } : one))
  return { ...data, failsSince: data.failsSince ?? undefined, answers }
}

/**
 * The answers, limited so that all of them can be stored. If they are too large together, the largest ones are replaced by
 * `too-large`. The judged answers must equal the remembered ones, because the reaction to a failure reads those.
 */
export function keepable(answers: readonly RangeAnswer[]): readonly RangeAnswer[] {
  const sizes = answers.map((answer) => JSON.stringify(written(answer)).length)
  const fromLarge = answers.map((_, index) => index).toSorted((one, other) => (sizes[other] ?? 0) - (sizes[one] ?? 0))
  let left = sizes.reduce((sum, size) => sum + size, 0)
  const dropped = new Set<number>()
  for (const index of fromLarge) {
    if (left <= MAX_KEPT) break
    dropped.add(index)
    left -= sizes[index] ?? 0
  }
  return answers.map((answer, index) => (dropped.has(index) ? { ok: false, code: 'too-large', detail: '' } : answer))
}

/**
 * A slower, older measurement does not replace a newer one, because a failure would be forgotten. Its answers must come from
 * `keepable`.
 */
export async function rememberMeasurement(context: Needs, rollout: RolloutName, found: Measurement): Promise<void> {
  const there = await recallMeasurement(context, rollout)
  if (there !== undefined && there.step === found.step && there.at > found.at) return
  const { failsSince = null } = found
  const record = { ...found, failsSince, answers: found.answers.map(written) } satisfies z.input<typeof Record>
  await context.memo.set(keyOf(context, rollout), record)
}

function written(answer: RangeAnswer): z.input<typeof Answer> {
  if (!answer.ok) return answer
  const series = answer.series.map(({ points }) => ({
    points: points.map(([time, value]): [number, string] => [time, String(value)]),
  }))
  return { ok: true, series, warnings: [...answer.warnings], clock: answer.clock ?? null }
}

function keyOf({ repo }: Needs, rollout: RolloutName): string {
  return `measured:${repo.id}:${rollout}`
}
