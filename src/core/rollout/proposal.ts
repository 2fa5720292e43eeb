import type { Move, TargetMove } from './move.ts'
import type { Target } from './target.ts'
import type { AnalysisReport } from '../analysis/report.ts'

/** A move for which Perch opens a pull request, and why. */
export interface Proposal {
  readonly move: Move
  readonly target: Target
  /** The moves in the environments of a wave. Undefined if one rollout moves. */
  readonly moves?: readonly TargetMove<Move>[] | undefined
  /** The canary's version by its name for people. */
  readonly version: string
  /** The pull request from which a person drives the rollout. */
  readonly origin: number | undefined
  /** The pull request that brought the current share. Undefined if unknown. */
  readonly previous?: number | undefined
  /** The open steps that were closed in favour of this one. */
  readonly closed?: readonly number[]
  /** The login of the person who drives the rollout. Undefined if there is none, or if unknown. */
  readonly driver?: string | undefined
  /** Who asked for it in a command, and why. */
  readonly asked?: { readonly login: string; readonly pull: number; readonly reason?: string | undefined }
  /** The rollback only lets a new version start without traffic. */
  readonly isForRestart?: boolean
  /** The measurements that caused the rollback. */
  readonly failure?: AnalysisReport | undefined
  /** The rollout in another environment that was measured. Undefined if it is this one. */
  readonly failedIn?: string | undefined
}
