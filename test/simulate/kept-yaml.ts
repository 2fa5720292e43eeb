/** `yaml`, less the work of reading a text twice. */
import { LineCounter, parseAllDocuments as readAll, parseDocument as readOne } from 'yaml'

export * from 'yaml'

type Options = { readonly lineCounter?: LineCounter } | undefined
type Read<T> = (text: string, options: Options) => T

export const parseDocument = kept(readOne as Read<unknown>)
export const parseAllDocuments = kept(readAll as Read<unknown>)

const MAX_KEPT = 5_000

function kept<T>(read: Read<T>): Read<T> {
  const known = new Map<string, { readonly value: T; readonly lineStarts: readonly number[] }>()
  return (text, options) => {
    const key = `${JSON.stringify({ ...options, lineCounter: undefined }, nameFunctions)} ${text}`
    const before = known.get(key)
    if (before !== undefined) {
      options?.lineCounter?.lineStarts.push(...before.lineStarts)
      return before.value
    }
    const lineCounter = new LineCounter()
    const value = read(text, { ...options, lineCounter })
    options?.lineCounter?.lineStarts.push(...lineCounter.lineStarts)
    if (known.size >= MAX_KEPT) known.clear()
    known.set(key, { value, lineStarts: [...lineCounter.lineStarts] })
    return value
  }
}

function nameFunctions(_: string, value: unknown): unknown {
  return typeof value === 'function' ? value.name : value
}
