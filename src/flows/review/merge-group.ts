import { branchRef } from '../../core/branch-ref.ts'
import { earliest } from '../../core/gate/live.ts'
import { TIMER_SLACK_MS, waitsOf } from '../../core/gate/waits.ts'
import { type Override, overrule, type Verdict } from '../../core/gate/gate.ts'
import { moversOf, raisersOf } from '../../core/gate/queue.ts'
import {
  closingTimes,
  lookTimes,
  isJudgedAgain,
  NO_CHANGE,
  type Review,
  type ReviewedChange,
  verdictsOf,
} from '../../core/gate/review.ts'
import { mergedPromotions, type ReviewedPromotion } from '../../core/gate/promotion.ts'
import { overridesIn } from '../../core/marker/override.ts'
import { commitReports, mergeReports } from '../../core/message/check/commit-checks.ts'
import { staleGroupProblem } from '../../core/problem/merge.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { PROMOTION_REFS } from '../../core/promotion/branch.ts'
import { movedRoutes, targetName } from '../../core/rollout/target.ts'
import { STOP_REFS } from '../../core/stop/stop.ts'
import { mentionedBy } from '../tasks/causes.ts'
import { type GroupRecord, pullsWithHead, recallGroup, rememberGroup } from '../memory/commit-memory.ts'
import { reportsOf } from './conclude-commit.ts'
import { judgePeer, judgeQueuedPromotion, waitKeeper } from './judge-pull.ts'
import { cleanUpGroup } from './clean-up.ts'
import { openPullAt } from './peers.ts'
import { decidingRef } from '../repository/deployed-branches.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { judgeMerge, type MergeQuestion, stackedOn } from '../judgement/judge-merge.ts'
import { type GroupMember, type GroupParts, type GroupRange, membersOf, partsOf, promotersOf } from './group-parts.ts'
import { loadConfig } from '../repository/load.ts'
import { checkBoard } from './check-board.ts'
import { judgedBase, pullAt, type PullEnds } from '../repository/pull-ends.ts'
import { stopsAmong } from '../stop/stops.ts'
import { stopsKey } from '../stop/stops-key.ts'
import type { TaskOf } from '../tasks/tasks.ts'

type GroupTask = TaskOf<'group'>

/** More than GitHub puts into a group: 100 pull requests with one commit each (merge queue settings). */
const MAX_COMMITS = 200

/**
 * Concludes both checks on the commit that GitHub's merge queue would put on the base branch. The commit is judged as one change
 * of the current branch, and two steps of one rollout never pass together. While the group waits in the queue, it is judged again
 * like a pull request.
 */
export async function reviewGroup(context: RepositoryContext, task: GroupTask): Promise<void> {
  const { head, ref } = task
  const baseRef = branchRef(task.base)
  // Until it is judged, it counts as a change of traffic, so that changes in the meantime cause another review.
  const before = { base: task.base, ref, stops: '', waits: [], traffic: true }
  if ((await recallGroup(context, head)) === undefined) await rememberGroup(context, head, before)
  const refs = await context.mirror.fetch([...new Set([baseRef, ref, decidingRef(context), STOP_REFS, PROMOTION_REFS])])
  const judged = await judgedBase(context, task.base, refs)
  // The group is gone, or has been replaced by another one with its own webhook.
  if (judged === undefined || !refs.has(baseRef) || refs.get(ref) !== head) return cleanUpGroup(context, head)
  const remember = (found: Partial<GroupRecord>): Promise<void> =>
    rememberGroup(context, head, { ...before, stops: stopsKey(context, refs), ...found })
  await remember({})
  const onWait = waitKeeper((waits) => remember({ waits: [...waits] }))
  const found = await judgeGroup(context, { ...task, onWait }, { ...judged, refs })
  await publish(context, task, { judgedFor: judged.judgedFor, found })
  const until = earliest([...closingTimes(found), ...lookTimes(found, context.clock.now())])
  await remember({
    waits: [...waitsOf(verdictsOf(found))],
    traffic: isJudgedAgain(found),
    ...(until === undefined ? {} : { until }),
  })
  if (until !== undefined) await context.ask.group(task, { code: 'timer', head, due: until + TIMER_SLACK_MS })
}

async function judgeGroup(
  context: RepositoryContext,
  { base: into, head, why, onWait }: GroupTask & Required<Pick<MergeQuestion, 'onWait'>>,
  { base, judgedFor, refs }: Pick<PullEnds, 'judgedFor' | 'base' | 'refs'>,
): Promise<Review> {
  const commits = await commitsOf(context, base, head)
  const isStacked = judgedFor !== into
  if (commits === undefined && !isStacked) return { ...NO_CHANGE, problems: [staleGroupProblem(into)] }
  const asked = { mentioned: mentionedBy(why), onWait }
  const around = {
    pull: undefined,
    stops: await stopsAmong(context, refs),
    claimant: () => Promise.resolve(undefined),
    // Which overrides count depends on the pull request that brings each change.
    overrides: () => Promise.resolve([]),
  }
  const found = await judgeMerge(context, {
    base: { ref: judgedFor, sha: base },
    head,
    ...asked,
    // Someone with write access put it into the queue.
    maySend: true,
    around,
    ...stackedOn(into, judgedFor),
  })
  if (isStacked) return found
  const group = { into, base, commits: commits ?? [] }
  const promotion = await judgePromotions(context, { ...group, judgedFor, refs }, asked)
  return { ...(await judgeByMembers(context, group, found)), promotion }
}

/** The gates of the promotions in a group. A freeze may have begun since they were queued. */
async function judgePromotions(
  context: RepositoryContext,
  { refs, judgedFor, ...group }: GroupRange & Pick<PullEnds, 'judgedFor' | 'refs'>,
  asked: Pick<MergeQuestion, 'mentioned' | 'onWait'>,
): Promise<ReviewedPromotion | undefined> {
  const start = PROMOTION_REFS.slice(0, -1)
  const heads = new Set([...refs].flatMap(([name, sha]) => (name.startsWith(start) ? [sha] : [])))
  const members = heads.size === 0 ? [] : await membersOf(context, group)
  const found: ReviewedPromotion[] = []
  for (const { pull: number, head } of members.filter((member) => heads.has(member.head))) {
    const pull = await context.pulls.get(number)
    if (pull === undefined) continue
    const ends = { pull: pullAt(pull, head), base: group.base, judgedFor, refs }
    const promotion = await judgeQueuedPromotion(context, ends, asked)
    if (promotion !== undefined) found.push(promotion)
  }
  return mergedPromotions(found)
}

/** A queued commit may also be the head of a pull request. Then the worse verdict counts. */
async function publish(
  context: RepositoryContext,
  { base, head }: GroupTask,
  { judgedFor, found }: { readonly judgedFor: string; readonly found: Review },
): Promise<void> {
  const merges = [mergeReports(found, { pull: undefined, base, judgedFor, isStep: false, comment: undefined })]
  const board = checkBoard(context, head)
  for (const number of await pullsWithHead(context, head)) {
    const ends = await openPullAt(context, number, head)
    if (ends !== undefined) merges.push(reportsOf(context, ends, await judgePeer(context, ends)))
  }
  for (const report of commitReports(merges)) await board.put(report)
}

/** The group's own commits along first parents, oldest first; undefined if they are not based on the base branch. */
async function commitsOf(
  context: Pick<RepositoryContext, 'mirror'>,
  base: Sha,
  head: Sha,
): Promise<readonly Sha[] | undefined> {
  const line = (await context.mirror.landings(head, 'all', MAX_COMMITS)).map(({ sha }) => sha)
  const end = line.indexOf(base)
  return end === -1 ? undefined : line.slice(0, end).toReversed()
}

/**
 * Applies the overrides of the pull requests in a group, each at its queued head and only to its own changes. Blocks every
 * rollout that more than one pull request of the group raises.
 */
async function judgeByMembers(
  context: RepositoryContext,
  group: { readonly into: string; readonly base: Sha; readonly commits: readonly Sha[] },
  found: Review,
): Promise<Review> {
  const isOpen = ({ verdicts }: ReviewedChange): boolean => verdicts.some(({ state }) => state !== 'pass')
  if (found.changes.length === 0 || (group.commits.length < 2 && !found.changes.some(isOpen))) return found
  const config = await loadConfig(context, group.base)
  if (!config.ok) return found
  const members = await membersOf(context, group)
  const split = await partsOf(context, { ...group, members }, config.value)
  const changes: ReviewedChange[] = []
  for (const change of found.changes) {
    const overrides = isOpen(change) ? await overridesFor(context, change, { ...split, members }) : []
    changes.push(await withTwoSteps(context, { ...change, verdicts: overrule(change.verdicts, overrides) }, split))
  }
  return { ...found, changes }
}

/** No overrides if the change does not belong to one pull request alone, because an override was given for that pull request. */
async function overridesFor(
  context: RepositoryContext,
  { target, version, widened = [], leaving }: ReviewedChange,
  { base, parts, members }: GroupParts & { readonly members: readonly GroupMember[] },
): Promise<readonly Override[]> {
  const isHidden = version !== undefined || widened.length > 0 || leaving !== undefined
  const change = { routes: movedRoutes(target), environments: target.environments, isHidden }
  const [mover, ...others] = moversOf(change, base, parts)
  const member = members.find(({ pull }) => pull === mover?.pull)
  if (member === undefined || others.length > 0) return []
  return overridesIn(await context.conversation.of(member.pull), member.head, context.seal)
}

/** Blocks a rollout that several parts raise, by its share or by the version behind it. */
async function withTwoSteps(
  context: RepositoryContext,
  change: ReviewedChange,
  split: GroupParts,
): Promise<ReviewedChange> {
  const { base, parts } = split
  const promoters = change.version?.role === 'stable' ? await promotersOf(context, change.target, split) : []
  const raisers = movedRoutes(change.target)
    .map((route) => new Set([...raisersOf(route, base, parts), ...promoters]))
    .find(({ size }) => size > 1)
  if (raisers === undefined) return change
  const names = parts.filter((part) => raisers.has(part)).map(({ name }) => name)
  const reason = { code: 'two-steps', raisers: names } as const
  const verdict: Verdict = { gate: 'queue', target: targetName(change.target), state: 'block', reason }
  return { ...change, verdicts: [...change.verdicts, verdict] }
}
