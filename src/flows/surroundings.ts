import { overridesIn } from '../core/message/answer.ts'
import type { Comment, PullRequest, Sha } from '../core/rollout/facts.ts'
import type { Stops } from '../core/stop/stop.ts'
import type { Desk } from './desk.ts'
import { forgetPull, recallPulls } from './memory.ts'
import type { Surroundings } from './restraints.ts'

type Needs = Pick<Desk, 'memo' | 'repo' | 'pulls' | 'seal'>

/** What surrounds an open pull request. Conversation and other pull requests are asked for only where they matter. */
export function surroundingsOf(
  desk: Needs,
  at: { readonly pull: PullRequest; readonly stops: Stops },
  head: { readonly sha: Sha; readonly comments: () => Promise<readonly Comment[]> },
): Surroundings {
  const { pull, stops } = at
  return {
    pull: {
      number: pull.number,
      author: pull.author.login,
      // A fork's pushes are in another repository's record.
      branch: pull.head.isFork ? undefined : pull.head.ref,
    },
    stops,
    claimant: (routes) => claimantOf(desk, pull, routes),
    overrides: async () => overridesIn(await head.comments(), head.sha, desk.seal),
  }
}

/** The oldest pull request before this one that is open and moves one of the routes, as far as pull requests have been looked at. */
async function claimantOf(desk: Needs, pull: PullRequest, routes: readonly string[]): Promise<number | undefined> {
  const others = [...(await recallPulls(desk))]
    .filter(([number, { targets }]) => number < pull.number && routes.some((route) => targets.includes(route)))
    .map(([number]) => number)
    .sort((a, b) => a - b)
  for (const number of others) {
    const other = await desk.pulls.get(number)
    if (other?.state !== 'open') await forgetPull(desk, number)
    else if (!other.draft && other.base.ref === pull.base.ref) return number
  }
  return undefined
}
