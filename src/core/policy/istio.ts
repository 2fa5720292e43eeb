/** Which findings of `istioctl analyze` to report, next to Perch's own findings and without a cluster. */
import { type RenderedObject } from '../diff/objects.ts'
import { findingsIn } from '../finding/find.ts'
import type { ObjectRemark } from './remark.ts'
import { type ObjectIdentity, identityKey } from '../manifest/identity.ts'

/** Codes about objects that may exist only in the cluster. Without a cluster, istioctl reports them as missing. */
const NEEDS_CLUSTER = new Set(['IST0101', 'IST0102', 'IST0103', 'IST0173', 'IST0174'])

/**
 * The remarks that add something to Perch's own findings. Those that only a cluster could confirm become notes. `ignore`: codes.
 */
export function worthSaying(
  remarks: readonly ObjectRemark[],
  objects: readonly RenderedObject[],
  ignore: readonly string[],
): readonly ObjectRemark[] {
  const keyOf = (code: string, object: ObjectIdentity): string => `${code} ${identityKey(object)}`
  const said = new Set(findingsIn(objects).map(({ detail, object }) => keyOf(detail.code, object)))
  const isSaid = ({ rule, object }: ObjectRemark): boolean => {
    const about: ObjectIdentity | undefined = objects[object]
    return about !== undefined && said.has(keyOf(rule, about))
  }
  return remarks
    .filter((remark) => !ignore.includes(remark.rule) && !isSaid(remark))
    .map((remark) => (NEEDS_CLUSTER.has(remark.rule) ? { ...remark, level: 'warning', needsCluster: true } : remark))
}
