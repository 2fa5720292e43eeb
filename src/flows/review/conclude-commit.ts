/** What the checks of a commit say: the worst over every merge that they would open. */
import type { Review } from '../../core/gate/review.ts'
import { commitReports, mergeReports, type MergeReports } from '../../core/message/check/commit-checks.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { CheckReport, Sha } from '../../core/rollout/facts.ts'
import { pullsWithHead, recallGroup } from '../repository/commit-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { ReviewMemory } from '../repository/memory.ts'
import { peersOf } from './peers.ts'
import { announceWork, checkBoard } from './check-board.ts'
import { judgePeer } from './judgement.ts'
import { type PullEnds } from '../repository/pull-ends.ts'

export interface CommitQuestion {
  readonly ends: PullEnds
  /** Nothing can be on the commit yet: it, or its pull request, was made a moment ago. */
  readonly isNew: boolean
  /** What was last found out about the pull request; undefined where memory must not be trusted. */
  readonly seen: ReviewMemory | undefined
  /** The head before this one, where Perch has just committed. */
  readonly before: Sha
}

/** A commit whose checks are about to be concluded, for one of the pull requests that have it as their head. */
export interface Commit {
  /** Says that the work goes on, where nothing else is said yet. */
  announce(): Promise<void>
  conclude(own: Review): Promise<CommitVerdict>
}

export interface CommitVerdict {
  /**
   * The open pull requests with this head. For the one that writes its checks all of them; for another one, itself and the
   * one that writes.
   */
  readonly peers: readonly number[]
  /** What was concluded, as one word; the same one means the same. */
  readonly digest: string
  readonly isGreen: boolean
}

/**
 * The pull request with the lowest number writes the checks of a commit, and judges the others with it: whatever is looked
 * at side by side, one hand writes, and it never writes the better of two verdicts.
 */
export async function openCommit(
  context: RepositoryContext,
  { ends, isNew, seen, before }: CommitQuestion,
): Promise<Commit> {
  const { number, head, base } = ends.pull
  const board = checkBoard(context, head.sha, isNew ? [] : undefined)
  const published = seen?.head === head.sha && seen.digest !== '' ? seen.digest : undefined
  const earlier = [...(seen?.peers ?? []), ...(before === head.sha ? [] : await pullsWithHead(context, before))]
  const isKnown = isNew || published !== undefined
  const subjects = isKnown ? [] : (await board.runs()).flatMap((run) => run.subjects)
  const { peers, known } = await peersOf(context, { ends, subjects, earlier })
  const group = await recallGroup(context, head.sha)
  const writer = Math.min(number, ...peers.map(({ pull }) => pull.number))
  const isWriter = group === undefined && writer === number
  return {
    async announce() {
      if (isWriter && published === undefined) await announceWork(board, [{ pull: number, base: base.ref }])
    },
    async conclude(own) {
      const merges = [reportsOf(context, ends, own)]
      if (isWriter) for (const peer of peers) merges.push(reportsOf(context, peer, await judgePeer(context, peer)))
      const reports = commitReports(merges)
      const digest = reportsDigest(context, reports)
      if (digest !== published) {
        if (isWriter) for (const report of reports) await board.put(report)
        else if (group === undefined) await judgeAnew(context, writer)
        else await context.ask.group({ ...group, head: head.sha }, { code: 'peer', digest, at: context.clock.now() })
      }
      await lookForOthers(context, head.sha, { writer, known })
      // Where another one writes, nobody here knows what the commit comes to.
      const isGreen = isWriter && reports.every(({ conclusion }) => conclusion === 'success')
      return { peers: isWriter ? [number, ...peers.map(({ pull }) => pull.number)] : [writer, number], digest, isGreen }
    },
  }
}

/** Without the text: it names commits, and nothing rests on it. */
export function reportsDigest(context: Pick<RepositoryContext, 'seal'>, reports: readonly CheckReport[]): string {
  const said = reports.map(({ name, conclusion, title, summary, annotations, actions, subjects }) => {
    return { name, conclusion, title, summary, annotations, actions, subjects }
  })
  return context.seal(JSON.stringify(said))
}

export function reportsOf(
  context: Pick<RepositoryContext, 'botLogin'>,
  { pull, judgedFor }: PullEnds,
  review: Review,
): MergeReports {
  return mergeReports(review, {
    pull: pull.number,
    base: pull.base.ref,
    judgedFor,
    isStep: isStep(pull, context.botLogin),
  })
}

/** Others may have come while this one was judged. Each is remembered before it looks, so one of two sees the other. */
async function lookForOthers(
  context: RepositoryContext,
  head: Sha,
  { writer, known }: { readonly writer: number; readonly known: ReadonlySet<number> },
): Promise<void> {
  const fresh = (await pullsWithHead(context, head)).filter((number) => !known.has(number))
  if (fresh.length > 0) await judgeAnew(context, Math.min(writer, ...fresh))
}

/** When many pull requests of one commit come at once, the one that writes is not judged again for each. */
const SLOT_MS = 500

/** Has a pull request judged and its commit's checks written, whatever memory says that is there. */
export async function judgeAnew({ ask, clock }: Pick<RepositoryContext, 'ask' | 'clock'>, pull: number): Promise<void> {
  // At the end of the slot, so that it sees all that asked for it.
  const due = (Math.floor(clock.now() / SLOT_MS) + 1) * SLOT_MS
  await ask.review(pull, { code: 'shared-commit', due })
}
