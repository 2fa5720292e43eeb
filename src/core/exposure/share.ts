import type { Lead } from './world.ts'

/**
 * The percentage of some requests that reaches the canary's pods: `sure`, plus `maybe` by its cause. A name in `maybe` stands for
 * one unknown part between nothing and all. The same name means the same part before and after a change.
 */
export interface Share {
  readonly sure: number
  readonly maybe: ReadonlyMap<string, number>
}

export const NOTHING_SURE: Share = { sure: 0, maybe: new Map() }

/** One part of a split: its percentage, and whether it leads to the canary. */
export interface Portion {
  readonly percent: number
  readonly leads: Lead
}

export function shareOf(portions: readonly Portion[]): Share {
  const maybe = new Map<string, number>()
  let sure = 0
  for (const { percent, leads } of portions) {
    if (leads === 'all') sure += percent
    else if (leads !== 'none') maybe.set(leads.unknown, (maybe.get(leads.unknown) ?? 0) + percent)
  }
  return { sure, maybe }
}

/** How much larger one share can be than another: by its sure part, and by its unknown parts. */
export interface Excess {
  readonly sure: number
  readonly maybe: number
}

export function excessOf(now: Share, old: Share): Excess {
  let maybe = 0
  for (const [name, percent] of now.maybe) maybe += Math.max(0, percent - (old.maybe.get(name) ?? 0))
  return { sure: now.sure - old.sure, maybe }
}

/** Weights are whole numbers, but shares are not. */
const ROUNDING = 1e-6

export function isMore({ sure, maybe }: Excess): boolean {
  return sure + maybe > ROUNDING
}

/** Whether the share is larger only because of unknown parts. */
export function isUnknown({ maybe }: Excess): boolean {
  return maybe > ROUNDING
}

export function mostOf({ sure, maybe }: Share): number {
  return Math.min(
    100,
    [...maybe.values()].reduce((sum, percent) => sum + percent, sure),
  )
}
