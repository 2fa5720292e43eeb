/** Which repositories need no sweep, because nothing has happened in them since the last one and no work is waiting. */
import * as z from 'zod'
import type { RepositoryName } from '../core/rollout/facts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Memo } from '../ports/memo.ts'
import { recallGroups } from './memory/commit-memory.ts'
import { recallPulls } from './memory/pull-memory.ts'
import { watchedBases } from './memory/base-memory.ts'
import type { CauseOf } from './tasks/causes.ts'

/** GitHub's state of a repository before the sweep that found nothing to do, and the time of that sweep. */
const Calm = z.object({ pulse: z.string(), at: z.number() })

/** Every repository is swept at least this often, because commands live for a day. */
const LONGEST_MS = 24 * 3_600_000

/**
 * GitHub is asked for the pulse of all repositories once in this many sweeps. In between, its webhook log tells where something
 * happened.
 */
const PULSE_SWEEPS = 10

/** Also at a start, because memory may be older than the last changes. */
export function isPulseTime(why: CauseOf<'sweep'>): boolean {
  return why.code === 'started' || why.count % PULSE_SWEEPS === 0
}

interface Signs {
  /** Undefined if GitHub was not asked. */
  readonly pulses: ReadonlyMap<number, string> | undefined
  /**
   * The repositories that GitHub sent webhooks about since the last sweep, whether they arrived or not; undefined if GitHub does
   * not say.
   */
  readonly active: ReadonlySet<number> | undefined
}

export async function needsSweep(
  { memo, clock }: { readonly memo: Memo; readonly clock: Clock },
  { id }: Pick<RepositoryName, 'id'>,
  { pulses, active }: Signs,
): Promise<boolean> {
  const calm = Calm.safeParse(await memo.get(keyOf(id)))
  if (!calm.success || active === undefined || active.has(id)) return true
  // After a sweep without a pulse, sweeps continue until there is one.
  if (pulses === undefined) return false
  return pulses.get(id) !== calm.data.pulse || clock.now() - calm.data.at >= LONGEST_MS
}

type Needs = Parameters<typeof recallPulls>[0] & { readonly clock: Clock }

/** Remembers whether a repository is calm after a sweep. `pulse`: from before the sweep; `asked`: the sweep requested tasks. */
export async function rememberCalm(
  context: Needs,
  { pulse, asked }: { readonly pulse: string | undefined; readonly asked: boolean },
): Promise<void> {
  const { memo, repo, clock } = context
  if (pulse === undefined || asked || !(await isAtRest(context))) return memo.forget(keyOf(repo.id))
  await memo.set(keyOf(repo.id), { pulse, at: clock.now() } satisfies z.infer<typeof Calm>)
}

/**
 * Whether no open pull request changes traffic (its green checks must not outlive a freeze without a webhook), and nothing is
 * waiting: no signal, no moment, no review, no measurement, no merge group. All other repositories are swept each time, whatever
 * their pulse.
 */
export async function isAtRest(context: Omit<Needs, 'clock'>): Promise<boolean> {
  const pulls = [...(await recallPulls(context)).values()]
  const isWaiting = pulls.some(
    ({ head, traffic, waits, polls, until, behind }) =>
      head === '' || traffic || waits.length > 0 || polls || until !== undefined || behind.length > 0,
  )
  return !isWaiting && (await recallGroups(context)).size === 0 && (await watchedBases(context)).length === 0
}

function keyOf(id: number): string {
  return `calm:${id}`
}
