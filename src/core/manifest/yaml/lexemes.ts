/**
 * The lexer of `yaml` emits this before each unquoted scalar. Without it, a block scalar that starts with `#` would look like a
 * comment.
 */
export const SCALAR_MARK = '\u001F'
/** The lexer emits this where brackets end too early. */
export const FLOW_ERROR_MARK = '\u0018'
/** Marks of the lexer that represent no characters of the text. */
export const LEXEME_MARKS: ReadonlySet<string> = new Set(['\u0002', FLOW_ERROR_MARK, SCALAR_MARK])
