import { readFileSync } from 'node:fs'
import type { Mutant } from './mutators.ts'

/** A mutant that no test can distinguish from the code, with the reason. */
export interface Equivalent {
  readonly file: string
  /** The line of code in which it begins, without the spaces around it. */
  readonly line: string
  /** The replacement, without the spaces around it. */
  readonly becomes: string
  readonly why: string
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: 'src/core/diff/routes.ts',
    line: 'return all.find(({ names }) => names.rules?.includes(rule.label))?.rules[index] ?? rule',
    becomes: 'findLast',
    why: 'Services that split one route name no rule twice: else the first of them has the whole route.',
  },
  {
    file: 'src/flows/measure/liveness.ts',
    line: 'const end = line.indexOf(landing.sha)',
    becomes: 'lastIndexOf',
    why: 'A line of history holds each commit once.',
  },
  {
    file: 'src/core/chart/released-target.ts',
    line: "return text?.replaceAll(/\\d+/g, '0')",
    becomes: '/\\d*/g',
    why: 'It puts the same zero between all other characters of both texts.',
  },
  {
    file: 'src/flows/repository/step-ownership.ts',
    line: "return text?.replaceAll(/\\d+/g, '0')",
    becomes: '/\\d*/g',
    why: 'It puts the same zero between all other characters of both texts.',
  },
  {
    file: 'src/core/manifest/yaml/number.ts',
    line: 'const WHOLE = /^([-+]?)(0x[\\da-f]+|0b[01]+|0o?([0-7]+)|0|[1-9]\\d*)$/i',
    becomes: '/^([-+]?)(0x[\\da-f]+|0b[01]+|0o?([0-7]+)|0|[1-9]\\d+)$/i',
    why: 'A single digit is then read as a float, which is the same number.',
  },
  {
    file: 'src/core/manifest/yaml/go-scalars.ts',
    line: 'const DOUBLE_QUOTED = /"(?:[^"\\\\]|\\\\[^])*"/y',
    becomes: '/"(?:[^"\\\\]|\\\\[^])+"/y',
    why: 'The lexer never ends an empty scalar before its closing quote.',
  },
  {
    file: 'src/core/manifest/yaml/go-scalars.ts',
    line: "const SINGLE_QUOTED = /'(?:[^']|'')*'/y",
    becomes: "/'(?:[^']|'')+'/y",
    why: 'The lexer never ends an empty scalar before its closing quote.',
  },
  {
    file: 'src/core/message/markdown/markdown.ts',
    line: 'const PLAIN_CODE = /^[\\w./:@,=+-][\\w ./:@,=+-]*(?<! )$/',
    becomes: '/^[\\w./:@,=+-][\\w ./:@,=+-]+(?<! )$/',
    why: 'The serializer writes a single character in the same way, but takes longer.',
  },
  {
    file: 'src/core/message/markdown/markdown.ts',
    line: 'const PLAIN_WORDS = /^[A-Za-z][A-Za-z -]*$/',
    becomes: '/^[A-Za-z][A-Za-z -]+$/',
    why: 'The serializer writes a single letter in the same way, but takes longer.',
  },
  {
    file: 'src/core/manifest/edit/nodes.ts',
    line: 'return map.items.indexOf(pair)',
    becomes: 'lastIndexOf',
    why: 'A map holds each pair once.',
  },
]

/** The entry for a mutant. */
export function equivalentOf({ file, start, text }: Mutant): Equivalent | undefined {
  const source = readFileSync(file, 'utf8')
  const from = source.lastIndexOf('\n', start - 1) + 1
  const end = source.indexOf('\n', start)
  const line = source.slice(from, end === -1 ? undefined : end).trim()
  return EQUIVALENT.find((one) => one.file === file && one.line === line && one.becomes === text.trim())
}
