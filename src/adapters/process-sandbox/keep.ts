import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'

export interface Limits<T> {
  readonly maxEntries: number
  readonly maxSize: number
  /** The size of an outcome in the cache; undefined if it must not be cached. */
  readonly sizeOf: (outcome: T) => number | undefined
}

/**
 * Caches work whose result depends only on its key, and shares it while it runs. Keeps the most recently used results, and no
 * failures.
 */
export function keeper<T>({
  maxEntries,
  maxSize,
  sizeOf,
}: Limits<T>): (key: string, work: () => Promise<T>) => Promise<T> {
  const kept = new LRUCache<string, { readonly outcome: T }>({ max: maxEntries, maxSize })
  const running = new Map<string, Promise<T>>()
  return async (key, work) => {
    const known = kept.get(key)
    if (known !== undefined) return known.outcome
    const begun = running.get(key)
    if (begun !== undefined) return begun
    const made = work()
    running.set(key, made)
    try {
      const outcome = await made
      const size = sizeOf(outcome)
      if (size !== undefined) kept.set(key, { outcome }, { size: Math.max(1, size) })
      return outcome
    } finally {
      running.delete(key)
    }
  }
}

/** A key for files, independent of their order, and for the words that say what is done with them. */
export function digestOf(files: ReadonlyMap<string, string>, ...words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([...words, files.size]))
  for (const path of [...files.keys()].sort()) hash.update(JSON.stringify([path, files.get(path)]))
  return hash.digest('hex')
}
