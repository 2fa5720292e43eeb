/** `compose`, but it does not compose a text twice. */
import { commentsOf, compose as composeAnew, type ComposedYaml } from '../../src/core/manifest/yaml/compose.ts'

export { commentsOf }

const MAX_KEPT = 5_000
const known = new Map<string, ComposedYaml>()

export function compose(text: string, budget = Infinity, omits?: string): ComposedYaml {
  if (omits !== undefined) return composeAnew(text, budget, omits)
  const before = known.get(text)
  if (before !== undefined && before.lexemes <= budget) return before
  const composed = composeAnew(text, budget)
  if (known.size >= MAX_KEPT) known.clear()
  if (composed.lexemes <= budget) known.set(text, composed)
  return composed
}
