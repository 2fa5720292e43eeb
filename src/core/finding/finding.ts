import type { DeliveryStop } from '../delivery/delivery.ts'
import type { ObjectIdentity } from '../manifest/identity.ts'
import type { Path } from '../manifest/data.ts'
import type { Grade } from './grade.ts'
import type { Wants } from './misfit.ts'

/** A reason why a commit may not have its intended effect, found in an environment's rendered objects. */
export type Detail =
  | { readonly code: 'IST0101'; readonly what: 'host'; readonly name: string }
  | { readonly code: 'IST0101'; readonly what: 'subset'; readonly name: string; readonly host: string }
  | { readonly code: 'IST0106'; readonly what: 'all-zero' | 'negative'; readonly said: string }
  | { readonly code: 'IST0130'; readonly rule: string; readonly before: string }
  /** `of`: the schema, with its version. */
  | { readonly code: 'schema'; readonly at: string; readonly of: string; readonly wants: Wants }
  /** The similar field, or the place where a field with this name belongs. */
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
      /**
       * `never`: not applied at all. `unread`: perhaps not applied. `compared`: applied, but drift is ignored. `patched`: other
       * weights replace them.
       */
      readonly how: 'never' | 'unread' | 'compared' | 'patched'
    }
  | { readonly code: 'not-synced'; readonly by: string; readonly why: DeliveryStop }
  | {
      readonly code: 'use-before-definition'
      /** `added`: together with the route that sends requests to it. `removed`: together with those requests. */
      readonly what: 'added' | 'removed'
      readonly subset: string
      readonly host: string
      readonly rule: string
      /** Whether sync waves of Argo CD may order the two. */
      readonly hasWaves: boolean
      /** The files of the DestinationRule and of the route, once they are known. */
      readonly files?: { readonly rule: string; readonly route: string }
    }
  | { readonly code: 'no-pods'; readonly destination: string; readonly why: 'no-workload' | 'no-replicas' }

export interface Finding {
  readonly detail: Detail
  readonly object: ObjectIdentity
  /** The path in the object. */
  readonly path: Path
  /** The grade if a pull request adds the finding to a rollout's route. */
  readonly grade: Grade
  /** For an order of two objects: the DestinationRule, and the path of its subset. */
  readonly other?: Pick<Finding, 'object' | 'path'>
}

/** Names both files of an order, so that people know how to make two pull requests of one. */
export function withFiles(
  finding: Finding,
  { route, rule }: { readonly route: string | undefined; readonly rule: string | undefined },
): Finding {
  if (finding.detail.code !== 'use-before-definition' || route === undefined || rule === undefined) return finding
  return { ...finding, detail: { ...finding.detail, files: { route, rule } } }
}

/** Equal for the same finding in another commit, even on another line. */
export function findingKey({ detail, object }: Finding): string {
  const { group, kind, namespace, name } = object
  return JSON.stringify([detail, group, kind, namespace, name])
}
