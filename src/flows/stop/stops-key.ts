import type { Sha } from '../../core/rollout/facts.ts'
import { isStopRef } from '../../core/stop/stop.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/**
 * A short text that identifies a set of stops of any size. If it differs, pull requests must be judged again. Empty if there are
 * no stops.
 */
export function stopsKey({ seal }: Pick<RepositoryContext, 'seal'>, refs: ReadonlyMap<string, Sha>): string {
  const lines = [...refs].filter(([ref]) => isStopRef(ref)).map(([ref, sha]) => `${ref} ${sha}\n`)
  return lines.length === 0 ? '' : seal(lines.sort().join('')).slice(0, 32)
}
