/** The same thing before a change and after it. */
export interface BothSides<T> {
  readonly before: T
  readonly after: T
}
