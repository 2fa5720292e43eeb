import type { Override, Verdict } from '../core/gate/gate.ts'
import { type GroupCommit, pullOfCommit, raisersOf } from '../core/gate/queue.ts'
import type { Review, ReviewedChange } from '../core/gate/review.ts'
import { overridesIn } from '../core/message/answer.ts'
import { staleGroupProblem } from '../core/message/problem.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { snapshotAsBase } from '../core/rollout/as-base.ts'
import type { Snapshot } from '../core/rollout/snapshot.ts'
import { standingOf } from '../core/rollout/standing.ts'
import { movedRoutes, targetName } from '../core/rollout/target.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import type { Desk } from './desk.ts'
import { evaluate, NOTHING } from './evaluate.ts'
import { loadConfig, loadSnapshot } from './load.ts'
import { rememberGroup } from './memory.ts'
import { checkBoard, publishChecks, publishFailure } from './publish.ts'
import { stopsAmong } from './stops.ts'
import type { Task } from './work.ts'

type GroupTask = Extract<Task, { type: 'group' }>

/** More than GitHub puts into a group: 100 pull requests of one commit each (merge queue settings). */
const MAX_COMMITS = 200

/**
 * Concludes both checks on the commit that GitHub's merge queue would put on the base branch. It is judged as one change
 * of the branch as it is, and two steps of one rollout never pass together.
 */
export async function reviewGroup(desk: Desk, task: GroupTask): Promise<void> {
  const baseRef = `refs/heads/${task.base}`
  const refs = await desk.mirror.fetch([baseRef, task.ref, STOP_REFS])
  const base = refs.get(baseRef)
  // The group is gone, or is another one by now, which has a webhook of its own.
  if (base === undefined || refs.get(task.ref) !== task.head) return
  const stops = await stopsAmong(desk, refs)
  const commits = await commitsOf(desk, base, task.head)
  const board = checkBoard(desk, task.head)
  if (commits === undefined) {
    await publishChecks(board, { ...NOTHING, problems: [staleGroupProblem(task.base)] }, false)
    return
  }
  const around = {
    pull: undefined,
    stops,
    claimant: () => Promise.resolve(undefined),
    overrides: () => overridesOf(desk, commits),
  }
  const found = await evaluate(desk, { base, baseRef: task.base, head: task.head, around })
  await publishChecks(board, await withoutTwins(desk, { base, commits }, found), false)
  await rememberGroup(desk, task.head)
}

/** Both checks of a group, when reviewing it failed for good: red, so that the queue goes on without it. */
export async function giveUpGroup(desk: Desk, task: GroupTask, reason: string): Promise<void> {
  await publishFailure(checkBoard(desk, task.head), reason)
}

interface Commit {
  readonly sha: Sha
  readonly message: string
}

/** The group's own commits by first parent, oldest first; undefined where the base branch is not what they stand on. */
async function commitsOf(desk: Pick<Desk, 'mirror'>, base: Sha, head: Sha): Promise<readonly Commit[] | undefined> {
  const line = await desk.mirror.landings(head, 'all', MAX_COMMITS)
  const end = line.findIndex(({ sha }) => sha === base)
  if (end === -1) return undefined
  const messages = new Map((await desk.mirror.ahead(base, head)).map(({ sha, message }) => [sha, message]))
  return line
    .slice(0, end)
    .toReversed()
    .map(({ sha }) => ({ sha, message: messages.get(sha) ?? '' }))
}

/** What was passed for the pull requests of a group, each at the head that went into the queue. */
async function overridesOf(desk: Desk, commits: readonly Commit[]): Promise<readonly Override[]> {
  const overrides: Override[] = []
  for (const { message } of commits) {
    const number = pullOfCommit(message)
    const pull = number === undefined ? undefined : await desk.pulls.get(number)
    if (pull === undefined) continue
    overrides.push(...overridesIn(await desk.conversation.of(pull.number), pull.head.sha, desk.seal))
  }
  return overrides
}

/** Blocks every rollout that more than one pull request of the group raises. */
async function withoutTwins(
  desk: Desk,
  group: { readonly base: Sha; readonly commits: readonly Commit[] },
  found: Review,
): Promise<Review> {
  if (found.changes.length === 0 || group.commits.length < 2) return found
  const config = await loadConfig(desk, group.base)
  if (!config.ok) return found
  const own = await loadSnapshot(desk, group.base, config.value)
  const sharesIn = (commit: Commit, { targets }: Snapshot): GroupCommit => {
    const shares = targets.flatMap((target) => {
      const { share, versions } = standingOf(target)
      return movedRoutes(target).map((route) => [route, { share, stable: versions?.stable }] as const)
    })
    return { ...commit, shares: new Map(shares) }
  }
  const base = sharesIn({ sha: group.base, message: '' }, own)
  const commits: GroupCommit[] = []
  for (const commit of group.commits)
    commits.push(sharesIn(commit, snapshotAsBase(own, await loadSnapshot(desk, commit.sha, config.value))))
  return { ...found, changes: found.changes.map((change) => withTwins(change, base, commits)) }
}

function withTwins(change: ReviewedChange, base: GroupCommit, commits: readonly GroupCommit[]): ReviewedChange {
  const all = movedRoutes(change.target).map((route) => raisersOf(route, base, commits))
  const raisers = all.find((some) => some.length > 1)
  if (raisers === undefined) return change
  const target = targetName(change.target)
  const verdict: Verdict = { gate: 'queue', target, state: 'block', reason: { code: 'two-steps', raisers } }
  return { ...change, verdicts: [...change.verdicts, verdict] }
}
