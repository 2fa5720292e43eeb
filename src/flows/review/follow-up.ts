/** What follows from a review once its checks are concluded: what is remembered, who is judged again, and when. */
import { nextLook } from '../../core/gate/gate.ts'
import { wantOf } from '../../core/gate/live.ts'
import type { Review, ReviewedChange } from '../../core/gate/review.ts'
import { waitKey } from '../../core/gate/signal.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { movedRoutes } from '../../core/rollout/target.ts'
import type { CommitVerdict } from './conclude-commit.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallPulls, rememberPull, rememberWaiting, type ReviewMemory } from '../repository/memory.ts'
import { mergeWhenAllowed } from './merge.ts'
import type { PullEnds } from '../repository/pull-ends.ts'
import { sayIfChanged } from '../repository/step-ownership.ts'
import { stopsKey } from '../stop/stops-key.ts'

type ConcludedReview = CommitVerdict & { readonly review: Review; readonly commented: boolean }

/** Merges where the config says so, remembers what was found, and comes back when time alone can change it. */
export async function followUp(context: RepositoryContext, at: PullEnds, found: ConcludedReview): Promise<void> {
  const { pull } = at
  const { changes } = found.review
  const seen = seenOf(context, at, found)
  await rememberPull(context, pull.number, seen)
  await rememberWaiting(context, pull.number, seen.waits)
  await lookAtRivals(context, { number: pull.number, seen })
  if (seen.until !== undefined) await setTimer(context, pull, seen.until)
  await sayIfChanged(context, pull, at.base)
  if (isStep(pull, context.botLogin) && isInConflict(found.review)) await askForNewStep(context, at)
  if (found.isGreen) await mergeWhenAllowed(context, { pull, base: at.base }, changes)
}

function seenOf(
  context: Pick<RepositoryContext, 'seal'>,
  { pull, judgedFor, base, refs }: PullEnds,
  { review, commented, peers, digest, isGreen }: ConcludedReview,
): ReviewMemory {
  const { changes } = review
  const verdicts = changes.flatMap((change) => change.verdicts)
  const waits = waitsOf(changes)
  const until = isGreen ? earliest(changes.flatMap(({ freezesAt }) => freezesAt ?? [])) : nextLook(verdicts)
  const behind = verdicts.flatMap(({ reason }) => (reason.code === 'other-pull' ? [reason.pull] : []))[0]
  return {
    head: pull.head.sha,
    base,
    judgedFor,
    into: pull.base.ref,
    draft: pull.draft,
    peers: [...peers],
    digest,
    green: isGreen && changes.length > 0,
    waits: [...waits],
    traffic: changes.length > 0,
    commented,
    targets: changes.flatMap(({ target }) => movedRoutes(target)),
    stops: stopsKey(context, refs),
    // Also what passes: an approval can be taken back.
    polls: verdicts.some(({ gate }) => gate === 'approvals'),
    ...(behind === undefined ? {} : { behind }),
    ...(until === undefined ? {} : { until }),
  }
}

/** When time alone closes a gate that is open, or may open one that waits. */
export function earliest(moments: readonly number[]): number | undefined {
  return moments.length === 0 ? undefined : Math.min(...moments)
}

function isInConflict({ problems }: Review): boolean {
  return problems.some(({ cause }) => cause.kind === 'conflict')
}

/**
 * The rollout plans a step anew when the base branch moves. One that came into conflict by what was committed to it since has
 * no such moment.
 */
async function askForNewStep({ ask }: RepositoryContext, { pull, base }: PullEnds): Promise<void> {
  await ask.advance(pull.base.ref, { code: 'in-conflict', head: pull.head.sha, base })
}

interface Rival {
  readonly number: number
  readonly seen: ReviewMemory
}

/**
 * Of two pull requests that move the same route the younger waits, and either may be looked at first, or both at once. Each
 * has remembered what it moves before it looks for others here, so one of them sees the other: then the younger is judged
 * again. So is one that waits for this pull request, and need not any more.
 */
async function lookAtRivals(context: RepositoryContext, self: Rival): Promise<void> {
  for (const [number, seen] of await recallPulls(context)) {
    if (number === self.number || seen.head === '') continue
    const other = { number, seen }
    const heads = [seen.head, self.seen.head].sort().join(':')
    if (number < self.number) {
      if (isHeldBy(self, other) && !isBehind(self, other))
        await context.ask.review(self.number, { code: 'older-found', older: number, heads })
    } else if (isHeldBy(other, self) ? !isBehind(other, self) : other.seen.behind === self.number)
      await context.ask.review(number, { code: 'rival', older: self.number, heads, at: context.clock.now() })
  }
}

function isHeldBy({ seen: younger }: Rival, { seen: older }: Rival): boolean {
  const isOther = !older.draft && older.into === younger.judgedFor && older.head !== younger.head
  return isOther && older.targets.some((target) => younger.targets.includes(target))
}

function isBehind({ seen: { behind } }: Rival, older: Rival): boolean {
  return behind !== undefined && behind <= older.number
}

/** Below this a timer's moment is so near that it may just have gone off too early, by a clock that is ahead of ours. */
const NEAR_MS = 5_000

/** The clock that decides then must not be behind the one that set the timer. */
export const TIMER_SLACK_MS = 50

async function setTimer(context: RepositoryContext, pull: PullRequest, moment: number): Promise<void> {
  const now = context.clock.now()
  const near = moment - now < NEAR_MS ? { second: Math.floor(now / 1000) } : {}
  await context.ask.review(pull.number, { code: 'timer', head: pull.head.sha, due: moment + TIMER_SLACK_MS, ...near })
}

/** Also of what has come: a failure can turn, and a success can be taken back while the step bakes. */
export function waitsOf(changes: readonly ReviewedChange[]): readonly string[] {
  const reasons = changes.flatMap(({ verdicts }) => verdicts.map(({ reason }) => reason))
  const keys = reasons.flatMap((reason) => {
    if (reason.code !== 'live' && reason.code !== 'after-not-live') return []
    const wants = reason.liveness.parts.flatMap(({ entry }) => wantOf(entry) ?? [])
    return wants.map(({ source, pattern }) => waitKey(source, pattern))
  })
  return [...new Set(keys)]
}
