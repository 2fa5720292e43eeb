/**
 * Scalars that Go's YAML library reads and YAML 1.2 does not. kustomize, Argo CD and Flux read manifests with it
 * (sigs.k8s.io/yaml), so such a file is valid. This module converts them to text of the same length that both can read, so that
 * offsets do not change.
 */
import { type Document, isScalar, Lexer, visit } from 'yaml'
import { LEXEME_MARKS, SCALAR_MARK } from './lexemes.ts'

/**
 * The last colon of an address such as `2001:db8::` in brackets. YAML 1.2 ends the scalar there and makes a mapping. In Go, a
 * colon ends a scalar only before a space.
 */
const LAST_COLON = /(?<=[[,]\s{0,40}[0-9A-Fa-f:.]{0,40}:):(?=\s*[,\]])/g

/** Replaces that colon while the text is parsed. A private-use character. */
const COLON = '\uE03A'

/** The text with those colons hidden from the parser. Unchanged if there are none. */
export function hideColons(text: string): string {
  return text.includes('::') ? text.replaceAll(LAST_COLON, COLON) : text
}

/** Restores the colons in the scalars of documents. */
export function restoreColons(documents: readonly Document[]): void {
  for (const document of documents) {
    visit(document, (_, node) => {
      if (!isScalar(node)) return
      if (typeof node.value === 'string') node.value = node.value.replaceAll(COLON, ':')
      if (node.source !== undefined) node.source = node.source.replaceAll(COLON, ':')
    })
  }
}

/** The whole text is read again for each of them. */
const MAX_JOINED = 50

/**
 * Joins quoted scalars whose continuation lines are not indented deeper than their key. YAML 1.2 requires that indentation, and
 * Go does not. Line breaks become spaces. Undefined if there is no such scalar.
 */
export function joinQuotedLines(text: string): string | undefined {
  let joined = text
  for (let count = 0; count < MAX_JOINED; count += 1) {
    const cut = cutScalar(joined)
    if (cut === undefined) return count === 0 ? undefined : joined
    const [start, end] = cut
    joined = joined.slice(0, start) + joined.slice(start, end).replaceAll(/[\r\n]/g, ' ') + joined.slice(end)
  }
  return undefined
}

const DOUBLE_QUOTED = /"(?:[^"\\]|\\[^])*"/y
const SINGLE_QUOTED = /'(?:[^']|'')*'/y
/** The first quoted scalar that the lexer ends before its closing quote. */
function cutScalar(text: string): readonly [start: number, end: number] | undefined {
  let offset = 0
  let isPlain = false
  for (const lexeme of new Lexer().lex(text)) {
    if (LEXEME_MARKS.has(lexeme) && !isPlain) {
      isPlain = lexeme === SCALAR_MARK
      continue
    }
    const whole = isPlain ? undefined : quotedAt(text, offset)
    if (whole !== undefined && whole.length > lexeme.length) return [offset, offset + whole.length]
    isPlain = false
    offset += lexeme.length
  }
  return undefined
}

function quotedAt(text: string, offset: number): string | undefined {
  const quote = text[offset]
  if (quote !== '"' && quote !== "'") return undefined
  const pattern = quote === '"' ? DOUBLE_QUOTED : SINGLE_QUOTED
  pattern.lastIndex = offset
  return pattern.exec(text)?.[0]
}
