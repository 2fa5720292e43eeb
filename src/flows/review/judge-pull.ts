/** Judges the head of a pull request: what merging it would do, and whether it may be merged now. */
import type { Override } from '../../core/gate/gate.ts'
import type { ReviewedPromotion } from '../../core/gate/promotion.ts'
import type { Review } from '../../core/gate/review.ts'
import type { Comment, Sha } from '../../core/rollout/facts.ts'
import type { Stops } from '../../core/stop/stop.ts'
import { judgeMerge, type MergeQuestion, stackedOn } from '../judgement/judge-merge.ts'
import { judgePromotion } from '../judgement/judge-promotion.ts'
import { protectionNotes } from '../judgement/protection.ts'
import { surroundingsOf } from '../judgement/surroundings.ts'
import { rememberWaiting } from '../memory/pull-memory.ts'
import { isStacked, type PullEnds, withHead } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { stopsAmong } from '../stop/stops.ts'
import { mentionedBy } from '../tasks/causes.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import type { PullComments } from './conversation.ts'

/** Additional inputs for the final look at a head. */
interface LastLook extends Pick<MergeQuestion, 'onRender'> {
  /** Overrides from a moment ago. Their record is posted last. */
  readonly overrides: readonly Override[]
}

/** Judges an open pull request at any head, because a command may ask about it before a new head exists. */
export async function judgeFor(
  context: RepositoryContext,
  at: PullEnds,
  { why, comments }: Pick<TaskOf<'review'>, 'why'> & { readonly comments: PullComments },
): Promise<(head: Sha, last?: LastLook) => Promise<Review>> {
  const stops = await stopsAmong(context, at.refs)
  return async (head, last) => {
    const question = questionOf(context, withHead(at, head), { stops, comments: () => comments.read() })
    const mentioned = mentionedBy(why)
    const onWait = waitKeeper((waits) => rememberWaiting(context, at.pull.number, waits))
    const found = await judgeMerge(context, withLast({ ...question, mentioned, onWait }, last))
    return mayStart(context, at) ? found : { ...found, newVersions: [] }
  }
}

/**
 * Whether a rollout can start with it. Pull requests that Perch opened are not asked about, and branches that nothing deploys
 * have no rollouts.
 */
function mayStart({ botLogin }: Pick<RepositoryContext, 'botLogin'>, ends: PullEnds): boolean {
  return ends.pull.author.login !== botLogin && !isStacked(ends)
}

/** Remembers all signals that something waits for, as soon as each is known. */
export function waitKeeper(
  remember: (waits: readonly string[]) => Promise<void>,
): NonNullable<MergeQuestion['onWait']> {
  const waits = new Set<string>()
  return async (keys) => {
    for (const key of keys) waits.add(key)
    await remember([...waits])
  }
}

function withLast(question: MergeQuestion, last: LastLook | undefined): MergeQuestion {
  if (last === undefined) return question
  const { overrides, ...rest } = last
  const before = question.around.overrides
  return {
    ...question,
    ...rest,
    around: { ...question.around, overrides: async () => [...overrides, ...(await before())] },
  }
}

/** Judges another pull request with the same head as if it were judged alone. */
export async function judgePeer(context: RepositoryContext, ends: PullEnds): Promise<Review> {
  const stops = await stopsAmong(context, ends.refs)
  const comments = (): Promise<readonly Comment[]> => context.conversation.of(ends.pull.number)
  return judgeMerge(context, questionOf(context, ends, { stops, comments }))
}

/** The result of the gates for a promotion in a merge queue; undefined for other pull requests. */
export async function judgeQueuedPromotion(
  context: RepositoryContext,
  ends: PullEnds,
  asked: Pick<MergeQuestion, 'mentioned' | 'onWait'>,
): Promise<ReviewedPromotion | undefined> {
  const stops = await stopsAmong(context, ends.refs)
  const comments = (): Promise<readonly Comment[]> => context.conversation.of(ends.pull.number)
  return judgePromotion(context, { ...questionOf(context, ends, { stops, comments }), ...asked })
}

/** What has to be found out about an open pull request at its head. */
function questionOf(
  context: RepositoryContext,
  ends: PullEnds,
  { stops, comments }: { readonly stops: Stops; readonly comments: () => Promise<readonly Comment[]> },
): MergeQuestion {
  const { pull, base, judgedFor } = ends
  return {
    base: { ref: judgedFor, sha: base },
    head: pull.head.sha,
    maySend: !pull.head.isFork,
    ...stackedOn(pull.base.ref, judgedFor),
    notes: () => protectionNotes(context, judgedFor),
    around: surroundingsOf(context, { ends, stops }, comments),
  }
}
