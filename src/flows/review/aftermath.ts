/** What follows a review once its checks are concluded: labels, memory, rivals, timers and cleaning up. */
import { earliest } from '../../core/gate/live.ts'
import { TIMER_SLACK_MS, waitsOf } from '../../core/gate/waits.ts'
import { offerKey } from '../../core/arrival/start-command.ts'
import {
  awaitedTargets,
  closingTimes,
  isGated,
  isJudgedAgain,
  offeredVersions,
  lookTimes,
  type Review,
  verdictsOf,
} from '../../core/gate/review.ts'
import { isStep, kindOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { movedRoutes } from '../../core/rollout/target.ts'
import { showLive } from '../deployment/shown-steps.ts'
import { tellStep } from '../notify/tell-step.ts'
import { sayIfAllowed } from '../repository/github-refusals.ts'
import { rememberPull, rememberWaiting, type ReviewMemory } from '../memory/pull-memory.ts'
import type { PullEnds } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { sayIfChanged } from '../repository/step-ownership.ts'
import { labelsOf } from '../rollout/propose.ts'
import { stopsKey } from '../stop/stops-key.ts'
import { cleanUpCommit } from './clean-up.ts'
import type { CommitVerdict } from './conclude-commit.ts'
import { mergeWhenAllowed } from './merge.ts'
import { rememberGates } from '../memory/watch-memory.ts'
import { sayNotLive } from '../notify/not-live.ts'
import { lookAtRivals } from './rivals.ts'

interface ConcludedReview extends CommitVerdict {
  readonly review: Review
  /** Our comment is on the pull request. */
  readonly commented: boolean
  /** The labels that a pull request needs which Perch has just opened; undefined for others. */
  readonly labels: readonly string[] | undefined
  /** The head before Perch's own commit, and the result of the last review. */
  readonly before: Sha
  readonly seen: ReviewMemory | undefined
}

/**
 * Sets labels, remembers the result, has others judged again, sets a timer if time alone can change the verdict, and merges if
 * the config says so.
 */
export async function followUp(context: RepositoryContext, ends: PullEnds, found: ConcludedReview): Promise<void> {
  const { pull, base } = ends
  const { review, labels, isGreen } = found
  await sayIfAllowed(context, pull.number, () => labelSteps(context, { pull, labels }, review))
  const next = memoryOf(context, ends, found)
  await rememberPull(context, pull.number, next)
  await rememberWaiting(context, pull.number, next.waits)
  const verdicts = verdictsOf(review)
  if (verdicts.length > 0 || found.seen?.traffic === true) await rememberGates(context, pull.number, verdicts)
  await lookAtRivals(context, { number: pull.number, seen: next })
  if (next.until !== undefined) await setTimer(context, pull, next.until)
  await sayIfChanged(context, pull, base)
  if (isStep(pull, context.botLogin) && isInConflict(review)) await askForNewStep(context, ends)
  await sayNotLive(context, ends, review)
  await tellStep(context, ends, review)
  await showLive(context, pull.base.ref, review.changes)
  if (isGreen) await mergeWhenAllowed(context, { pull, base, seen: next }, review.changes)
  await cleanUpOldHeads(context, pull, found)
}

/** Sets the labels by which step pull requests can be found in GitHub's lists. */
async function labelSteps(
  context: Pick<RepositoryContext, 'pulls' | 'botLogin'>,
  at: { readonly pull: PullRequest; readonly labels: readonly string[] | undefined },
  found: Review,
): Promise<void> {
  const { pull } = at
  const isHeld = found.changes.some(({ verdicts }) => verdicts.some(({ reason }) => reason.code === 'held'))
  const labels = [...(at.labels ?? missingLabels(context, pull))]
  const isMarked = pull.labels.includes(HOLD_LABEL)
  if (isHeld && !isMarked && isStep(pull, context.botLogin)) labels.push(HOLD_LABEL)
  if (labels.length > 0) await context.pulls.label(pull.number, labels)
  if (!isHeld && isMarked) await context.pulls.unlabel(pull.number, HOLD_LABEL)
}

const HOLD_LABEL = 'canary:hold'

/** The task that should have labelled a step may have been lost with the process that opened it, or may have come too late. */
function missingLabels({ botLogin }: Pick<RepositoryContext, 'botLogin'>, pull: PullRequest): readonly string[] {
  if (!isStep(pull, botLogin)) return []
  const kind = kindOf(pull.head.ref, 'idle') === 'switch' ? 'switch' : 'share'
  return labelsOf(kind).filter((label) => !pull.labels.includes(label))
}

function memoryOf(
  context: Pick<RepositoryContext, 'seal' | 'clock'>,
  { pull, judgedFor, base, refs }: PullEnds,
  { review, commented, peers, digest, isGreen }: ConcludedReview,
): ReviewMemory {
  const { changes } = review
  const verdicts = verdictsOf(review)
  const until = earliest(isGreen ? closingTimes(review) : lookTimes(review, context.clock.now()))
  const behind = verdicts.flatMap(({ reason }) => (reason.code === 'other-pull' ? [reason.pull] : []))
  return {
    head: pull.head.sha,
    base,
    judgedFor,
    into: pull.base.ref,
    draft: pull.draft,
    peers: [...peers],
    digest,
    green: isGreen && isGated(review),
    waits: [...waitsOf(verdicts)],
    traffic: isJudgedAgain(review),
    grounds: review.grounds ?? '',
    commented,
    offer: offerKey(offeredVersions(review)),
    targets: changes.flatMap(({ target }) => movedRoutes(target)),
    awaited: awaitedTargets(review).flatMap(movedRoutes),
    stops: stopsKey(context, refs),
    abandoned: false,
    behind: [...new Set(behind)],
    // Also gates that pass, because an approval can be withdrawn.
    polls: verdicts.some(({ gate }) => gate === 'approvals'),
    ...(until === undefined ? {} : { until }),
  }
}

/** If the timer's moment is closer than this, it may have fired too early, on a clock that is ahead of ours. */
const NEAR_MS = 5_000

async function setTimer(
  { ask, clock }: Pick<RepositoryContext, 'ask' | 'clock'>,
  { number, head }: PullRequest,
  moment: number,
): Promise<void> {
  const now = clock.now()
  const near = moment - now < NEAR_MS ? { second: Math.floor(now / 1000) } : {}
  await ask.review(number, { code: 'timer', head: head.sha, due: moment + TIMER_SLACK_MS, ...near })
}

function isInConflict({ problems }: Review): boolean {
  return problems.some(({ cause }) => cause.kind === 'conflict')
}

/**
 * When the base branch moves, the rollout plans a step again. If someone's commit to the step causes a conflict, nothing else
 * would trigger that.
 */
async function askForNewStep({ ask }: Pick<RepositoryContext, 'ask'>, { pull, base }: PullEnds): Promise<void> {
  await ask.advance(pull.base.ref, { code: 'in-conflict', head: pull.head.sha, base })
}

/** Cleans up the checks on the commits that were its head before. */
async function cleanUpOldHeads(
  context: RepositoryContext,
  { number, head }: PullRequest,
  { before, seen }: Pick<ConcludedReview, 'before' | 'seen'>,
): Promise<void> {
  for (const old of new Set([before, seen?.head ?? before])) {
    const wasGreen = old === seen?.head && seen.green
    if (old !== head.sha) await cleanUpCommit(context, old, { pull: number, wasGreen })
  }
}
