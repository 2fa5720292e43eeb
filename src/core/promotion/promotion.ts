/** What a promotion carries from one environment to another, what it leaves out, and why. */
import type { EnvironmentDiff } from '../gate/review.ts'
import type { JsonValue, Path } from '../manifest/data.ts'

/** Why a difference is not carried. */
export type LeftReason =
  /** A weight, or a list of destinations with weights. */
  | 'weights'
  /** The version of a blue/green service that gets the traffic. */
  | 'version'
  /** An annotation with which Perch marks a rollout. */
  | 'rollout-notes'
  | 'secret'
  /** It names one of the environments, for example in a namespace or host. */
  | 'environment'
  /** Labels that a kustomization adds to pods, and that do not name an environment. */
  | 'pod-labels'
  /** Fields that a kustomization sets for all of its objects: namespace, prefix, suffix, labels, replicas. */
  | 'placement'
  /** The config excludes it. */
  | 'excluded'
  | 'other-service'
  | 'target-only'
  /** Both lists have the same entries in another order. */
  | 'order'
  /** Perch cannot carry it exactly: text without objects, an inline patch, a generator, a folder. */
  | 'not-exact'
  /** The target has a different file of that name. */
  | 'occupied'
  /** The deployer of the source adds it to the build. */
  | 'deployer'

export interface LeftOut {
  /** The file that contains it, in the target if both have it. */
  readonly file: string
  /** The part of the file; '' for the whole file. */
  readonly what: string
  readonly why: LeftReason
}

/** One value that the target gets. */
export interface CarriedValue {
  readonly file: string
  /** The object that has it, by its name in the file; '' if the file does not tell. */
  readonly kind: string
  readonly name: string
  /** The place in the object. */
  readonly path: Path
  readonly before: JsonValue | undefined
  /** Undefined if it is removed. */
  readonly after: JsonValue | undefined
}

/** A file that is added to the target, with its entry. */
export interface CarriedFile {
  readonly file: string
  /** `resources`, `patches` and so on. Undefined if no kustomization lists it. */
  readonly field: string | undefined
  readonly objects: readonly { readonly kind: string; readonly name: string }[]
}

/** An entry of `images`. */
export interface CarriedImage {
  readonly file: string
  readonly name: string
  /** `web:1.4`, as in the entry. */
  readonly before: string | undefined
  readonly after: string
}

export interface PromotionPlan {
  /** New texts of the target's files. */
  readonly files: ReadonlyMap<string, string>
  readonly values: readonly CarriedValue[]
  readonly added: readonly CarriedFile[]
  readonly images: readonly CarriedImage[]
  readonly left: readonly LeftOut[]
}

/** The source and target of a promotion. `service` is undefined for all services. */
export interface PromotionFlow {
  readonly from: string
  readonly to: string
  readonly service: string | undefined
}

/** A promotion that is made and proven. */
export interface PreparedPromotion {
  readonly flow: PromotionFlow
  readonly plan: PromotionPlan
  /** The target's render before and after. */
  readonly diff: EnvironmentDiff
  /** The environments that were rendered before and after, the target first. */
  readonly rendered: readonly string[]
}
