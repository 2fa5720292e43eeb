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

/** What a command begins with, in small letters. */
const BY_START: ReadonlyMap<string, CommandName> = new Map(COMMAND_NAMES.map((name) => [COMMANDS[name].start, name]))

/** The verb of most commands: a word follows that says which, or a percentage. */
const VERB = COMMANDS.set.start
const VERBS: readonly string[] = [...new Set([...BY_START.keys()].map((start) => start.split(' ')[0] ?? ''))]

/** How far a near miss may be off. Verbs of one command are usual words, which other bots may listen to in other forms. */
const MOST_OFF = { verb: 2, other: 1 } as const
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

/** The command whose word is the closest to what was written; of several the first of the table. */
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
