import { distance } from 'fastest-levenshtein'
import { fromMarkdown } from 'mdast-util-from-markdown'
import {
  type Command,
  COMMANDS,
  type CommandLine,
  type CommandName,
  type CommandProblem,
  type Scope,
} from './commands.ts'

const VERB = '/canary'

/** GitHub refuses longer comments; a bound here keeps a hostile one from costing more. */
const MAX_LENGTH = 65_536

/**
 * The commands of a comment: lines that start with `/canary`, in the order written. Only plain paragraphs count: quotes,
 * code, lists, tables' text and HTML (comments too) are what somebody shows, not what they say to us.
 */
export function parseCommands(body: string): readonly CommandLine[] {
  return slashLines(body.slice(0, MAX_LENGTH)).flatMap((text): CommandLine[] => {
    const [verb = '', ...words] = text.split(/\s+/)
    if (verb.toLowerCase() === VERB) return [{ text, result: understand(words) }]
    const isNear = distance(verb.toLowerCase(), VERB) <= 2 && verb.length > 4
    if (!isNear) return []
    return [
      {
        text,
        result: {
          ok: false,
          problem: { code: 'unknown-command', word: verb, meant: `${VERB} ${words.join(' ')}`.trim() },
        },
      },
    ]
  })
}

/** Lines of plain paragraphs that start with a slash. */
function slashLines(body: string): string[] {
  const lines: string[] = []
  for (const block of fromMarkdown(body).children) {
    if (block.type !== 'paragraph' || block.position === undefined) continue
    const start = block.position.start.offset ?? 0
    const text = body.slice(start, block.position.end.offset)
    let offset = start
    for (const line of text.split('\n')) {
      const at = offset + (line.length - line.trimStart().length)
      const isPlain = block.children.some(
        ({ type, position }) =>
          type === 'text' && (position?.start.offset ?? 0) <= at && at < (position?.end.offset ?? 0),
      )
      if (isPlain && line.trimStart().startsWith('/')) lines.push(line.trim())
      offset += line.length + 1
    }
  }
  return lines
}

function understand(words: readonly string[]): CommandLine['result'] {
  const [first, ...rest] = words
  const word = first?.toLowerCase()
  if (first === undefined || word === 'help') return understood({ name: 'help' })
  if (word === 'status')
    return rest.length > 0
      ? refused({ code: 'bad-argument', word: rest[0] ?? '', name: 'status' })
      : understood({ name: 'status' })
  if (word === 'abort') return understood({ name: 'abort', reason: rest.length > 0 ? rest.join(' ') : undefined })
  if (word === 'next') return withScope(rest, 'next', (scope) => ({ name: 'next', ...scope }))
  if (!/^[+\-\d.%\p{N}]/u.test(first))
    return refused({ code: 'unknown-command', word: first, meant: nearest(first.toLowerCase()) })
  const percent = percentOf(first)
  if (percent === undefined) return refused({ code: 'bad-percent', word: first })
  return withScope(rest, 'set', (scope) => ({ name: 'set', percent, ...scope }))
}

/** `25`, `25%`, `0.5`: digits, at most two decimals, 0 to 100. Nothing else that JavaScript would read as a number. */
function percentOf(word: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,2})?%?$/.test(word)) return undefined
  const percent = Number.parseFloat(word)
  return percent <= 100 ? percent : undefined
}

function withScope(
  words: readonly string[],
  name: CommandName,
  make: (scope: Scope) => Command,
): CommandLine['result'] {
  const scope: { service: string | undefined; environment: string | undefined; sha: string | undefined } = {
    service: undefined,
    environment: undefined,
    sha: undefined,
  }
  const left = [...words]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [flag, value] = word.split('=', 2)
    if (flag === '--env') {
      scope.environment = value ?? left.shift()
      if (scope.environment === undefined || !isName(scope.environment))
        return refused({ code: 'missing-value', word: '--env', name })
    } else if (/^@[0-9a-f]{7,40}$/.test(word)) scope.sha = word.slice(1)
    else if (scope.service === undefined && isName(word)) scope.service = word
    else return refused({ code: 'bad-argument', word, name })
  }
  return understood(make(scope))
}

/** Names of services and environments are names of Kubernetes objects or folders; those that go together are joined by `+`. */
function isName(word: string): boolean {
  return /^[A-Za-z0-9][\w./+-]*$/.test(word)
}

function nearest(word: string): string | undefined {
  const known = Object.keys(COMMANDS).filter((name) => name !== 'set')
  const found = known.find((name) => distance(word, name) <= 2)
  return found === undefined ? undefined : `${VERB} ${found}`
}

function understood(command: Command): CommandLine['result'] {
  return { ok: true, command }
}

function refused(problem: CommandProblem): CommandLine['result'] {
  return { ok: false, problem }
}
