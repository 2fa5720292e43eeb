import { isScalar, type YAMLMap } from 'yaml'

/** Keys to add, in order. A value may itself be a map of new keys. */
export type NewPairs = readonly (readonly [string, string | number | NewPairs])[]

/** A value as YAML. JSON is valid YAML, except for some control characters that JSON does not escape. */
export function valueText(value: string | number): string {
  if (typeof value === 'number') return String(value)
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * A key for a map, in quotes if its neighbours have quotes (the file may be JSON), or if YAML would read it as something else.
 */
export function keyText(key: string, map: YAMLMap | undefined): string {
  const first = map?.items[0]?.key
  const isQuoted = isScalar(first) && first.type === 'QUOTE_DOUBLE'
  return isQuoted || !isPlainText(key) ? valueText(key) : key
}

/** Whether a text needs no quotes, because every parser reads it as the same string. */
export function isPlainText(text: string): boolean {
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(?:y|n|yes|no|true|false|on|off|null)$/i.test(text)
}

export function flowPairs(pairs: NewPairs, map: YAMLMap | undefined): string {
  return pairs
    .map(([key, value]) => {
      const inner = typeof value === 'object' ? `{${flowPairs(value, map)}}` : valueText(value)
      return `${keyText(key, map)}: ${inner}`
    })
    .join(', ')
}
