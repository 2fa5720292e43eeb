import { createHash } from 'node:crypto'

export interface Limits<T> {
  readonly maxEntries: number
  readonly maxSize: number
  /** What keeping an outcome costs; undefined where it must not be kept. */
  readonly sizeOf: (outcome: T) => number | undefined
}

/** Does work that is a function of its key only once, keeps what was used last, and forgets what failed. */
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

/** One key for files, whatever their order, and what else says what is done with them. */
export function digestOf(files: ReadonlyMap<string, string>, ...words: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([...words, files.size]))
  for (const path of [...files.keys()].sort()) hash.update(JSON.stringify([path, files.get(path)]))
  return hash.digest('hex')
}
