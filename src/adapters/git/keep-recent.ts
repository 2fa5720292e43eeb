/** Remembers what never changes, such as what an object name stands for; the least recently used goes first. */
export interface Keep<T> {
  get(key: string): T | undefined
  set(key: string, value: T, weight?: number): void
}

/** `room`: how much weight is kept at the most; an entry weighs 1 unless told. */
export function keepRecent<T>(room: number): Keep<T> {
  const kept = new Map<string, { readonly value: T; readonly weight: number }>()
  let total = 0
  return {
    get(key) {
      const found = kept.get(key)
      if (found === undefined) return undefined
      kept.delete(key)
      kept.set(key, found)
      return found.value
    },
    set(key, value, weight = 1) {
      total += weight - (kept.get(key)?.weight ?? 0)
      kept.delete(key)
      kept.set(key, { value, weight })
      for (const [oldest, { weight: freed }] of kept) {
        if (total <= room) return
        kept.delete(oldest)
        total -= freed
      }
    },
  }
}
