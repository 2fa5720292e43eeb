/** Path patterns of Argo CD's git generators: `*` within one folder, `**` at any depth, `{a,b}` for alternatives. */

/** Nobody writes longer ones, or more stars. Each star makes matching slower. */
const MAX_LENGTH = 300
const MAX_STARS = 6

/** Undefined if a pattern contains anything else. */
export function pathPattern(written: string): ((path: string) => boolean) | undefined {
  const pattern = written.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '')
  const stars = (pattern.match(/\*+/g) ?? []).length
  if (pattern.length > MAX_LENGTH || stars > MAX_STARS || /[[\]\\]/.test(pattern)) return undefined
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?|\{[^{}]*\})/)
  const regex = new RegExp(`^${parts.map(partSource).join('')}$`)
  return (path) => regex.test(path)
}

/** A comma in its escaped form. */
const COMMA = RegExp.escape(',')

function partSource(part: string): string {
  switch (part) {
    case '**/':
      return '(?:.*/)?'
    case '**':
      return '.*'
    case '*':
      return '[^/]*'
    case '?':
      return '[^/]'
    default:
      return part.startsWith('{')
        ? `(?:${RegExp.escape(part.slice(1, -1)).replaceAll(COMMA, '|')})`
        : RegExp.escape(part)
  }
}
