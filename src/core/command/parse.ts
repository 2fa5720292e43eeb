import { distance } from 'fastest-levenshtein'
import {
  COMMAND_NAMES,
  COMMANDS,
  type CommandLine,
  type CommandName,
  type CommandProblem,
  readCommand,
} from './commands.ts'
import { plainLines } from './plain-lines.ts'

/** The beginnings of commands, in lower case. */
const BY_START: ReadonlyMap<string, CommandName> = new Map(COMMAND_NAMES.map((name) => [COMMANDS[name].start, name]))

/** The verb of most commands. The next word is the name of the command, or a percentage. */
const VERB = COMMANDS.set.start
const VERBS: readonly string[] = [...new Set([...BY_START.keys()].map((start) => start.split(' ')[0] ?? ''))]

/** The edit distance of a near miss. Verbs with only one command are common words, and other bots may use similar ones. */
const MOST_OFF = { verb: 2, other: 1 } as const
/** Longer words are never similar to a command. */
const MAX_VERB = 12

/** Nobody needs more. Each one gets an answer, and may become a commit. */
const MAX_COMMANDS = 20

/**
 * The commands of a comment: lines that start with `/canary`, `/freeze` or `/unfreeze`, in the order written. Only plain
 * paragraphs count: quotes, code, lists, tables and HTML (including HTML comments) only show something and are not meant for
 * Perch. A comment that cannot be parsed in bounded time counts as one command, which is refused, so that it is never
 * silently ignored.
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

/** Nobody writes so many lines that look like commands but are not. */
const MAX_CANDIDATES = 100

/** Whether a comment may contain commands. It is fast for any comment, and only a no is certain. */
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

/** Undefined if the line is not for Perch. */
function read(verb: string, words: readonly string[]): CommandLine['result'] | undefined {
  if (verb === VERB) return readAfterVerb(words)
  const name = BY_START.get(verb)
  if (name !== undefined) return readCommand(name, words)
  if (verb.length <= 4 || verb.length > MAX_VERB) return undefined
  const near = VERBS.find((known) => distance(verb, known) <= (known === VERB ? MOST_OFF.verb : MOST_OFF.other))
  return near === undefined ? undefined : unknown(verb, `${near} ${words.join(' ')}`.trim())
}

/** Reads the words that follow `/canary` in a comment, or `perch set` on a command line. */
export function readAfterVerb(words: readonly string[]): CommandLine['result'] {
  const [first, ...rest] = words
  if (first === undefined) return readCommand('help', [])
  const word = first.toLowerCase()
  const name = BY_START.get(`${VERB} ${word}`)
  if (name !== undefined) return readCommand(name, rest)
  return /^[+\-\d.%\p{N}]/u.test(first) ? readCommand('set', words) : unknown(first, nearest(word))
}

/** The command with the most similar word. If there are several, the first in the table. */
function nearest(word: string): string | undefined {
  const off = (start: string): number => distance(`${VERB} ${word}`, start)
  const near = [...BY_START.keys()].filter((start) => start.startsWith(`${VERB} `) && off(start) <= MOST_OFF.verb)
  return near.toSorted((a, b) => off(a) - off(b))[0]
}

function unknown(word: string, meant: string | undefined): CommandLine['result'] {
  return refused({ code: 'unknown-command', word, meant })
}

function refused(problem: CommandProblem): CommandLine['result'] {
  return { ok: false, problem }
}
