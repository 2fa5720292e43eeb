/** Finds open pull requests whose checks may depend on something that has changed. */
import { branchRef } from '../../core/branch-ref.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { CauseOf } from '../tasks/causes.ts'
import type { DeployedBranches } from '../repository/deployed-branches.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallPulls, type ReviewMemory } from '../memory/pull-memory.ts'
import { stopsKey } from '../stop/stops-key.ts'

export interface RepositoryState {
  readonly open: readonly PullRequest[]
  /** The heads of all branches that pull requests are judged for, and of the stops. */
  readonly heads: ReadonlyMap<string, Sha>
  readonly deployed: DeployedBranches
}

/** `at`: when the sweep began. */
export async function lookAtPulls(context: RepositoryContext, now: RepositoryState, at: number): Promise<void> {
  const remembered = await recallPulls(context)
  const state = { ...now, stops: stopsKey(context, now.heads) }
  for (const pull of now.open) {
    const how = howStale(context, { pull, seen: remembered.get(pull.number) }, state)
    if (how === undefined) continue
    await context.ask.review(pull.number, { code: 'swept', head: pull.head.sha, at, ...how })
  }
  const numbers = new Set(now.open.map(({ number }) => number))
  for (const [pull, seen] of remembered) {
    if (numbers.has(pull)) continue
    // Closing a step stops its rollout or lets it continue, as its webhook would have reported. This task comes first, because
    // the other one forgets the pull request.
    if (seen.into !== '' && (seen.traffic || seen.commented))
      await context.ask.advance(seen.into, { code: 'ended', pull, at })
    await context.ask.cleanUp(pull, { code: 'swept', at })
  }
}

/** After this delay, a timer counts as lost. */
const LATE_MS = 10_000

/** The cause of a new review; undefined if nothing has changed. `moved`: the cause if only the base has moved. */
function howStale(
  context: Pick<RepositoryContext, 'clock' | 'repo'>,
  { pull, seen }: { readonly pull: PullRequest; readonly seen: ReviewMemory | undefined },
  now: RepositoryState & { readonly stops: string },
): Pick<Extract<CauseOf<'review'>, { code: 'swept' }>, 'moved'> | undefined {
  if (seen === undefined || seen.abandoned) return {}
  // A review is in progress.
  if (seen.head === '') return undefined
  if (isAnother(pull, seen, now) || isWaiting(seen, context.clock.now())) return {}
  const judgedFor = now.deployed.homeOf(pull.base.ref) ?? context.repo.defaultBranch
  if (judgedFor !== seen.judgedFor) return {}
  if (seen.traffic && hasOtherStops(seen, now)) return {}
  const base = now.heads.get(branchRef(judgedFor))
  return base === undefined || base === seen.base ? undefined : { moved: { branch: judgedFor, head: base } }
}

/** Whether its head, its base or its draft state has changed, or which pull requests share its head. */
function isAnother(pull: PullRequest, seen: ReviewMemory, { open }: RepositoryState): boolean {
  if (seen.head !== pull.head.sha || seen.into !== pull.base.ref || seen.draft !== pull.draft) return true
  const peers = open.filter(({ head }) => head.sha === pull.head.sha).map(({ number }) => number)
  const [writer] = peers.sort((a, b) => a - b)
  // The writer of the checks knows all of them. The other ones know which one writes.
  return writer === pull.number ? String(peers) !== String(seen.peers) : writer !== seen.peers[0]
}

/** Whether it waits for something that no ref shows. */
function isWaiting({ waits, polls, until }: ReviewMemory, now: number): boolean {
  return waits.length > 0 || polls || (until !== undefined && now > until + LATE_MS)
}

function hasOtherStops({ stops, behind }: ReviewMemory, now: RepositoryState & { readonly stops: string }): boolean {
  return stops !== now.stops || behind.some((older) => !now.open.some(({ number }) => number === older))
}
