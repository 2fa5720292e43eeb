import type { Mirror } from '../../ports/mirror.ts'
import { BELOW } from './crowd.ts'
import { checkRef } from './fetch.ts'

type Fetch = Mirror['fetch']

interface NextFetch {
  readonly refs: Set<string>
  readonly found: ReturnType<Fetch>
}

/**
 * Combines fetches: callers that wait while another fetch runs share the next one. It begins after all of them asked, so each
 * gets the state that the server has by then. `alone` runs one piece of work at a time.
 */
export function sharedFetch(alone: <T>(work: () => Promise<T>) => Promise<T>, fetch: Fetch): Fetch {
  let next: NextFetch | undefined
  const wait = (): NextFetch => {
    const refs = new Set<string>()
    const begin = (): ReturnType<Fetch> => {
      next = undefined
      return fetch([...refs])
    }
    return { refs, found: alone(begin) }
  }
  return async (refs) => {
    // An invalid name must not fail the other callers.
    for (const ref of refs) checkRef(ref)
    if (refs.length === 0 || refs.some((ref) => ref.endsWith(BELOW))) return alone(() => fetch(refs))
    next ??= wait()
    const { found, refs: all } = next
    for (const ref of refs) all.add(ref)
    const wanted = new Set(refs)
    return new Map([...(await found)].filter(([ref]) => wanted.has(ref)))
  }
}
