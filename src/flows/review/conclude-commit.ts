/** Decides what the checks of a commit say: the worst verdict of all merges that they would allow. */
import type { Review } from '../../core/gate/review.ts'
import { commitReports, mergeReports, type MergeReports } from '../../core/message/check/commit-checks.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { CheckReport, Sha } from '../../core/rollout/facts.ts'
import { pullsWithHead, recallGroup } from '../memory/commit-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { ReviewMemory } from '../memory/pull-memory.ts'
import { peersOf } from './peers.ts'
import { announceWork, checkBoard } from './check-board.ts'
import { summaryOptions } from './conversation.ts'
import { judgePeer } from './judge-pull.ts'
import { type PullEnds } from '../repository/pull-ends.ts'

interface ChecksQuestion {
  readonly ends: PullEnds
  /** There can be nothing on the commit yet, because it, or its pull request, was just created. */
  readonly isNew: boolean
  /** The last result for the pull request; undefined if memory must not be trusted. */
  readonly seen: ReviewMemory | undefined
  /** The previous head, if Perch has just committed. */
  readonly before: Sha
}

/** The checks of a commit, about to be concluded for one of the pull requests with this head. */
interface CommitChecks {
  /** Shows that the review is in progress, if the checks say nothing yet. */
  announce(): Promise<void>
  conclude(own: Review): Promise<CommitVerdict>
}

export interface CommitVerdict {
  /**
   * The open pull requests with this head. For the one that writes the checks, all of them. For another one, itself and the
   * writer.
   */
  readonly peers: readonly number[]
  /** Identifies the conclusion. Equal digests mean equal conclusions. */
  readonly digest: string
  readonly isGreen: boolean
}

/**
 * The pull request with the lowest number writes the checks of a commit, and judges the other ones too. So even if several are
 * reviewed at the same time, there is one writer, which always uses the worse verdict.
 */
export async function openChecks(
  context: RepositoryContext,
  { ends, isNew, seen, before }: ChecksQuestion,
): Promise<CommitChecks> {
  const { number, head, base } = ends.pull
  const board = checkBoard(context, head.sha, isNew ? [] : undefined)
  const published = seen?.head === head.sha ? seen.digest : ''
  const earlier = [...(seen?.peers ?? []), ...(before === head.sha ? [] : await pullsWithHead(context, before))]
  const isKnown = isNew || published !== ''
  const subjects = isKnown ? [] : (await board.runs()).flatMap((run) => run.subjects)
  const { peers, known } = await peersOf(context, { ends, subjects, earlier })
  const group = await recallGroup(context, head.sha)
  const writer = Math.min(number, ...peers.map(({ pull }) => pull.number))
  const isWriter = group === undefined && writer === number
  return {
    async announce() {
      if (isWriter && published === '') await announceWork(board, [{ pull: number, base: base.ref }])
    },
    async conclude(own) {
      const merges = [reportsOf(context, ends, own)]
      if (isWriter) for (const peer of peers) merges.push(reportsOf(context, peer, await judgePeer(context, peer)))
      const reports = commitReports(merges)
      const digest = reportsDigest(context, reports)
      if (digest !== published) {
        if (isWriter) for (const report of reports) await board.put(report)
        else if (group === undefined) await judgePullAgain(context, writer)
        else await context.ask.group({ ...group, head: head.sha }, { code: 'peer', digest, at: context.clock.now() })
      }
      await lookForOthers(context, head.sha, { writer, known })
      // Only the writer knows the final conclusion of the commit.
      const isGreen = isWriter && reports.every(({ conclusion }) => conclusion === 'success')
      return { peers: isWriter ? [number, ...peers.map(({ pull }) => pull.number)] : [writer, number], digest, isGreen }
    },
  }
}

/** Without the texts: they name commits, and nothing depends on them. */
export function reportsDigest(context: Pick<RepositoryContext, 'seal'>, reports: readonly CheckReport[]): string {
  const said = reports.map(({ name, conclusion, title, summary, annotations, actions, subjects }) => {
    return { name, conclusion, title, summary, annotations, actions, subjects }
  })
  return context.seal(JSON.stringify(said))
}

export function reportsOf(
  context: Pick<RepositoryContext, 'botLogin' | 'pageUrl' | 'clock'>,
  { pull, judgedFor }: PullEnds,
  review: Review,
): MergeReports {
  return mergeReports(review, {
    pull: pull.number,
    base: pull.base.ref,
    judgedFor,
    isStep: isStep(pull, context.botLogin),
    comment: summaryOptions(context, pull),
  })
}

/**
 * Other pull requests may have got this head meanwhile. Each one is remembered before it looks for others, so one of two always
 * sees the other.
 */
async function lookForOthers(
  context: RepositoryContext,
  head: Sha,
  { writer, known }: { readonly writer: number; readonly known: ReadonlySet<number> },
): Promise<void> {
  const fresh = (await pullsWithHead(context, head)).filter((number) => !known.has(number))
  if (fresh.length > 0) await judgePullAgain(context, Math.min(writer, ...fresh))
}

/** When many pull requests get one commit at once, the writer is not judged again for each of them. */
const SLOT_MS = 500

/** Has a pull request judged and its commit's checks written, even if memory says that they are up to date. */
export async function judgePullAgain(
  { ask, clock }: Pick<RepositoryContext, 'ask' | 'clock'>,
  pull: number,
): Promise<void> {
  // At the end of the slot, so that the review sees everything that requested it.
  const due = (Math.floor(clock.now() / SLOT_MS) + 1) * SLOT_MS
  await ask.review(pull, { code: 'shared-commit', due })
}
