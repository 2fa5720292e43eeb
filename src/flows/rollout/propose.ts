import { moveBody, moveCommit, moveTitle } from '../../core/message/pull-request/pull-request.ts'
import type { Result } from '../../core/result.ts'
import { branchOf } from '../../core/rollout/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import type { NewTexts } from '../../core/layer/place.ts'
import type { Move } from '../../core/rollout/move.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import type { Proposal } from '../../core/rollout/proposal.ts'
import { type ChangeDraft, type ChangeNeeds, openChange, remakeChange } from './open-change.ts'
import { forgetUnopened, rememberUnopened } from './unopened.ts'

/** A move with its new file texts, which have been proven. */
export interface PreparedProposal {
  readonly proposal: Proposal
  readonly files: NewTexts
}

/** Opens the pull request of a move, on the current base. */
export async function propose(
  context: ChangeNeeds & Pick<RepositoryContext, 'memo'>,
  base: BaseHead,
  made: PreparedProposal,
): Promise<Result<PullRequest, Refusal>> {
  const draft = draftOf(context, base, made)
  await rememberUnopened(context, base.ref, draft.branch)
  const done = await openChange(context, base, draft)
  await forgetUnopened(context, base.ref, draft.branch)
  return done
}

/** Remakes the branch of an open pull request on the current base: the same move, planned again. */
export function replan(
  context: ChangeNeeds,
  at: { readonly base: BaseHead; readonly pull: PullRequest },
  made: PreparedProposal,
): Promise<Result<PullRequest, Refusal>> {
  // An edit mentions nobody.
  const proposal = { ...made.proposal, driver: undefined }
  return remakeChange(context, at, { ...draftOf(context, at.base, { ...made, proposal }), branch: at.pull.head.ref })
}

function draftOf(
  { repo }: Pick<RepositoryContext, 'repo'>,
  base: BaseHead,
  { proposal, files }: PreparedProposal,
): ChangeDraft {
  const { target, move, driver } = proposal
  return {
    branch: branchOf({ ref: base.ref, isDefault: base.ref === repo.defaultBranch }, target, move),
    title: moveTitle(proposal),
    body: moveBody(proposal),
    commit: moveCommit(proposal),
    labels: labelsOf(move.kind),
    assignee: driver,
    files,
  }
}

/** The labels by which Perch's pull requests can be found in GitHub's lists. */
export function labelsOf(kind: Move['kind']): string[] {
  if (kind === 'switch') return ['canary', 'canary:switch']
  return kind === 'rollback' ? ['canary', 'canary:rollback'] : ['canary']
}
