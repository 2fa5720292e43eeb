import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { runCommand } from '../../src/entry/command-line/run-command.ts'
import type { Terminal } from '../../src/entry/command-line/cli-call.ts'

export interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Output into a pipe instead of a terminal. */
export const PIPE = { isColourful: false, isWatched: false, columns: 80 }

/** Runs the program in this process, because starting one takes a second. */
export async function perch(...words: string[]): Promise<Printed> {
  return perchOn({}, ...words)
}

/** The same, on a given kind of terminal. */
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

const folder = mkdtempSync(join(tmpdir(), 'perch-checkouts-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** A folder with these files. It is removed after the tests. */
export function checkout(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(folder, 'c-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

/** For tests with a program that not every machine has. */
export function needsProgram(name: string): { readonly skip: string | false } {
  const isThere = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
  return { skip: !isThere && `optional: ${name} not installed` }
}
