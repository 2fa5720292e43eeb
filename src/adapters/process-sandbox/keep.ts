import { createHash } from 'node:crypto'

export interface Limits<T> {
  readonly maxEntries: number
  readonly maxSize: number
  /** The size of an outcome in the cache; undefined if it must not be cached. */
  readonly sizeOf: (outcome: T) => number | undefined
}

/** Caches work whose result depends only on its key. Keeps the most recently used results, and does not keep failures. */
export function keeper<T>({
  maxEntries,
  maxSize,
  sizeOf,
}: Limits<T>): (key: string, work: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, Promise<T>>()
  const sizes = new Map<string, number>()
  let total = 0

  function forget(key: string): void {
    kept.delete(key)
    total -= sizes.get(key) ?? 0
    sizes.delete(key)
  }

  function shrink(): void {
    for (const key of kept.keys()) {
      if (kept.size <= maxEntries && total <= maxSize) return
      forget(key)
    }
  }

  function account(key: string, size: number | undefined): void {
    if (size === undefined) return forget(key)
    if (!kept.has(key)) return undefined
    sizes.set(key, size)
    total += size
    return shrink()
  }

  return async (key, work) => {
    const known = kept.get(key)
    if (known !== undefined) {
      kept.delete(key)
      kept.set(key, known)
      return known
    }
    const made = work()
    kept.set(key, made)
    try {
      const outcome = await made
      account(key, sizeOf(outcome))
      return outcome
    } catch (error) {
      forget(key)
      throw error
    }
  }
}

/** A key for files, independent of their order, and for the words that say what is done with them. */
export function digestOf(files: ReadonlyMap<string, string>, ...words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([...words, files.size]))
  for (const path of [...files.keys()].sort()) hash.update(JSON.stringify([path, files.get(path)]))
  return hash.digest('hex')
}
