/**
 * Has YAML that was read before not read again: a play looks at the same few texts thousands of times. What a text says
 * depends on nothing else, and nobody changes a document after it was read.
 *
 * Loaded with `--import`, before the code that is played with.
 */
import { registerHooks } from 'node:module'

const KEPT_COMPOSE = new URL('kept-compose.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, next) {
    const from = context.parentURL ?? ''
    if (specifier.endsWith('/compose.ts') && /\/src\/core\/manifest\//.test(from))
      return { url: KEPT_COMPOSE, shortCircuit: true }
    return next(specifier, context)
  },
})
