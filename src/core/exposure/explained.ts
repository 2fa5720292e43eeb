import type { Finding } from '../finding/finding.ts'
import type { Rise } from './exposure.ts'
import { identityKey } from '../manifest/identity.ts'

/** Whether a rise is unknown because of a weight that already has its own error, so that a mistake is reported only once. */
export function isExplained({ kind, object, path }: Rise, findings: readonly Finding[]): boolean {
  const isIn = (finding: Finding): boolean =>
    finding.path.at(-1) === 'weight' && path.every((part, index) => finding.path[index] === part)
  return kind === 'unknown' && findings.some((one) => identityKey(one.object) === identityKey(object) && isIn(one))
}
