import * as z from 'zod'
import { isClosedByPerch } from '../../core/marker/comment.ts'
import { isStepOf, kindOf } from '../../core/rollout/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import type { RecentPulls } from '../../ports/github/pull-requests.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'
import { historyOf } from '../measure/landing.ts'

type Needs = Pick<
  RepositoryContext,
  'pulls' | 'mirror' | 'renderer' | 'memo' | 'repo' | 'botLogin' | 'conversation' | 'activity' | 'clock'
>

/**
 * A pull request that is younger than the step was made for it, and not for an earlier rollout. Commit times have whole seconds.
 */
const CLOCK_SLACK_MS = 1_000

export interface ClosedSteps extends Pick<RolloutFacts, 'stoppedByHand' | 'rollbackRefused'> {
  /** Pull requests of the rollout that are older than those in the list. */
  readonly older: readonly PullRequest[]
}

/** A step's pull requests when they were last seen. Newer ones may have pushed them off the list since. */
const KnownSteps = z.object({
  /** The commit that brought the step. */
  landing: z.string(),
  /** Every pull request that was created after this moment is included. */
  upTo: z.number(),
  steps: z.array(z.object({ number: z.int(), state: z.enum(['open', 'merged', 'closed']), isRollback: z.boolean() })),
  /** Those that Perch itself has closed. */
  ownEnds: z.array(z.int()).optional(),
})
type KnownSteps = z.infer<typeof KnownSteps>

/** Reads a base branch's pull requests back to a moment, and further only if someone needs more. */
export type ReadBack = (since: number) => Promise<RecentPulls>

export function readerOf({ pulls }: Pick<RepositoryContext, 'pulls'>, base: string, recent: RecentPulls): ReadBack {
  let list = recent
  return async (since) => {
    if (list.since >= since) list = await pulls.recent(base, since)
    return list
  }
}

/**
 * What people have refused about the current step of a rollout, by closing its pull requests without merging, no matter how many
 * other pull requests were opened since. What memory does not contain is read from the list, back to the landing of the step.
 */
export async function closedSteps(
  context: Needs,
  at: {
    readonly base: BaseHead
    readonly recent: RecentPulls
    readonly readBack: ReadBack
    readonly turn?: RolloutFacts['turn']
  },
  standing: Standing,
): Promise<ClosedSteps> {
  const step = stepSince(standing, at.turn)
  const landing = step.share === 0 ? undefined : (await historyOf(context, at.base, step))?.landing
  if (landing === undefined) return { stoppedByHand: false, rollbackRefused: false, older: [] }
  const since = landing.time - CLOCK_SLACK_MS
  const key = `closed-steps:${context.repo.id}:${rolloutName(at.base.ref, standing.target)}`
  const { data } = KnownSteps.safeParse(await context.memo.get(key))
  const known = data?.landing === landing.sha ? data : undefined
  const from = known === undefined ? since : Math.max(since, known.upTo)
  const list = await at.readBack(from)
  const isMine = (pull: PullRequest): boolean =>
    isStepOf(standing.target, pull, context.botLogin) && pull.createdAt >= since
  const gone = await unlisted(context, list, known)
  const found = [...list.pulls.filter(isMine), ...gone.filter(({ base }) => base.ref === at.base.ref)]
  const steps = stepsOf(standing, found, known).filter(
    ({ number }) => !gone.some((pull) => pull.number === number && pull.base.ref !== at.base.ref),
  )
  const upTo = Math.max(...list.pulls.map(({ createdAt }) => createdAt))
  const { isStopped, ownEnds } = await stopIn(context, steps, known?.ownEnds ?? [])
  if (at.recent.since > 0)
    await context.memo.set(key, { landing: landing.sha, upTo, steps, ownEnds } satisfies KnownSteps)
  return {
    // If even the whole list does not reach back far enough, it is unknown whether the rollout was stopped.
    stoppedByHand: list.since >= from || isStopped,
    rollbackRefused: steps.some(({ state, isRollback }) => isRollback && state === 'closed'),
    older: found.filter(({ number }) => at.recent.pulls.every((pull) => pull.number !== number)),
  }
}

/**
 * The step whose landing decides which pull requests count. If the rollout will follow another environment from 0, that
 * environment's step.
 */
function stepSince(standing: Standing, turn: RolloutFacts['turn']): Standing {
  return standing.share === 0 && turn?.kind === 'goes' ? turn.follows : standing
}

/**
 * Whether a person closed the newest pull request. Those that Perch itself closed do not count: a controller may have moved the traffic for
 * a while, or another environment of the wave may have gone back.
 */
async function stopIn(
  { conversation }: Pick<RepositoryContext, 'conversation'>,
  steps: KnownSteps['steps'],
  known: readonly number[],
): Promise<{ readonly isStopped: boolean; readonly ownEnds: number[] }> {
  const ownEnds: number[] = []
  for (const { number, state } of steps) {
    if (state !== 'closed') return { isStopped: false, ownEnds }
    const isOwn = known.includes(number) || isClosedByPerch(await conversation.of(number))
    if (!isOwn) return { isStopped: true, ownEnds }
    ownEnds.push(number)
  }
  return { isStopped: false, ownEnds }
}

/** Pull requests that were open when they were last seen, and are no longer in the list: they ended, or somebody changed their base. */
async function unlisted(
  { pulls }: Pick<RepositoryContext, 'pulls'>,
  list: RecentPulls,
  known: KnownSteps | undefined,
): Promise<readonly PullRequest[]> {
  const listed = new Set(list.pulls.map(({ number }) => number))
  const gone = (known?.steps ?? []).filter(({ number, state }) => state === 'open' && !listed.has(number))
  const found: PullRequest[] = []
  for (const { number } of gone) {
    const pull = await pulls.get(number)
    if (pull !== undefined) found.push(pull)
  }
  return found
}

/** The current state of a step's pull requests, newest first. */
function stepsOf(
  { phase }: Standing,
  found: readonly PullRequest[],
  known: KnownSteps | undefined,
): KnownSteps['steps'] {
  const now = found.map(({ number, state, head }) => ({
    number,
    state,
    isRollback: kindOf(head.ref, phase) === 'rollback',
  }))
  const numbers = new Set(now.map(({ number }) => number))
  const earlier = (known?.steps ?? []).filter(({ number }) => !numbers.has(number))
  return [...now, ...earlier].toSorted((a, b) => b.number - a.number)
}
