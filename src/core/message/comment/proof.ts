import type { ProofOfEdit } from '../../command/outcome.ts'

/** How many environments are named individually. */
const MAX_NAMED = 5

/** What rendering proved, in one sentence. `mark` formats a name, and `what` is the only thing that changes. */
export function proofWords(
  proof: ProofOfEdit | undefined,
  mark: (name: string) => string,
  what: 'route' | 'object' = 'route',
): string {
  if (proof === undefined || proof.rendered.length === 0) return ''
  const { rendered, changed } = proof
  if (rendered.length === 1) return `Rendered before and after: nothing but this ${what} changes.`
  const names = changed.length > MAX_NAMED ? `${changed.length} of them` : changed.map(mark).join(', ')
  return `Rendered ${rendered.length} environments before and after: nothing but this ${what} changes, in ${names} only.`
}
