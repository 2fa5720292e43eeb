/** What of `istioctl analyze` is worth repeating, beside our own findings and without a cluster. */
import { type RenderedObject } from '../diff/objects.ts'
import { findingsIn } from '../finding/find.ts'
import { SEVERITIES } from '../finding/finding.ts'
import type { ObjectRemark } from './remark.ts'
import { type ObjectIdentity, identityKey } from '../manifest/identity.ts'

/** About what a cluster has and the files need not: without one, istioctl takes what it does not see for missing. */
const NEEDS_CLUSTER = new Set(['IST0101', 'IST0102', 'IST0103', 'IST0173', 'IST0174'])

/** Of these our own findings say all, and of IST0101 all about VirtualServices (docs/findings.md). */
const OURS = new Set(Object.keys(SEVERITIES).filter((code) => code !== 'IST0101' && code !== 'IST0106'))

/** The remarks that say something new, and as notes those that only a cluster could confirm. `ignore`: codes. */
export function worthSaying(
  remarks: readonly ObjectRemark[],
  objects: readonly RenderedObject[],
  ignore: readonly string[],
): readonly ObjectRemark[] {
  const refused = new Set(
    findingsIn(objects).flatMap(({ detail, object }) => (detail.code === 'IST0106' ? [identityKey(object)] : [])),
  )
  const isTold = ({ rule, object }: ObjectRemark): boolean => {
    const about: ObjectIdentity | undefined = objects[object]
    if (OURS.has(rule)) return true
    if (rule === 'IST0101') return about?.kind === 'VirtualService'
    return rule === 'IST0106' && about !== undefined && refused.has(identityKey(about))
  }
  return remarks
    .filter((remark) => !ignore.includes(remark.rule) && !isTold(remark))
    .map((remark) => (NEEDS_CLUSTER.has(remark.rule) ? { ...remark, level: 'warning', needsCluster: true } : remark))
}
