import type { Review } from '../../core/gate/review.ts'
import { isStep } from '../../core/rollout/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { labelsOf } from '../rollout/propose.ts'

/** What step pull requests are found by in GitHub's lists. */
export async function labelSteps(
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

/** The task that was to label a step may have been lost with the process that opened it, or come too late. */
function missingLabels({ botLogin }: Pick<RepositoryContext, 'botLogin'>, pull: PullRequest): readonly string[] {
  return isStep(pull, botLogin) ? labelsOf('share').filter((label) => !pull.labels.includes(label)) : []
}
