import type { ActsOn, CommandName, CommandOf, COMMANDS } from '../../../core/command/commands.ts'
import type { Outcome } from '../../../core/command/outcome.ts'
import type { Review } from '../../../core/gate/review.ts'
import type { Result } from '../../../core/result.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import type { RolloutFacts } from '../../../core/rollout/transition.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { BaseProblem, BaseState } from '../../rollout/rollouts.ts'
import type { StopRequest } from '../../stop/stops.ts'

/** A pull request that is not merged, with its branch. */
export interface HeadSubject {
  readonly on: 'head'
  /** With the head that earlier commands of the comment have left. */
  readonly pull: PullRequest
  readonly base: Sha
  /** The deployed branch that it is judged for. */
  readonly judgedFor: string
  /** What merging a head commit would do, and what its gates say. */
  readonly look: (head: Sha) => Promise<Review>
}

/** The base branch, and the rollouts on it that a pull request belongs to. */
export interface BaseSubject {
  readonly on: 'base'
  readonly pull: PullRequest
  readonly base: BaseState
  readonly related: readonly RolloutFacts[]
}

/** The base branch of a pull request, as far as it could be read. */
export interface UncheckedBase {
  readonly on: 'base'
  readonly pull: PullRequest
  readonly base: Result<BaseState, BaseProblem>
}

/** What a handler finds, by what its command acts on. */
interface Subjects extends Record<ActsOn, HeadSubject | BaseSubject | UncheckedBase> {
  readonly head: HeadSubject
  readonly 'pull-request': HeadSubject | BaseSubject
  readonly rollout: BaseSubject
  readonly base: HeadSubject | BaseSubject
  readonly anywhere: HeadSubject | UncheckedBase
}

/** A command that its author may give, on what it acts on. */
export interface CommandRequest<Name extends CommandName> {
  readonly command: CommandOf<Name>
  readonly subject: Subjects[(typeof COMMANDS)[Name]['actsOn']]
  readonly by: StopRequest
  /** The comment and the number of the command in it, by which a commit is found again. */
  readonly id: string
}

/** The outcome, with the branch's head if that may have moved. */
export type HandlerResult = Outcome | CommitResult

export interface CommitResult {
  readonly outcome: Outcome
  readonly head: Sha
}

/** One function for each command of the table. A command without one does not compile. */
export type Handlers = {
  readonly [Name in CommandName]: (
    context: RepositoryContext,
    request: CommandRequest<Name>,
  ) => HandlerResult | Promise<HandlerResult>
}
