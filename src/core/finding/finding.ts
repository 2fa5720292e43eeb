import type { DeliveryStop } from '../delivery/delivery.ts'
import type { ObjectIdentity } from '../manifest/identity.ts'
import type { Path } from '../manifest/data.ts'
import type { Grade } from './grade.ts'
import type { Wants } from './misfit.ts'

/** What would keep a commit from having the effect that it seems to have, found in the rendered objects of an environment. */
export type Detail =
  | { readonly code: 'IST0101'; readonly what: 'host'; readonly name: string }
  | { readonly code: 'IST0101'; readonly what: 'subset'; readonly name: string; readonly host: string }
  | { readonly code: 'IST0106'; readonly what: 'all-zero' | 'negative'; readonly said: string }
  | { readonly code: 'IST0130'; readonly rule: string; readonly before: string }
  /** `of`: whose schema, with its version. */
  | { readonly code: 'schema'; readonly at: string; readonly of: string; readonly wants: Wants }
  /** What it is much like, or where a field of its name belongs. */
  | {
      readonly code: 'wrong-field'
      readonly at: string
      readonly of: string
      readonly near?: string
      readonly place?: string
    }
  | { readonly code: 'two-writers'; readonly writer: string }
  | {
      readonly code: 'weights-ignored'
      readonly by: string
      /** `never`: not applied at all · `unread`: perhaps · `compared`: only drift is not seen · `patched`: others are put in their place. */
      readonly how: 'never' | 'unread' | 'compared' | 'patched'
    }
  | { readonly code: 'not-synced'; readonly by: string; readonly why: DeliveryStop }
  | {
      readonly code: 'use-before-definition'
      /** `added`: with the route that sends requests to it · `removed`: with those requests. */
      readonly what: 'added' | 'removed'
      readonly subset: string
      readonly host: string
      readonly rule: string
      /** Whether sync waves of Argo CD may order both. */
      readonly hasWaves: boolean
    }
  | { readonly code: 'no-pods'; readonly destination: string; readonly why: 'no-workload' | 'no-replicas' }

export interface Finding {
  readonly detail: Detail
  readonly object: ObjectIdentity
  /** Where it stands in the object. */
  readonly path: Path
  /** What it comes to where a pull request brings it to a rollout's route. */
  readonly grade: Grade
}

/** The same for the same finding in another commit, wherever its line is then. */
export function findingKey({ detail, object }: Finding): string {
  const { group, kind, namespace, name } = object
  return JSON.stringify([detail, group, kind, namespace, name])
}
