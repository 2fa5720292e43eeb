import { distance } from 'fastest-levenshtein'
import { Duration } from '../config/duration.ts'
import { isOverridable } from '../gate/names.ts'
import type { Command, CommandLine, CommandName, CommandProblem, Scope, Until } from './commands.ts'
import { plainLines } from './plain-lines.ts'

const VERB = '/canary'
/** Each with how far a near miss may be off. */
const VERBS = { [VERB]: 2, '/freeze': 1, '/unfreeze': 1 } as const
/** A longer word is never close to a command. */
const MAX_VERB = 12

/** Nobody needs more. Each one gets an answer, and may become a commit. */
const MAX_COMMANDS = 20

/**
 * The commands of a comment: lines that start with `/canary`, `/freeze` or `/unfreeze`, in the order written. Only plain
 * paragraphs count: quotes, code, lists, tables' text and HTML (comments too) are what somebody shows, not what they say
 * to us. A comment that cannot be read in bounded time has one command, which is refused: it is never passed over in silence.
 */
export function parseCommands(body: string): readonly CommandLine[] {
  const lines = plainLines(body, isWanted)
  if (!lines.ok) return [{ text: lines.error, result: refused({ code: 'too-complex', word: lines.error }) }]
  const [first] = lines.value
  if (first !== undefined && lines.value.length > MAX_COMMANDS)
    return [{ text: first, result: refused({ code: 'too-many', most: MAX_COMMANDS }) }]
  return lines.value.flatMap((text): CommandLine[] => {
    const result = commandIn(text)
    return result === undefined ? [] : [{ text, result }]
  })
}

/** Nobody writes so many lines that begin like commands and are none. */
const MAX_CANDIDATES = 100

/** Whether a comment can have commands at all: quick for any comment, and certain only where it says no. */
export function mayHaveCommands(body: string): boolean {
  const lines = body.split(/\r\n?|\n/).map((line) => line.trim())
  const candidates = lines.filter((line) => line.startsWith('/'))
  return candidates.length > MAX_CANDIDATES || candidates.some(isWanted)
}

function isWanted(line: string): boolean {
  return line.startsWith('/') && commandIn(line) !== undefined
}

function commandIn(line: string): CommandLine['result'] | undefined {
  const [verb = '', ...words] = line.split(/\s+/)
  return read(verb.toLowerCase(), words)
}

/** Undefined: it is not for us. */
function read(verb: string, words: readonly string[]): CommandLine['result'] | undefined {
  if (verb === VERB) return understand(words)
  if (verb === '/freeze') return freeze(words)
  if (verb === '/unfreeze') return unfreeze(words)
  if (verb.length <= 4 || verb.length > MAX_VERB) return undefined
  const near = Object.entries(VERBS).find(([name, most]) => distance(verb, name) <= most)
  return near === undefined
    ? undefined
    : refused({ code: 'unknown-command', word: verb, meant: `${near[0]} ${words.join(' ')}`.trim() })
}

type Reader = (words: readonly string[]) => CommandLine['result']

/** What follows `/canary`; the word itself is the key. */
const READERS: Readonly<Record<string, Reader>> = {
  help: () => understood({ name: 'help' }),
  next: (words) => withScope(words, 'next', (scope) => ({ name: 'next', ...scope })),
  promote: (words) => withScope(words, 'promote', (scope) => ({ name: 'promote', ...scope })),
  plan: readPlan,
  hold: (words) => understood({ name: 'hold', reason: reasonOf(words) }),
  abort: (words) => understood({ name: 'abort', reason: reasonOf(words) }),
  resume: bare('resume'),
  status: bare('status'),
  why: bare('why'),
  diff: bare('diff'),
  retry: bare('retry'),
  override: readOverride,
}

function understand(words: readonly string[]): CommandLine['result'] {
  const [first, ...rest] = words
  if (first === undefined) return understood({ name: 'help' })
  const word = first.toLowerCase()
  const reader = Object.hasOwn(READERS, word) ? READERS[word] : undefined
  if (reader !== undefined) return reader(rest)
  if (!/^[+\-\d.%\p{N}]/u.test(first))
    return refused({ code: 'unknown-command', word: first, meant: nearest(first.toLowerCase()) })
  const percent = percentOf(first)
  if (percent === undefined) return refused({ code: 'bad-percent', word: first })
  return withScope(rest, 'set', (scope) => ({ name: 'set', percent, ...scope }))
}

function bare(name: 'resume' | 'status' | 'why' | 'diff' | 'retry'): Reader {
  return ([word]) => (word === undefined ? understood({ name }) : refused({ code: 'bad-argument', word, name }))
}

function reasonOf(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : words.join(' ')
}

/** `[5,25,50,100]`, with or without brackets and spaces; then a scope. */
function readPlan(words: readonly string[]): CommandLine['result'] {
  const end = words.findIndex((word) => !/^[[\]\d.,%]+$/.test(word))
  const written = (end === -1 ? words : words.slice(0, end)).join(' ')
  const steps = written === '' ? undefined : stepsOf(written)
  if (steps === 'none') return refused({ code: 'bad-plan', word: written })
  return withScope(end === -1 ? [] : words.slice(end), 'plan', (scope) => ({ name: 'plan', steps, ...scope }))
}

function stepsOf(written: string): readonly number[] | 'none' {
  const [, inner, bare = ''] = /^\[([^[\]]*)\]$|^([^[\]]*)$/.exec(written) ?? []
  const steps = (inner ?? bare)
    .trim()
    .split(/\s*,\s*|\s+/)
    .map(percentOf)
  const isPlan = steps.every((step, index) => step !== undefined && step > (steps[index - 1] ?? 0))
  return isPlan ? steps.filter((step) => step !== undefined) : 'none'
}

function readOverride([gate, ...reason]: readonly string[]): CommandLine['result'] {
  if (gate === undefined) return refused({ code: 'missing-value', word: 'override', name: 'override' })
  const name = gate.toLowerCase()
  if (!isOverridable(name)) return refused({ code: 'bad-gate', word: gate })
  if (reason.length === 0) return refused({ code: 'missing-value', word: gate, name: 'override' })
  return understood({ name: 'override', gate: name, reason: reason.join(' ') })
}

function freeze(words: readonly string[]): CommandLine['result'] {
  const [environment, ...rest] = words
  if (environment === undefined || !isName(environment))
    return refused({ code: 'missing-value', word: '/freeze', name: 'freeze' })
  const at = rest.findIndex((word) => word === '--until' || word.startsWith('--until='))
  const flag = rest[at]
  if (flag === undefined) return understood({ name: 'freeze', environment, until: undefined, reason: reasonOf(rest) })
  const value = flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : rest[at + 1]
  if (value === undefined) return refused({ code: 'missing-value', word: '--until', name: 'freeze' })
  const until = untilOf(value)
  if (until === undefined) return refused({ code: 'bad-time', word: value })
  const reason = rest.toSpliced(at, flag.includes('=') ? 1 : 2)
  return understood({ name: 'freeze', environment, until, reason: reasonOf(reason) })
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/

/** `2h`, or a date of ISO 8601; without a time zone it is UTC. */
function untilOf(word: string): Until | undefined {
  const duration = Duration.safeParse(word)
  if (duration.success) return { afterMs: duration.data }
  const found = DATE.exec(word)
  if (found === null) return undefined
  const at = Date.parse(found[1] === undefined && word.includes('T') ? `${word}Z` : word)
  return Number.isNaN(at) ? undefined : { at }
}

function unfreeze(words: readonly string[]): CommandLine['result'] {
  const [environment, extra] = words
  if (environment === undefined || !isName(environment))
    return refused({ code: 'missing-value', word: '/unfreeze', name: 'unfreeze' })
  return extra === undefined
    ? understood({ name: 'unfreeze', environment })
    : refused({ code: 'bad-argument', word: extra, name: 'unfreeze' })
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
  const known = Object.keys(READERS)
  const found = known.find((name) => distance(word, name) <= 2)
  return found === undefined ? undefined : `${VERB} ${found}`
}

function understood(command: Command): CommandLine['result'] {
  return { ok: true, command }
}

function refused(problem: CommandProblem): CommandLine['result'] {
  return { ok: false, problem }
}
