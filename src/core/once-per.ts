/** A function that works once for each object, which must never change. It remembers a result as long as the object exists. */
export function oncePer<T extends object, Result>(work: (object: T) => Result): (object: T) => Result {
  const known = new WeakMap<T, Result>()
  return (object) => {
    const result = known.get(object) ?? work(object)
    known.set(object, result)
    return result
  }
}
