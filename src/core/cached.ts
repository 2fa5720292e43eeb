/** Results of earlier computations. Entries may be dropped at any time. */
interface Cache<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): unknown
}

/** The result for a key. It is computed only if it is not in the cache. */
export function cached<K, V>(cache: Cache<K, V>, key: K, compute: () => V): V {
  const known = cache.get(key)
  if (known !== undefined) return known
  const found = compute()
  cache.set(key, found)
  return found
}

/** A function that works once for each object, which must never change. It remembers a result as long as the object exists. */
export function oncePer<T extends object, V>(compute: (object: T) => V): (object: T) => V {
  const known = new WeakMap<T, V>()
  return (object) => cached(known, object, () => compute(object))
}
