import type { LeftOut } from '../promotion/promotion.ts'

/** Why nothing is carried from one environment to another. */
export type PromotionRefusal =
  | { readonly code: 'same-environment'; readonly environment: string }
  /** Both are made of one folder. */
  | { readonly code: 'same-folder'; readonly from: string; readonly to: string; readonly folder: string }
  /** Its files are not those of a kustomization or a folder of manifests. */
  | { readonly code: 'not-promotable'; readonly environment: string; readonly why: 'chart' | 'other-kind' }
  | {
      readonly code: 'nothing-to-promote'
      readonly from: string
      readonly to: string
      readonly left: readonly LeftOut[]
    }
  /** The target is in the middle of a rollout of a service that would be carried. */
  | {
      readonly code: 'target-rolling'
      readonly environment: string
      readonly service: string
      readonly share: number | 'unknown'
    }
  | {
      readonly code: 'unknown-service'
      readonly service: string
      readonly environment: string
      readonly known: readonly string[]
    }
  /** Another promotion between the two carries some of the same. */
  | { readonly code: 'promotion-open'; readonly pull: number }
