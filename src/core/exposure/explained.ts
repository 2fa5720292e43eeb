import type { Finding } from '../finding/finding.ts'
import type { Rise } from './exposure.ts'
import { identityKey } from '../manifest/identity.ts'

/** Whether it is unknown because of a weight that is red by itself: one fault is told once. */
export function isExplained({ kind, object, path }: Rise, findings: readonly Finding[]): boolean {
  const isIn = (finding: Finding): boolean =>
    finding.path.at(-1) === 'weight' && path.every((part, index) => finding.path[index] === part)
  return kind === 'unknown' && findings.some((one) => identityKey(one.object) === identityKey(object) && isIn(one))
}
