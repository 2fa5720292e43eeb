/** Finds the open pull requests whose checks may rest on something that has changed since. */
import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import type { DeployedBranches } from './deployed-branches.ts'
import type { RepositoryContext } from './repository-context.ts'
import { recallPulls, type ReviewMemory } from './memory.ts'
import { stopsKey } from './stops-key.ts'
import { jobOf, type Task } from './work.ts'

export interface RepositoryState {
  readonly open: readonly PullRequest[]
  /** The heads of all branches that pull requests are judged for, and the stops. */
  readonly heads: ReadonlyMap<string, Sha>
  readonly deployed: DeployedBranches
}

/** `moment`: once for one sweep. */
export async function lookAtPulls(context: RepositoryContext, now: RepositoryState, moment: number): Promise<void> {
  const { repo, installation } = context
  const remembered = await recallPulls(context)
  for (const pull of now.open) {
    const how = howStale(context, { pull, seen: remembered.get(pull.number) }, now)
    if (how === undefined) continue
    const task: Task = { type: 'review', installation, repo, pull: pull.number, ...how }
    await context.jobs.enqueue(jobOf(task, { id: `sweep:${pull.head.sha}:${moment}` }))
  }
  const numbers = new Set(now.open.map(({ number }) => number))
  for (const pull of remembered.keys())
    if (!numbers.has(pull))
      await context.jobs.enqueue(jobOf({ type: 'closed', installation, repo, pull }, { id: `sweep:${moment}` }))
}

/** How late a timer may go off before it counts as lost. */
const LATE_MS = 10_000

/** How a pull request is to be looked at; undefined where nothing has changed. */
function howStale(
  context: Pick<RepositoryContext, 'clock' | 'repo'>,
  { pull, seen }: { readonly pull: PullRequest; readonly seen: ReviewMemory | undefined },
  now: RepositoryState,
): Pick<Extract<Task, { type: 'review' }>, 'force' | 'moved'> | undefined {
  // Somebody is at it: what ends in failure is forgotten, and found by the next sweep.
  if (seen?.head === '') return undefined
  if (seen === undefined || isAnother(pull, seen, now) || isWaiting(seen, context.clock.now())) return { force: true }
  const judgedFor = now.deployed.homeOf(pull.base.ref) ?? context.repo.defaultBranch
  if (judgedFor !== seen.judgedFor) return { force: true }
  if (seen.traffic && hasOtherStops(seen, now)) return { force: true }
  const base = now.heads.get(`refs/heads/${judgedFor}`)
  return base === undefined || base === seen.base ? undefined : { moved: { branch: judgedFor, head: base } }
}

/** Whether its ends changed, or the pull requests that share its head. */
function isAnother(pull: PullRequest, seen: ReviewMemory, { open }: RepositoryState): boolean {
  if (seen.head !== pull.head.sha || seen.into !== pull.base.ref || seen.draft !== pull.draft) return true
  const peers = open.filter(({ head }) => head.sha === pull.head.sha).map(({ number }) => number)
  const [writer] = peers.sort((a, b) => a - b)
  // The one that writes the checks knows all of them; the others know which one writes.
  return writer === pull.number ? String(peers) !== String(seen.peers) : writer !== seen.peers[0]
}

/** Whether it waits for something that shows in no ref. */
function isWaiting({ waits, polls, until }: ReviewMemory, now: number): boolean {
  return waits.length > 0 || polls || (until !== undefined && now > until + LATE_MS)
}

function hasOtherStops({ stops, behind }: ReviewMemory, { heads, open }: RepositoryState): boolean {
  return stops !== stopsKey(heads) || (behind !== undefined && !open.some(({ number }) => number === behind))
}
