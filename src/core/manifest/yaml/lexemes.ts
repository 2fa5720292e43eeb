/** What the lexer of `yaml` says before each scalar that is not quoted, which could start with a `#` itself where it is a block scalar. */
export const SCALAR_MARK = '\u001F'
/** What it says where brackets end too early. */
export const FLOW_ERROR_MARK = '\u0018'
/** Marks of the lexer that stand for no characters. */
export const LEXEME_MARKS: ReadonlySet<string> = new Set(['\u0002', FLOW_ERROR_MARK, SCALAR_MARK])
