import { explainRefusal } from '../../core/message/refusal/refusal.ts'
import { plainWords } from '../../core/message/markdown/plain-words.ts'
import { terminalText } from '../../core/text/inert.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import type { Progress } from './progress.ts'

/** Where a command prints to. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether stdout shows colours. */
  readonly isColourful: boolean
  /** Whether stderr is a terminal, so that progress can be shown there and erased again. */
  readonly isWatched: boolean
  readonly columns: number
}

/** All options of all commands. */
export interface CliOptions {
  readonly env?: string
  readonly dir?: string
  readonly json?: boolean
  readonly dryRun?: boolean
  readonly exit?: boolean
  readonly story?: string
  readonly flagger?: boolean
}

export interface CliCall {
  readonly args: readonly string[]
  readonly options: CliOptions
  readonly terminal: Terminal
  readonly progress: Progress
}

/** The exit code, and what to print on each stream. Exit codes: 0 done, 1 refused (the reason is on stderr), 2 wrong usage. */
export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * Anyone may have written the names and contents of files, so control sequences and CI commands in them are disarmed before they
 * are printed.
 */
export function printed(code: number, out: string, err = ''): CliResult {
  return { code, out: terminalText(out), err: terminalText(err) }
}

export function printRefusal(refusal: Refusal, { json: isJson = false }: CliOptions): CliResult {
  const reason = plainWords(explainRefusal(refusal))
  return printed(1, isJson ? json({ refused: refusal.code, reason }) : '', `perch: ${reason}\n`)
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** A log that drops everything: a command line prints to its streams instead. */
export const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
