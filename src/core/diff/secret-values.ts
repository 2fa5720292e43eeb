/** A longer text is a file and not a password. Nobody puts it into a URL, and Perch searches for its lines as they are. */
const MAX_PASSWORD = 1_000
const MAX_LINES = 20
/** For a longer file, Perch searches only for the whole text and its lines, without other encodings. */
const MAX_ENCODED = 20_000
/** The part of a line after its key is also searched for, if it is as long as a password and not only words. */
const MIN_PART = 8

/**
 * The forms in which a secret value can appear in a text: as written, without quotes, decoded from base64, and each line of it.
 * Also those in base64 (at any position of a longer text), in a URL, in JSON and in YAML's quotes.
 */
export function formsOf(value: string): readonly string[] {
  const wholes = plainForms(value)
  const lines = [...new Set(wholes.flatMap(linesOf))]
  const encoded = [...wholes, ...(lines.length > MAX_LINES ? [] : lines)].flatMap(encodedForms)
  return [...new Set([...wholes, ...lines, ...encoded])].filter((form) => form !== '')
}

/** As written, and decoded; each with and without surrounding characters. */
function plainForms(value: string): readonly string[] {
  const bare = unquoted(value.trim())
  const once = decoded(bare)
  const twice = once === undefined ? undefined : decoded(once.trim())
  // A final newline is a common mistake with `echo`, and programs that read the value remove it.
  return [
    ...new Set([value, bare, ...[once, twice].flatMap((text) => (text === undefined ? [] : [text, text.trim()]))]),
  ]
}

/** Each line of a text with several, and the part after `key:` or `key=`. */
function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const parts = lines.flatMap((line) => {
    const part = unquoted(/^[\w.-]{1,80}\s*[:=]\s*(.+)/.exec(line)?.[1] ?? '')
    return looksSecret(part) ? [part] : []
  })
  // All certificates begin with the same line.
  return [...(lines.length > 1 ? lines.filter((line) => !/^-----[A-Z ]+-----$/.test(line)) : []), ...parts]
}

/**
 * Whether a part of a Secret's file is worth hiding. If it is short, only words, or a host, other objects may well contain the
 * same.
 */
export function looksSecret(part: string): boolean {
  return part.length >= MIN_PART && /[^a-z. -]/i.test(part)
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2')
}

function encodedForms(text: string): readonly string[] {
  if (text.length > MAX_ENCODED) return []
  const json = JSON.stringify(text).slice(1, -1)
  if (text.length > MAX_PASSWORD) return [base64(text), base64(text).replaceAll('=', ''), json]
  const whole = [text, `${text}\n`].flatMap((one) => [base64(one), base64(one).replaceAll('=', '')])
  const inBase64 = [...whole, ...whole.map(base64), ...alignments(text)]
  const url = encodeURIComponent(text.toWellFormed())
  // HTML forms encode more characters, and some programs encode everything except letters and digits.
  const form = url.replaceAll(/[!'()*~]/g, percentEncoded)
  const urls = [
    url,
    form,
    form.replaceAll(/[._-]/g, percentEncoded),
    url.replaceAll('-', percentEncoded),
    form.replaceAll('%20', '+'),
    url.replaceAll('%20', '+'),
    url.replaceAll('%2F', '/'),
    encodeURI(text.toWellFormed()),
  ]
  const go = json.replaceAll(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)
  return [
    ...inBase64.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]),
    ...urls.flatMap((form) => [form, form.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase())]),
    ...[json, go, json.replaceAll('/', '\\/')].flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]),
    text.replaceAll("'", "''"),
  ]
}

function percentEncoded(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`
}

/**
 * How a text appears inside of the base64 of a longer text, such as `user:password`: in three forms, depending on where it
 * begins. Each contains only the characters that depend on this text alone.
 */
function alignments(text: string): readonly string[] {
  const bytes = new TextEncoder().encode(text)
  return [0, 1, 2].map((shift) => {
    const all = toBase64(new Uint8Array([...Array.from({ length: shift }, () => 0), ...bytes]))
    return all.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 8) / 6))
  })
}

function base64(text: string): string {
  return toBase64(new TextEncoder().encode(text))
}

const CHUNK = 8_192

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(binary)
}

/** Undefined if it is not text in base64, in either alphabet. */
export function decoded(text: string): string | undefined {
  const joined = text.replaceAll(/\s/g, '').replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
  if (joined === '') return undefined
  try {
    const bytes = Uint8Array.from(atob(joined), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
