import type { ProtectionGap } from '../gate/protection.ts'
import type { Problem } from '../gate/review.ts'
import { code, list } from './markdown.ts'

/** A note about a deployed branch that is not protected as README.md asks. Never a problem: it is not what this merge does. */
export function protectionNote(branch: string, gaps: readonly ProtectionGap[]): Problem | undefined {
  if (gaps.length === 0) return undefined
  const missing = checksOf(gaps, 'not-required')
  const open = checksOf(gaps, 'not-ours')
  const sentences = [
    ...(missing.length === 0
      ? []
      : [`${code(branch)} does not require ${list(missing)}: a merge is possible without.`]),
    ...(open.length === 0 ? [] : [`${code(branch)} takes ${list(open)} from any App.`]),
    ...(gaps.some((gap) => gap.code === 'spares-admins')
      ? [`Administrators may merge into ${code(branch)} without.`]
      : []),
    ...(gaps.some((gap) => gap.code === 'not-up-to-date')
      ? [`${code(branch)} does not require branches to be up to date, and has no merge queue.`]
      : []),
  ]
  return {
    code: 'unprotected',
    file: undefined,
    line: 1,
    what: sentences.join(' '),
    next: 'See "The two checks" in the README of Perch for how to protect it.',
  }
}

function checksOf(gaps: readonly ProtectionGap[], wanted: 'not-required' | 'not-ours'): readonly string[] {
  return gaps.flatMap((gap) => (gap.code === wanted ? [gap.check] : []))
}
