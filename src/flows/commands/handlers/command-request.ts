import type { ActsOn, CommandName, CommandOf, COMMANDS } from '../../../core/command/commands.ts'
import type { Outcome } from '../../../core/command/outcome.ts'
import type { Requester } from '../../../core/command/requester.ts'
import type { Review } from '../../../core/gate/review.ts'
import type { Result } from '../../../core/result.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import type { RolloutFacts } from '../../../core/rollout/transition.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { BaseProblem, BaseState } from '../../rollout/rollouts.ts'

/** A pull request that is not merged, with its branch. */
export interface HeadSubject {
  readonly on: 'head'
  /** With the head after the comment's earlier commands. */
  readonly pull: PullRequest
  readonly base: Sha
  /** The deployed branch that it is judged for. */
  readonly judgedFor: string
  /** Returns what merging a head commit would do, and the verdicts of its gates. */
  readonly look: (head: Sha) => Promise<Review>
}

/** The base branch, and its rollouts that a pull request belongs to. */
export interface BaseSubject {
  readonly on: 'base'
  readonly pull: PullRequest
  readonly base: BaseState
  readonly related: readonly RolloutFacts[]
}

/** The base branch of a pull request, which may not be readable. */
export interface UncheckedBase {
  readonly on: 'base'
  readonly pull: PullRequest
  readonly base: Result<BaseState, BaseProblem>
}

/** The subject of each kind of command. */
interface Subjects extends Record<ActsOn, HeadSubject | BaseSubject | UncheckedBase> {
  readonly head: HeadSubject
  readonly 'pull-request': HeadSubject | BaseSubject
  readonly rollout: BaseSubject
  readonly base: HeadSubject | BaseSubject
  readonly anywhere: HeadSubject | UncheckedBase
}

/** A permitted command, and its subject. */
export interface CommandRequest<Name extends CommandName> {
  readonly command: CommandOf<Name>
  readonly subject: Subjects[(typeof COMMANDS)[Name]['actsOn']]
  readonly by: Requester
  /** The comment and the command's number in it, which identify a commit. */
  readonly id: string
}

/** The outcome, with the branch's head if that may have moved. */
export type HandlerResult = Outcome | CommitResult

export interface CommitResult {
  readonly outcome: Outcome
  readonly head: Sha
}

/** One function for each command. A command without a function does not compile. */
export type Handlers = {
  readonly [Name in CommandName]: (
    context: RepositoryContext,
    request: CommandRequest<Name>,
  ) => HandlerResult | Promise<HandlerResult>
}
