/** Requests new reviews for verdicts that depend on something that has changed. Finds them in memory only. */
import { branchRef } from '../../core/branch-ref.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { STOP_REFS } from '../../core/stop/stop.ts'
import type { CauseOf } from '../tasks/causes.ts'
import { recallGroups } from '../memory/commit-memory.ts'
import { deployedAmong, decidingRef } from '../repository/deployed-branches.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallPulls } from '../memory/pull-memory.ts'
import { markMoved } from './canary-memory.ts'
import { stopsKey } from './stops-key.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'ask' | 'repo'>

/** Causes that can affect both pull requests and merge groups. */
type SharedCause = CauseOf<'review'> & CauseOf<'group'>

/** For every pull request and merge group that changes traffic. */
export async function judgeTrafficAgain(context: Needs, why: SharedCause): Promise<void> {
  for (const [pull, { traffic }] of await recallPulls(context)) if (traffic) await context.ask.review(pull, why)
  for (const [head, group] of await recallGroups(context))
    if (group.traffic) await context.ask.group({ ...group, head }, why)
}

/** The same after a stop was created or removed: for those that were judged with other stops. */
export async function judgeStopsAgain(
  context: Needs & Pick<RepositoryContext, 'mirror' | 'seal' | 'clock'>,
): Promise<void> {
  const now = stopsKey(context, await context.mirror.fetch([STOP_REFS]))
  const at = context.clock.now()
  await markMoved(context.memo, context.repo, `${at} ${now}`)
  const causeFrom = (before: string): SharedCause => ({ code: 'stops', change: context.seal(`${before}>${now}`), at })
  for (const [pull, { traffic, stops }] of await recallPulls(context))
    if (traffic && stops !== now) await context.ask.review(pull, causeFrom(stops))
  for (const [head, group] of await recallGroups(context))
    if (group.traffic && group.stops !== now) await context.ask.group({ ...group, head }, causeFrom(group.stops))
}

/**
 * Requests new reviews of pull requests that are judged for a branch that has moved, and of those that the config now assigns to
 * another branch. `pulls`: those that are known to be closed are skipped. One of them may have moved the branch.
 */
export async function judgeMoved(
  context: Needs & Pick<RepositoryContext, 'mirror' | 'clock'>,
  { ref, sha, pulls = [] }: { readonly ref: string; readonly sha: Sha; readonly pulls?: readonly PullRequest[] },
): Promise<void> {
  const closed = new Set(pulls.filter(({ state }) => state !== 'open').map(({ number }) => number))
  const at = context.clock.now()
  await markMoved(context.memo, context.repo, `${at} ${sha}`)
  const isDeciding = branchRef(ref) === decidingRef(context)
  const deployed = isDeciding ? await deployedAmong(context, new Map([[decidingRef(context), sha]])) : undefined
  for (const [pull, seen] of await recallPulls(context)) {
    if (closed.has(pull)) continue
    const { judgedFor } = seen
    const isKnown = judgedFor !== ''
    const now = deployed === undefined ? judgedFor : (deployed.homeOf(seen.into) ?? ref)
    if (isKnown && now !== judgedFor) await context.ask.review(pull, { code: 'home-moved', head: sha, at })
    else if (!isKnown || (judgedFor === ref && seen.base !== sha))
      await context.ask.review(pull, { code: 'base-moved', branch: ref, head: sha, at })
  }
}

/** For pull requests that waited for an older one that moved the same route. */
export async function judgeWaitingFor(context: Needs & Pick<RepositoryContext, 'clock'>, older: number): Promise<void> {
  const why = { code: 'older-ended', older, at: context.clock.now() } as const
  for (const [pull, { behind }] of await recallPulls(context))
    if (behind.includes(older)) await context.ask.review(pull, why)
}
