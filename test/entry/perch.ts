import { spawnSync } from 'node:child_process'
import { runCommand } from '../../src/entry/command-line/run-command.ts'
import type { Terminal } from '../../src/entry/command-line/cli-call.ts'

export interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** No terminal at all. */
export const PIPE = { isColourful: false, isWatched: false, columns: 80 }

/** What the program does, in this process: starting one takes a second. */
export async function perch(...words: string[]): Promise<Printed> {
  return perchOn({}, ...words)
}

/** The same on a terminal of some kind. */
export async function perchOn(terminal: Partial<Terminal>, ...words: string[]): Promise<Printed> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCommand(words, {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    ...PIPE,
    ...terminal,
  })
  return { code, out: out.join(''), err: err.join('') }
}

/** For tests that need a program which not every machine has. */
export function needsProgram(name: string): { readonly skip: string | false } {
  const isThere = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  return { skip: !isThere && `optional: ${name} not installed` }
}
