import * as z from 'zod'
import type { Verdict } from '../../core/gate/gate.ts'
import { type GateName, isGate } from '../../core/gate/names.ts'
import { ROLLOUT_STATES, type RolloutState } from '../../core/watch/rollout-state.ts'
import type { Memo } from '../../ports/memo.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** What the metrics need. They read it for all repositories, so it is short. */

const KnownRollouts = z.record(z.string(), z.object({ state: z.enum(ROLLOUT_STATES), since: z.number() }))
const KnownGates = z.record(z.string(), z.enum(['pass', 'wait', 'block']))

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'clock'>

export interface SeenRollout {
  readonly name: string
  readonly state: RolloutState
  /** Since when it has this state, epoch milliseconds. Undefined: since Perch first saw it. */
  readonly since: number | undefined
}

type KnownRollouts = z.infer<typeof KnownRollouts>

/** The rollouts at the last look, by name; undefined if nothing is remembered. */
export async function recallRollouts(
  { memo, repo }: Pick<Needs, 'memo' | 'repo'>,
  base: string,
): Promise<KnownRollouts | undefined> {
  return KnownRollouts.safeParse(await memo.get(`rollouts:${repo.id}:${base}`)).data
}

/** Remembers the rollouts, also if there are none. */
export async function rememberRollouts(context: Needs, base: string, seen: readonly SeenRollout[]): Promise<void> {
  const known = (await recallRollouts(context, base)) ?? {}
  const now = context.clock.now()
  const next = seen.map(({ name, state, since }) => {
    const last = known[name]
    return [name, { state, since: since ?? (last?.state === state ? last.since : now) }] as const
  })
  await context.memo.set(`rollouts:${context.repo.id}:${base}`, Object.fromEntries(next))
}

const ORDER = ['pass', 'wait', 'block'] as const

/** Remembers the worst state of each gate on a pull request. */
export async function rememberGates(context: Needs, pull: number, verdicts: readonly Verdict[]): Promise<void> {
  const gates: Partial<Record<Verdict['gate'], Verdict['state']>> = {}
  for (const { gate, state } of verdicts)
    if (ORDER.indexOf(state) >= ORDER.indexOf(gates[gate] ?? 'pass')) gates[gate] = state
  await context.memo.set(`gates:${context.repo.id}:${pull}`, gates)
}

/** The remembered states of a pull request's gates. */
export async function recallGates(
  { memo, repo }: Pick<Needs, 'memo' | 'repo'>,
  pull: number,
): Promise<readonly (readonly [GateName, Verdict['state']])[]> {
  const known = KnownGates.catch({}).parse(await memo.get(`gates:${repo.id}:${pull}`))
  return Object.entries(known).flatMap(([gate, state]) => (isGate(gate) ? [[gate, state] as const] : []))
}

export interface WatchedWork {
  readonly rollouts: readonly { readonly state: RolloutState; readonly since: number }[]
  readonly gates: readonly { readonly gate: string; readonly state: string }[]
}

/** Of all repositories that were swept since a moment. Other repositories may be gone, or their state is unknown. */
export async function recallWatched(memo: Memo, since: number): Promise<WatchedWork> {
  const [swept, rollouts, gates] = await Promise.all([
    memo.entries('swept:'),
    memo.entries('rollouts:'),
    memo.entries('gates:'),
  ])
  const isKnown = ([key]: readonly [string, unknown]): boolean => {
    const at = swept.get(`swept:${key.split(':')[1]}`)
    return typeof at === 'number' && at >= since
  }
  return {
    rollouts: [...rollouts].filter(isKnown).flatMap(([, value]) => Object.values(KnownRollouts.catch({}).parse(value))),
    gates: [...gates]
      .filter(isKnown)
      .flatMap(([, value]) => Object.entries(KnownGates.catch({}).parse(value)))
      .map(([gate, state]) => ({ gate, state })),
  }
}
