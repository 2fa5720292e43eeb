import type { LeftOut } from '../promotion/promotion.ts'

/** Why a promotion carries nothing from one environment to another. */
export type PromotionRefusal =
  | { readonly code: 'same-environment'; readonly environment: string }
  /** Both environments are built from one folder. */
  | { readonly code: 'same-folder'; readonly from: string; readonly to: string; readonly folder: string }
  /** It is neither a kustomization nor a folder of manifests. */
  | { readonly code: 'not-promotable'; readonly environment: string; readonly why: 'chart' | 'other-kind' }
  | {
      readonly code: 'nothing-to-promote'
      readonly from: string
      readonly to: string
      readonly left: readonly LeftOut[]
    }
  /** In the target environment, a rollout of an affected service is under way. */
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
  /** Another open promotion between the two environments carries some of the same values. */
  | { readonly code: 'promotion-open'; readonly pull: number }
