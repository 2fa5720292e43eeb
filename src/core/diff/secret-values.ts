/** The forms in which one secret value can stand in a text: as written, without quotes, in base64, and decoded. */
export function formsOf(value: string): readonly string[] {
  const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2')
  const decoded = decode(bare)
  const encoded = [value, bare].map(encode)
  return [value, bare, ...encoded, ...(decoded === undefined ? [] : [decoded])]
}

/**
 * Puts a mark in place of each value in a text, overlapping ones together; values shorter than `shortest` would take words out
 * of every sentence. In one pass, however many values there are.
 */
export function hideValues(
  values: Iterable<string>,
  { mark, shortest }: { readonly mark: string; readonly shortest: number },
): (text: string) => string {
  const known = [...new Set(values)].filter((value) => value.trim().length >= shortest)
  const byStart = Map.groupBy(known, (value) => value.slice(0, shortest))
  return (text) => {
    let left = ''
    let shownTo = 0
    let hiddenTo = 0
    for (let at = 0; at <= text.length - shortest && byStart.size > 0; at += 1) {
      const found = byStart.get(text.slice(at, at + shortest))?.filter((value) => text.startsWith(value, at)) ?? []
      if (found.length === 0) continue
      if (at >= hiddenTo) left += text.slice(shownTo, at) + mark
      hiddenTo = Math.max(hiddenTo, ...found.map((value) => at + value.length))
      shownTo = hiddenTo
    }
    return left + text.slice(shownTo)
  }
}

function encode(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text.slice(0, 10_000))))
}

function decode(base64: string): string | undefined {
  const joined = base64.replaceAll(/\s/g, '')
  if (joined.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined)) return undefined
  const bytes = Uint8Array.from(atob(joined), (character) => character.codePointAt(0) ?? 0)
  return new TextDecoder().decode(bytes)
}
