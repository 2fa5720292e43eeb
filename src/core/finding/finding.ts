import type { Path } from '../manifest/data.ts'
import type { Wants } from './misfit.ts'
import type { ObjectIdentity } from '../manifest/identity.ts'

/**
 * What would keep a commit from having the effect that it seems to have, found in the rendered objects of an environment.
 * Codes that begin with IST are those of `istioctl analyze`, with its meaning (istio.io/docs/reference/config/analysis).
 */
export type Detail =
  | { readonly code: 'IST0101'; readonly what: 'host' | 'mirror' | 'gateway'; readonly name: string }
  | { readonly code: 'IST0101'; readonly what: 'subset'; readonly name: string; readonly host: string }
  | {
      readonly code: 'IST0106'
      readonly what:
        | 'all-zero'
        | 'delegate-with'
        | 'duration'
        | 'export'
        | 'host-twice'
        | 'mirror-percentage'
        | 'mirror-twice'
        | 'negative'
        | 'no-action'
        | 'no-field'
        | 'no-routes'
        | 'no-sni'
        | 'star-host'
        | 'two-actions'
      readonly said: string
    }
  | { readonly code: 'IST0109'; readonly host: string; readonly other: string }
  | { readonly code: 'IST0112'; readonly host: string; readonly ports: readonly string[] }
  | { readonly code: 'IST0130'; readonly rule: string; readonly before: string }
  | { readonly code: 'IST0131'; readonly rule: string; readonly before: string }
  | { readonly code: 'IST0132'; readonly hosts: readonly string[]; readonly gateway: string }
  | { readonly code: 'IST0140'; readonly host: string; readonly other: string }
  | { readonly code: 'IST0173'; readonly subset: string; readonly host: string }
  /** `of`: whose schema, with its version. */
  | { readonly code: 'schema'; readonly at: string; readonly of: string; readonly wants: Wants }
  | { readonly code: 'unknown-field'; readonly at: string; readonly of: string }
  /** What it is much like, or where a field of its name belongs. */
  | {
      readonly code: 'wrong-field'
      readonly at: string
      readonly of: string
      readonly near?: string
      readonly place?: string
    }
  | { readonly code: 'two-writers'; readonly writer: string }
  | { readonly code: 'weights-ignored'; readonly by: string }
  | { readonly code: 'not-synced'; readonly by: string; readonly why: 'annotation' | 'suspended' | 'by-hand' }
  | { readonly code: 'not-exported'; readonly other: string; readonly why: 'sidecar' | 'gateway' }
  | { readonly code: 'mixed-apis'; readonly other: string }
  | { readonly code: 'no-pods'; readonly destination: string; readonly why: 'no-workload' | 'no-replicas' }
  | { readonly code: 'weights-differ'; readonly host: string; readonly other: string }

export type FindingCode = Detail['code']

/** As `istioctl` has them: an `info` is worth knowing and never wrong. */
export type Severity = 'error' | 'warning' | 'info'

export const SEVERITIES: Readonly<Record<FindingCode, Severity>> = {
  IST0101: 'error',
  IST0106: 'error',
  IST0109: 'error',
  IST0112: 'error',
  IST0130: 'warning',
  IST0131: 'info',
  IST0132: 'warning',
  IST0140: 'warning',
  IST0173: 'error',
  schema: 'error',
  'wrong-field': 'warning',
  'unknown-field': 'info',
  'two-writers': 'error',
  'weights-ignored': 'error',
  'not-synced': 'info',
  'not-exported': 'warning',
  'mixed-apis': 'warning',
  'no-pods': 'error',
  'weights-differ': 'warning',
}

export interface Finding {
  readonly detail: Detail
  readonly object: ObjectIdentity
  /** Where it stands in the object. */
  readonly path: Path
}

/** The same for the same finding in another commit, wherever its line is then. */
export function findingKey({ detail, object }: Finding): string {
  const { group, kind, namespace, name } = object
  return JSON.stringify([detail, group, kind, namespace, name])
}
