import { overridesIn } from '../../core/marker/override.ts'
import type { Comment } from '../../core/rollout/facts.ts'
import type { Stops } from '../../core/stop/stop.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { forgetPull, hasClaim, recallPulls } from '../memory/pull-memory.ts'
import { type PullEnds, isStacked } from '../repository/pull-ends.ts'
import type { Surroundings } from './restraints.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'pulls' | 'seal'>

/** The surroundings of an open pull request. Its conversation and other pull requests are read only if they matter. */
export function surroundingsOf(
  context: Needs,
  at: { readonly ends: PullEnds; readonly stops: Stops },
  comments: () => Promise<readonly Comment[]>,
): Surroundings {
  const { ends, stops } = at
  const { number, author, head } = ends.pull
  const hasSay = !isStacked(ends)
  return {
    pull: {
      number,
      author: author.login,
      // GitHub records pushes to a fork in the fork's repository.
      branch: ends.pull.head.isFork ? undefined : head.ref,
      hasSay,
    },
    stops,
    claimant: (routes) => claimantOf(context, ends, routes),
    overrides: async () => (hasSay ? overridesIn(await comments(), head.sha, context.seal) : []),
  }
}

/**
 * The oldest earlier pull request that is open and moves one of the routes, as far as pull requests have been reviewed. One with
 * the same head is the same change.
 */
async function claimantOf(
  context: Needs,
  { pull, judgedFor }: PullEnds,
  routes: readonly string[],
): Promise<number | undefined> {
  const others = [...(await recallPulls(context))]
    .filter(([number, seen]) => number < pull.number && routes.some((route) => hasClaim(seen, route)))
    .map(([number]) => number)
    .sort((a, b) => a - b)
  for (const number of others) {
    const other = await context.pulls.get(number)
    if (other?.state !== 'open') await forgetPull(context, number)
    else if (!other.draft && other.base.ref === judgedFor && other.head.sha !== pull.head.sha) return number
  }
  return undefined
}
