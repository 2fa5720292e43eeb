/** If two pull requests move the same route, the younger one waits. */
import type { RepositoryContext } from '../repository/repository-context.ts'
import { hasClaim, recallPulls, type ReviewMemory } from '../memory/pull-memory.ts'

export interface Rival {
  readonly number: number
  readonly seen: ReviewMemory
}

/**
 * Either of two rivals may be reviewed first, or both at the same time. Each remembers what it moves before it looks for others
 * here, so one of them sees the other. Then the younger one is judged again. So is a pull request that waits for this one but no
 * longer needs to.
 */
export async function lookAtRivals(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'ask' | 'clock'>,
  self: Rival,
): Promise<void> {
  const known = await recallPulls(context)
  for (const [number, seen] of known) {
    if (number === self.number || seen.head === '') continue
    const other = { number, seen }
    const heads = [seen.head, self.seen.head].sort().join(':')
    if (number < self.number) {
      if (hasMissed(self, other)) await context.ask.review(self.number, { code: 'older-found', older: number, heads })
    } else if (isHeldBy(other, self) ? !isBehind(other, self) : other.seen.behind.includes(self.number))
      await context.ask.review(number, { code: 'rival', older: self.number, heads, at: context.clock.now() })
  }
  const { behind, head } = self.seen
  for (const older of behind) {
    const rival = known.get(older)
    // It was judged or forgotten during this review.
    if (rival === undefined || !movesSame(rival, self.seen))
      await context.ask.review(self.number, { code: 'rival', older, heads: head, at: context.clock.now() })
  }
}

/** Whether the older one moves the same route, but was not known when the younger one was judged. */
export function hasMissed(younger: Rival, older: Rival): boolean {
  return isHeldBy(younger, older) && !isBehind(younger, older)
}

function isHeldBy({ seen: younger }: Rival, { seen: older }: Rival): boolean {
  const isOther = !older.draft && older.into === younger.judgedFor && older.head !== younger.head
  return isOther && movesSame(older, younger)
}

function movesSame(older: ReviewMemory, { targets }: ReviewMemory): boolean {
  return targets.some((target) => hasClaim(older, target))
}

function isBehind({ seen: { behind } }: Rival, older: Rival): boolean {
  return behind.some((number) => number <= older.number)
}
