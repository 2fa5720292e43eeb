/**
 * Caches parsed YAML, because a play reads the same few texts thousands of times. The result depends only on the text, and nobody
 * changes a parsed document.
 *
 * Loaded with `--import`, before the code under test.
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
