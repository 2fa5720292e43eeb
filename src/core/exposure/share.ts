import type { Lead } from './world.ts'

/**
 * The percent of some requests that reaches the canary's pods: `sure`, and `maybe` by what it hinges on. A name in `maybe`
 * stands for one unknown part, from nothing to all; the same name is the same part before and after a change.
 */
export interface Share {
  readonly sure: number
  readonly maybe: ReadonlyMap<string, number>
}

export const NOTHING_SURE: Share = { sure: 0, maybe: new Map() }

/** One part of a split: its percent, and whether it leads to the canary. */
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

/** How much larger one share can be than another: by what is sure, and by what nobody knows. */
export interface Excess {
  readonly sure: number
  readonly maybe: number
}

export function excessOf(now: Share, old: Share): Excess {
  let maybe = 0
  for (const [name, percent] of now.maybe) maybe += Math.max(0, percent - (old.maybe.get(name) ?? 0))
  return { sure: now.sure - old.sure, maybe }
}

/** Weights are whole numbers, and their shares are not. */
const ROUNDING = 1e-6

export function isMore({ sure, maybe }: Excess): boolean {
  return sure + maybe > ROUNDING
}

/** Whether it is only more because of what nobody knows. */
export function isUnknown({ maybe }: Excess): boolean {
  return maybe > ROUNDING
}

export function mostOf({ sure, maybe }: Share): number {
  return Math.min(
    100,
    [...maybe.values()].reduce((sum, percent) => sum + percent, sure),
  )
}
