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
  /** One comment sets a share and aborts. */
  | { readonly code: 'mixed' }
  | {
      readonly code: 'no-service'
      readonly asked: string | undefined
      readonly environment: string | undefined
      readonly known: readonly string[]
      /** Charts from other repositories that may render the route. */
      readonly charts?: readonly { readonly title: string; readonly chart: string }[]
    }
  | {
      readonly code: 'shared-file'
      readonly service: string
      readonly file: string
      readonly environments: readonly string[]
      readonly all: string
    }
  /** The weights in the file differ from the rendered ones. */
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
      /** The place of the number from which the weight is taken, in values or in another object. */
      readonly source?: Location
    }
  | { readonly code: 'ambiguous'; readonly choices: readonly RolloutChoice[] }
  /** An environment has the route several times. */
  | {
      readonly code: 'listed-twice'
      readonly service: string
      readonly environment: string
      readonly files: readonly string[]
    }
  | StaleRefusal
  | OwnerRefusal
  | { readonly code: 'no-next-step'; readonly name: string; readonly share: number | 'unknown' }
  /** All of its traffic moves at once, so it has no shares. */
  | { readonly code: 'is-blue-green'; readonly name: string; readonly idle: string }
  /** Its traffic moves in steps, so it has no switch. */
  | { readonly code: 'is-canary'; readonly name: string; readonly service: string }
  | {
      readonly code: 'unknown-version'
      readonly name: string
      readonly asked: string
      readonly known: readonly string[]
    }
  /** The command would set a step back to the state of the base branch. */
  | { readonly code: 'step-undone'; readonly name: string; readonly share: number }
  /** The command would turn a step of Perch into another change. */
  | {
      readonly code: 'not-of-step'
      readonly why: 'other-rollout' | 'goes-back' | 'finishes' | 'switches'
      readonly name: string
    }
  | { readonly code: 'nothing-to-abort'; readonly isOpen: boolean; readonly service?: string | undefined }
  | GateRefusal
  | { readonly code: 'promotion'; readonly why: PromotionRefusal }
  | { readonly code: 'cannot-edit'; readonly refusal: MoveRefusal }
  /** `isEdited`: the problem appeared after the edit and before the commit. */
  | { readonly code: 'unreadable'; readonly problem: Problem | undefined; readonly isEdited: boolean }
  | { readonly code: 'no-checkout' }
  | { readonly code: 'no-such-commit'; readonly name: string }
  /** The repository has no environments. `hasNewConfig`: only the newer side of a comparison has a config, which does not count. */
  | { readonly code: 'nothing-found'; readonly hasNewConfig?: boolean }
  | { readonly code: 'no-environment'; readonly asked: string; readonly known: readonly string[] }
  | { readonly code: 'branch-taken'; readonly branch: string }
  | { readonly code: 'step-changed'; readonly branch: string; readonly pull: number }
  | { readonly code: 'branch-gone'; readonly branch: string }
  | ({ readonly code: 'github-refused' } & GitHubRefusal)

/** Whether the reason may disappear although the base branch stays the same. */
export function isPassing({ code: name }: Refusal): boolean {
  return name === 'github-refused' || name === 'branch-taken' || name === 'step-changed'
}
