/** Perch as the image has it, for tests that start it: it starts in a third of the time that the sources take. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Stays between runs, so that its compiled code is kept too. */
const PLACE = resolve('node_modules/.cache/perch-program')

/** What tests start beside Perch's own programs. */
const STARTED = 'test/stories/thread.ts'

/** Makes it from the sources as they are; gives its folder. Runs at the same time may do so too. */
export function makeProgram(): string {
  const made = mkdtempSync(join(tmpdir(), 'perch-program-'))
  execFileSync(process.execPath, ['scripts/bundle.ts', made, STARTED], { stdio: 'inherit' })
  mkdirSync(PLACE, { recursive: true })
  const names = readdirSync(made)
  for (const name of names) writeWhole(join(PLACE, name), readFileSync(join(made, name)))
  for (const name of readdirSync(PLACE)) if (!names.includes(name)) rmSync(join(PLACE, name), { force: true })
  rmSync(made, { recursive: true })
  return PLACE
}

/** A reader at the same moment finds the whole file. */
function writeWhole(path: string, bytes: Buffer): void {
  const draft = `${path}.${String(process.pid)}`
  writeFileSync(draft, bytes)
  renameSync(draft, path)
}

/** The command line; from the sources where a test file is run by itself. */
export function programCli(): string {
  return programFile('cli') ?? 'src/entry/cli.ts'
}

/** A file of it, by the name of its source; undefined where a test file is run by itself. */
export function programFile(name: string): string | undefined {
  const folder = process.env['PERCH_TEST_PROGRAM']
  return folder === undefined ? undefined : join(folder, `${name}.js`)
}
