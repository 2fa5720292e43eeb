import type { Move, TargetMove } from './move.ts'
import type { Target } from './target.ts'
import type { AnalysisReport } from '../analysis/report.ts'

/** A move for which Perch opens a pull request, and why. */
export interface Proposal {
  readonly move: Move
  readonly target: Target
  /** What moves in each environment of a wave; undefined where one rollout moves. */
  readonly moves?: readonly TargetMove<Move>[] | undefined
  /** The canary's version, as people name it. */
  readonly version: string
  /** The pull request that a person drives the rollout from. */
  readonly origin: number | undefined
  /** The pull request that brought the share of today; undefined where none is known. */
  readonly previous?: number | undefined
  /** The open steps that were closed for it. */
  readonly closed?: readonly number[]
  /** The login of the person who drives the rollout; undefined where that is nobody, or not known. */
  readonly driver?: string | undefined
  /** Who asked for it, and why, when it was a command. */
  readonly asked?: { readonly login: string; readonly pull: number; readonly reason?: string | undefined }
  /** The rollback only makes a new version start without traffic. */
  readonly isForRestart?: boolean
  /** The measurements that caused the rollback. */
  readonly failure?: AnalysisReport | undefined
  /** The rollout in another environment that those are of. */
  readonly failedIn?: string | undefined
}
