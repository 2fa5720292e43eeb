/** The forms in which one secret value can stand in a text: as written, without quotes, in base64, and decoded. */
export function formsOf(value: string): readonly string[] {
  const bare = value.trim().replace(/^(["'])(.*)\1$/s, '$2')
  const decoded = decode(bare)
  const encoded = [value, bare].map(encode)
  return [value, bare, ...encoded, ...(decoded === undefined ? [] : [decoded])]
}

/** The text with a mark in place of each value; values shorter than `shortest` would take words out of every sentence. */
export function hideValues(
  values: Iterable<string>,
  { mark, shortest }: { readonly mark: string; readonly shortest: number },
): (text: string) => string {
  // The longest first: one value may be part of another.
  const ordered = [...new Set(values)]
    .filter((value) => value.trim().length >= shortest)
    .sort((a, b) => b.length - a.length)
  return (text) => ordered.reduce((rest, value) => rest.replaceAll(value, () => mark), text)
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
