import type { Sha } from '../core/rollout/facts.ts'
import { STOP_REFS } from '../core/stop/stop.ts'

/** One string for one set of stops: where it differs, pull requests have to be judged again. */
export function stopsKey(refs: ReadonlyMap<string, Sha>): string {
  return stopRefs(refs)
    .map(([ref, sha]) => `${ref} ${sha.slice(0, 12)}`)
    .sort()
    .join(' ')
}

export function stopRefs(refs: ReadonlyMap<string, Sha>): readonly (readonly [string, Sha])[] {
  return [...refs].filter(([ref]) => ref.startsWith(STOP_REFS.slice(0, -1)))
}
