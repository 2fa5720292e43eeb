/** A cache that may lose everything at any time: nothing that matters is only here. */
export interface Memo {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  forget(key: string): Promise<void>
  /** Everything whose key begins with a text, by key. */
  entries(prefix: string): Promise<ReadonlyMap<string, unknown>>
}
