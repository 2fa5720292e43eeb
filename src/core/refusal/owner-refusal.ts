import type { Location } from '../manifest/parse.ts'
import type { LimitProblem } from '../owner/limit.ts'
import type { Writer } from '../owner/owned-routes.ts'

/** Why commits do not move a rollout: a controller in the cluster writes its weights. */
export interface OwnerRefusal extends Location {
  readonly code: 'owned'
  /** The name of the rollout. */
  readonly name: string
  readonly writer: Writer
  /** The title of the controller's object: `Canary shop/web`. */
  readonly title: string
  /** Why the object cannot be changed as requested. Undefined if no change of it could fulfil the request. */
  readonly why?: LimitProblem | NotMeant | undefined
}

/**
 * `not-all`: the command also means other rollouts, which Git or another controller moves · `elsewhere`: the object is in another
 * environment than the route.
 */
type NotMeant =
  | { readonly code: 'not-all'; readonly others: readonly string[] }
  | { readonly code: 'elsewhere'; readonly environment: string }
