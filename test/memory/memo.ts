import type { Memo } from '../../src/ports/memo.ts'

/** A cache in this process. Values are converted to JSON and back, like on disk, so that no caller relies on identity. */
export function memoryMemo(): Memo {
  const values = new Map<string, string>()
  return {
    async get(key) {
      const json = values.get(key)
      return json === undefined ? undefined : JSON.parse(json)
    },
    async set(key, value) {
      values.set(key, JSON.stringify(value ?? null))
    },
    async forget(key) {
      values.delete(key)
    },
    async entries(prefix) {
      const found = [...values].filter(([key]) => key.startsWith(prefix))
      return new Map(found.map(([key, json]): [string, unknown] => [key, JSON.parse(json)]))
    },
  }
}
