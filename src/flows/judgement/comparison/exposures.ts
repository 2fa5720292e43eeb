import { environmentsMoved } from '../../../core/environment/environment.ts'
import type { RenderDiff } from '../../../core/diff/review.ts'
import { type RolloutRise, rolloutRises } from '../../../core/exposure/canaries.ts'
import type { Finding } from '../../../core/finding/finding.ts'
import { locator, type Sources } from '../../../core/finding/locate.ts'
import { isExplained } from '../../../core/exposure/explained.ts'
import { riseProblem } from '../../../core/problem/merge.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import type { SnapshotPair } from './render.ts'

interface EnvironmentRender {
  readonly name: string
  readonly texts: { readonly before: string; readonly after: string }
  readonly objects: RenderDiff['objects']
  readonly isKnownBefore: boolean
  /** Problems that the change itself adds. */
  readonly brought: readonly Finding[]
  readonly sources: () => Promise<Sources>
}

/**
 * The requests of an environment that reach a canary more often: those that gates can judge, and those that nothing can judge.
 */
export async function exposuresOf(
  { before, after }: SnapshotPair,
  { name, texts, objects, isKnownBefore, brought, sources }: EnvironmentRender,
): Promise<{ readonly rises: readonly RolloutRise[]; readonly problems: readonly Problem[] }> {
  const isMoved = environmentsMoved(before.snapshot.environments, after.snapshot.environments).has(name)
  if (isKnownBefore && !isMoved && texts.before === texts.after) return { rises: [], problems: [] }
  const found = rolloutRises(
    name,
    { before: before.snapshot.targets, after: after.snapshot.targets },
    { before: isKnownBefore ? objects.before : undefined, after: objects.after },
  )
  const isJudged = ({ kind, isGone }: RolloutRise): boolean => kind === 'raise' && !isGone
  const wrong = found.filter((rise) => !isJudged(rise) && !isExplained(rise, brought))
  if (wrong.length === 0) return { rises: found, problems: [] }
  const placeOf = locator(await sources())
  return { rises: found.filter(isJudged), problems: wrong.map((rise) => riseProblem(rise, placeOf(rise))) }
}
