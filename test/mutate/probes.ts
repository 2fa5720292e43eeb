import { parseSync, type Span, Visitor } from 'oxc-parser'

/** A stretch of a text that runs as a whole or not at all, as far as the syntax tells. */
export interface Stretch extends Pick<Span, 'start' | 'end'> {
  /** Its syntactic form, which decides how recording code is inserted before it. */
  readonly form: 'expression' | 'statement' | 'statements'
}

/**
 * The stretches of a source: the whole text, bodies of functions and loops, branches, the code after an `if`, and operands that
 * may not be evaluated. They are nested, and outer ones come first.
 */
export function stretchesOf(file: string, text: string): readonly Stretch[] {
  const found: Stretch[] = [{ start: 0, end: text.length, form: 'statements' }]
  const add = (form: Stretch['form'], { start, end }: Pick<Span, 'start' | 'end'>): void => {
    if (start < end) found.push({ start, end, form })
  }
  const addBody = (body: Span & { readonly type: string }): void => {
    if (body.type !== 'BlockStatement') add('statement', body)
  }
  new Visitor({
    BlockStatement({ start, end, body }) {
      add('statements', { start: start + 1, end: end - 1 })
      for (const one of body) if (one.type === 'IfStatement') add('statements', { start: one.end, end: end - 1 })
    },
    SwitchCase({ consequent: [first], end }) {
      if (first !== undefined) add('statements', { start: first.start, end })
    },
    IfStatement({ consequent, alternate }) {
      addBody(consequent)
      if (alternate !== null) addBody(alternate)
    },
    ForStatement: ({ body }) => addBody(body),
    ForOfStatement: ({ body }) => addBody(body),
    ForInStatement: ({ body }) => addBody(body),
    WhileStatement: ({ body }) => addBody(body),
    ArrowFunctionExpression({ body }) {
      if (body.type !== 'BlockStatement') add('expression', body)
    },
    ConditionalExpression({ consequent, alternate }) {
      add('expression', consequent)
      add('expression', alternate)
    },
    LogicalExpression: ({ right }) => add('expression', right),
    AssignmentPattern: ({ right }) => add('expression', right),
    AssignmentExpression({ right, operator }) {
      if (['??=', '||=', '&&='].includes(operator)) add('expression', right)
    },
  }).visit(parseSync(file, text).program)
  return found.toSorted((a, b) => a.start - b.start || b.end - a.end)
}

/** The index of the stretch that tells whether a place runs: the innermost one around it. */
export function stretchAt(stretches: readonly Stretch[], place: number): number {
  return stretches.findLastIndex(({ start, end }) => start <= place && place < end)
}

/**
 * A source that records which of its stretches run: each sets a byte of `globalThis.mutateRan`, beginning with `first`. V8's own
 * coverage could do it too, but while it counts, no code is optimized, including that of packages.
 */
export function withNotes(text: string, stretches: readonly Stretch[], first: number): string {
  let next = 0
  const written = (until: number, from: number): string => {
    let out = ''
    let at = from
    for (let inner = stretches[next]; inner !== undefined && inner.start < until; inner = stretches[next]) {
      const note = `mutateRan[${first + next}] = 1`
      next += 1
      out += text.slice(at, inner.start) + noted(inner.form, note, written(inner.end, inner.start))
      at = inner.end
    }
    return out + text.slice(at, until)
  }
  // A global would be looked up at each use.
  return `const { mutateRan } = globalThis; ${written(text.length, 0)}`
}

function noted(form: Stretch['form'], note: string, text: string): string {
  if (form === 'expression') return `(${note}, ${text})`
  return form === 'statement' ? `{ ${note}; ${text} }` : `; ${note}; ${text}`
}
