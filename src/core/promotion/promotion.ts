/** What is carried from one environment to another, what is not, and why. */
import type { EnvironmentDiff } from '../gate/review.ts'
import type { JsonValue, Path } from '../manifest/data.ts'

/** Why something that differs is not carried. */
export type LeftReason =
  /** A weight, or a list of destinations with weights. */
  | 'weights'
  /** An annotation by which Perch knows a rollout. */
  | 'rollout-notes'
  | 'secret'
  /** It names one of the environments: its namespace, its host. */
  | 'environment'
  /** What the kustomization sets for all of its objects: namespace, prefix, suffix, labels, replicas. */
  | 'placement'
  /** The config leaves it out. */
  | 'excluded'
  | 'other-service'
  | 'target-only'
  /** Both lists have the same entries in another order. */
  | 'order'
  /** Text without objects, an inline patch, a generator, a folder: Perch cannot carry it exactly. */
  | 'not-exact'
  /** The target has another file of that name. */
  | 'occupied'

export interface LeftOut {
  /** The file that has it; the source's where only that has it. */
  readonly file: string
  /** What of the file; '' for the file. */
  readonly what: string
  readonly why: LeftReason
}

/** One value that the target gets. */
export interface CarriedValue {
  readonly file: string
  /** The object that it belongs to, as the file names it; '' where the file does not tell. */
  readonly kind: string
  readonly name: string
  /** Where it stands in the object. */
  readonly path: Path
  readonly before: JsonValue | undefined
  /** Undefined where it is taken away. */
  readonly after: JsonValue | undefined
}

/** A file that the target gets, with its entry. */
export interface CarriedFile {
  readonly file: string
  /** `resources`, `patches` …; undefined where no kustomization lists it. */
  readonly field: string | undefined
  readonly objects: readonly { readonly kind: string; readonly name: string }[]
}

/** An entry of `images`. */
export interface CarriedImage {
  readonly file: string
  readonly name: string
  /** `web:1.4`, as the entry says it. */
  readonly before: string | undefined
  readonly after: string
}

export interface PromotionPlan {
  /** New texts of files of the target. */
  readonly files: ReadonlyMap<string, string>
  readonly values: readonly CarriedValue[]
  readonly added: readonly CarriedFile[]
  readonly images: readonly CarriedImage[]
  readonly left: readonly LeftOut[]
}

/** Which way configuration goes. `service` undefined: everything. */
export interface PromotionFlow {
  readonly from: string
  readonly to: string
  readonly service: string | undefined
}

/** What is carried from one environment to another, made and proven. */
export interface PreparedPromotion {
  readonly flow: PromotionFlow
  readonly plan: PromotionPlan
  /** What the target renders to before and after. */
  readonly diff: EnvironmentDiff
  /** The environments that were rendered before and after, the target first. */
  readonly rendered: readonly string[]
}
