import { type Outcome, refused } from '../../../core/command/outcome.ts'
import type { RolloutFacts } from '../../../core/rollout/transition.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { CommandRequest, HandlerResult } from './command-request.ts'
import { planOutcome } from './plan-outcome.ts'
import { commitChange } from './change-share.ts'
import { rolloutsOf } from './subject.ts'

/** Shows a plan, or replaces it, which is a commit to the branch of an open pull request. */
export async function changePlan(
  context: RepositoryContext,
  { command, subject, ...given }: CommandRequest<'plan'>,
): Promise<HandlerResult> {
  const { steps } = command
  if (steps === undefined) return planOutcome(await rolloutsOf(subject), command)
  if (subject.on === 'head') return commitChange(context, { ...given, subject, command: { ...command, steps } })
  return planOnBase(subject.pull.state === 'open', subject.related)
}

function planOnBase(isOpen: boolean, related: readonly RolloutFacts[]): Outcome {
  if (isOpen) return refused({ code: 'mixed' })
  return refused({ code: 'plan-on-merged', step: related.flatMap(({ open }) => open)[0]?.pull.number })
}
