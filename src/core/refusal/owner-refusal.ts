import type { Location } from '../manifest/parse.ts'
import type { LimitProblem } from '../owner/limit.ts'
import type { Writer } from '../owner/owned-routes.ts'

/** Why a rollout is not moved by commits: a controller in the cluster writes its weights. */
export interface OwnerRefusal extends Location {
  readonly code: 'owned'
  /** The rollout. */
  readonly name: string
  readonly writer: Writer
  /** Its object: `Canary shop/web`. */
  readonly title: string
  /** Why its object cannot be changed as somebody wants it; undefined where no change of it would do that. */
  readonly why?: LimitProblem | NotMeant | undefined
}

/**
 * `not-all`: Git, or another controller, moves others that the command means too · `elsewhere`: the object is in another environment than the
 * route.
 */
type NotMeant =
  | { readonly code: 'not-all'; readonly others: readonly string[] }
  | { readonly code: 'elsewhere'; readonly environment: string }
