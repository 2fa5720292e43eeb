import type { CommandProblem } from '../command/commands.ts'
import type { Location } from '../manifest/parse.ts'
import type { Problem } from '../problem/problem.ts'
import type { Permission } from '../rollout/facts.ts'
import type { MoveRefusal } from '../rollout/move.ts'
import type { RolloutChoice } from '../rollout/target.ts'
import type { GitHubRefusal } from './github-refusal.ts'
import type { GateRefusal } from './gate-refusal.ts'
import type { OwnerRefusal } from './owner-refusal.ts'
import type { PromotionRefusal } from './promotion-refusal.ts'
import type { StaleRefusal } from './stale-refusal.ts'

/** Why a command was not carried out. */
export type Refusal =
  | { readonly code: 'not-allowed'; readonly login: string; readonly needs: Permission; readonly has: Permission }
  | { readonly code: 'not-understood'; readonly problem: CommandProblem }
  /** A share and an abort in one comment. */
  | { readonly code: 'mixed' }
  | {
      readonly code: 'no-service'
      readonly asked: string | undefined
      readonly environment: string | undefined
      readonly known: readonly string[]
      /** Charts from elsewhere that may make it. */
      readonly charts?: readonly { readonly title: string; readonly chart: string }[]
    }
  | {
      readonly code: 'shared-file'
      readonly service: string
      readonly file: string
      readonly environments: readonly string[]
      readonly all: string
    }
  /** The weights in the file are not those that are rendered. */
  | {
      readonly code: 'no-effect'
      readonly environment: string
      readonly file: string
      readonly missing: readonly string[]
    }
  | {
      readonly code: 'render-leak'
      readonly name: string
      readonly environment: string
      readonly also: readonly string[]
      /** The number that the weight is taken from, where it stands in values or in another object. */
      readonly source?: Location
    }
  | { readonly code: 'ambiguous'; readonly choices: readonly RolloutChoice[] }
  /** One environment has the route several times. */
  | {
      readonly code: 'listed-twice'
      readonly service: string
      readonly environment: string
      readonly files: readonly string[]
    }
  | StaleRefusal
  | OwnerRefusal
  | { readonly code: 'no-next-step'; readonly name: string; readonly share: number | 'unknown' }
  /** Its traffic moves all at once. */
  | { readonly code: 'is-blue-green'; readonly name: string; readonly idle: string }
  /** Its traffic moves in steps. */
  | { readonly code: 'is-canary'; readonly name: string; readonly service: string }
  | {
      readonly code: 'unknown-version'
      readonly name: string
      readonly asked: string
      readonly known: readonly string[]
    }
  /** A step would be set back to what the base branch has. */
  | { readonly code: 'step-undone'; readonly name: string; readonly share: number }
  /** A step of Perch's own would become another change. */
  | {
      readonly code: 'not-of-step'
      readonly why: 'other-rollout' | 'goes-back' | 'finishes' | 'switches'
      readonly name: string
    }
  | { readonly code: 'nothing-to-abort' }
  | GateRefusal
  | { readonly code: 'promotion'; readonly why: PromotionRefusal }
  | { readonly code: 'cannot-edit'; readonly refusal: MoveRefusal }
  /** `isEdited`: after the edit was made, and before it was committed. */
  | { readonly code: 'unreadable'; readonly problem: Problem | undefined; readonly isEdited: boolean }
  | { readonly code: 'no-checkout' }
  | { readonly code: 'no-such-commit'; readonly name: string }
  /** Nothing here is an environment. */
  | { readonly code: 'nothing-found' }
  | { readonly code: 'no-environment'; readonly asked: string; readonly known: readonly string[] }
  | { readonly code: 'branch-taken'; readonly branch: string }
  | { readonly code: 'step-changed'; readonly branch: string; readonly pull: number }
  | { readonly code: 'branch-gone'; readonly branch: string }
  | ({ readonly code: 'github-refused' } & GitHubRefusal)

/** Whether it may go away while the base branch stays as it is. */
export function isPassing({ code: name }: Refusal): boolean {
  return name === 'github-refused' || name === 'branch-taken' || name === 'step-changed'
}
