import type { Review, ReviewedChange } from '../gate/review.ts'
import type { NotDeployed } from '../refusal/gate-refusal.ts'
import type { Writer } from '../owner/owned-routes.ts'
import type { WeightOwner } from '../owner/weight-owner.ts'
import type { StandingLine } from '../rollout/related.ts'
import type { Override } from '../gate/gate.ts'
import type { Sha } from '../rollout/facts.ts'
import type { PreparedPromotion } from '../promotion/promotion.ts'
import type { Stop } from '../stop/stop.ts'
import type { LimitMove } from '../rollout/intend.ts'
import { type Target, targetName } from '../rollout/target.ts'
import type { Refusal } from '../refusal/refusal.ts'

/** The environments that were rendered before and after an edit, and those that the edit changed. */
export interface ProofOfEdit {
  readonly rendered: readonly string[]
  readonly changed: readonly string[]
}

export interface RolloutStatus {
  /** The rollouts on the base branch. */
  readonly standings: readonly StandingLine[]
  /** What an open pull request would change in them. */
  readonly proposed: readonly Omit<ReviewedChange, 'verdicts' | 'finishes'>[]
  /** Set if the pull request is for a branch without rollouts. */
  readonly away?: NotDeployed
}

export interface PlanStatus {
  readonly name: string
  readonly plan: readonly number[]
  /** The share on the base branch. */
  readonly share: number | 'unknown'
  /** The share that an open pull request sets. */
  readonly proposed: number | undefined
}

/** The outcome of a command. */
export type Outcome =
  | { readonly code: 'refused'; readonly refusal: Refusal }
  | {
      readonly code: 'set'
      readonly name: string
      readonly from: number
      readonly to: number
      readonly sha: string
      readonly proof: ProofOfEdit | undefined
    }
  /** `sha` is undefined if nothing had to change. */
  | {
      readonly code: 'switched'
      readonly name: string
      readonly from: string
      readonly to: string
      readonly sha: string | undefined
      readonly proof: ProofOfEdit | undefined
    }
  /** A limit for a controller. `sha` is undefined if it already had this limit. */
  | {
      readonly code: 'limited'
      readonly name: string
      readonly writer: Writer
      readonly from: number
      readonly to: number
      readonly sha: string | undefined
      readonly proof: ProofOfEdit | undefined
    }
  /** An earlier try made the commit, and only the commit shows what it changed. */
  | { readonly code: 'committed'; readonly sha: string; readonly headline: string }
  | { readonly code: 'already'; readonly name: string; readonly share: number }
  | { readonly code: 'proposed'; readonly title: string; readonly pull: number }
  /** What a promotion would do. */
  | { readonly code: 'previewed'; readonly promotion: PreparedPromotion }
  | ({ readonly code: 'aborted' } & AbortResult)
  | ({ readonly code: 'status' } & RolloutStatus)
  | { readonly code: 'help' }
  | ({ readonly code: 'plan' } & PlanStatus)
  /** `sha` is undefined if nothing had to change. */
  | {
      readonly code: 'planned'
      readonly name: string
      readonly plan: readonly number[]
      readonly sha: string | undefined
    }
  /** `isNew`: false if it was held already. */
  /** `isAsked`: Flagger moves them and asks Perch before it continues. */
  | { readonly code: 'held'; readonly names: readonly string[]; readonly isNew: boolean; readonly isAsked?: boolean }
  | { readonly code: 'resumed'; readonly names: readonly string[] }
  | { readonly code: 'frozen'; readonly environment: string; readonly stop: Stop; readonly isNew: boolean }
  | { readonly code: 'unfrozen'; readonly environment: string }
  | { readonly code: 'why' | 'diff'; readonly review: Review }
  | { readonly code: 'looked-again' }
  | { readonly code: 'overridden'; readonly record: OverrideRecord }

/** What an abort did, including earlier tries. */
export interface AbortResult {
  /** The steps that it closed. */
  readonly closed: readonly number[]
  /** Open rollback pull requests. */
  readonly rollbacks: readonly number[]
  /** Rollbacks that an earlier try opened and that have merged since. */
  readonly rolledBack: readonly number[]
  /** The rollouts whose share Perch cannot read. */
  readonly unreadable: readonly string[]
  /** The rollouts that Flagger rolls back, because it asks Perch. */
  readonly takenBack?: readonly string[]
  /** The rollouts that only their controllers can abort. */
  readonly owned: readonly OwnedRollout[]
}

/** A rollout that a controller moves. */
export interface OwnedRollout {
  readonly name: string
  readonly owner: WeightOwner
}

/** An override for a head commit. It is signed, so that nobody else can write one into a comment of Perch. */
export interface OverrideRecord extends Override {
  readonly sha: Sha
  readonly seal: string
}

/** The limit of a controller for its canary, changed in a commit or already there. */
export function limited(
  target: Target,
  { owner: { writer }, from, to }: LimitMove,
  done: { readonly sha: Sha | undefined; readonly proof: ProofOfEdit | undefined },
): Outcome {
  return { code: 'limited', name: targetName(target), writer, from, to, ...done }
}

/** A command that is not carried out. */
export function refused(refusal: Refusal): Outcome {
  return { code: 'refused', refusal }
}
