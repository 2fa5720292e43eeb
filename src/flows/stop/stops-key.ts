import type { Sha } from '../../core/rollout/facts.ts'
import { isStopRef } from '../../core/stop/stop.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/**
 * One short string for one set of stops, however many: where it differs, pull requests have to be judged again. Empty where
 * there is none.
 */
export function stopsKey({ seal }: Pick<RepositoryContext, 'seal'>, refs: ReadonlyMap<string, Sha>): string {
  const lines = [...refs].filter(([ref]) => isStopRef(ref)).map(([ref, sha]) => `${ref} ${sha}\n`)
  return lines.length === 0 ? '' : seal(lines.sort().join('')).slice(0, 32)
}
