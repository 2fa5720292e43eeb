/** A cache that may lose anything at any time. Nothing important is stored only here. */
export interface Memo {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  forget(key: string): Promise<void>
  /** All entries whose key begins with `prefix`, by key. */
  entries(prefix: string): Promise<ReadonlyMap<string, unknown>>
}
