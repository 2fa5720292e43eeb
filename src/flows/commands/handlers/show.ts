/** Commands that only show something. */
import { type Outcome, refused } from '../../../core/command/outcome.ts'
import { statusLines } from '../../../core/rollout/related.ts'
import { withObserved } from '../../measure/observe-traffic.ts'
import { withCanaryNews } from '../../stop/canary-lines.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { baseRefusal, loadBase } from '../../rollout/rollouts.ts'
import { withStuck } from '../../rollout/stuck.ts'
import type { CommandRequest } from './command-request.ts'
import { changedByMerge } from '../../repository/history.ts'
import { homeOf } from '../../repository/deployed-branches.ts'
import { awayFrom, baseSubject, reviewOf } from './subject.ts'

/** The states of rollouts, and why one does not continue. */
export async function showStatus(context: RepositoryContext, { subject }: CommandRequest<'status'>): Promise<Outcome> {
  const { pull } = subject
  const base = subject.on === 'base' ? subject.base : await loadBase(context, await homeOf(context, pull))
  const proposed = subject.on === 'head' && pull.state === 'open' ? (await reviewOf(subject)).changes : []
  if (base === undefined) return { code: 'status', standings: [], proposed }
  if (!base.ok) return refused(baseRefusal(base.error, pull))
  const found = baseSubject(context, pull, base.value)
  const away = awayFrom(found)
  if (away !== undefined) return { code: 'status', standings: [], proposed, away }
  const { ref, rollouts } = base.value
  const isOpen = subject.on === 'head' && pull.state === 'open'
  const changed = isOpen ? await changedByMerge(context, subject.base, pull.head.sha) : []
  const lines = statusLines(found.related, rollouts, changed)
  const known = await withCanaryNews(context, await withStuck(context, ref, lines))
  const standings = await withObserved(context, known)
  return { code: 'status', standings, proposed }
}

/** The verdicts of the gates, or the changes in each environment. */
export async function showReview(
  _: RepositoryContext,
  { command, subject }: CommandRequest<'why' | 'diff'>,
): Promise<Outcome> {
  return { code: command.name, review: await reviewOf(subject) }
}

/** The review that carries this command out writes both checks again anyway. */
export function lookAgain(): Outcome {
  return { code: 'looked-again' }
}

export function showHelp(): Outcome {
  return { code: 'help' }
}
