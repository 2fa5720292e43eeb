/** The bundle of Perch, as in the image, for tests that start it. It starts in a third of the time that the sources need. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Kept between runs, so that its compiled code is kept too. */
const PLACE = resolve('node_modules/.cache/perch-program')

/** A program that tests start in addition to Perch's own. */
const STARTED = 'test/stories/thread.ts'

/** Bundles the current sources and returns the folder. Several runs may do so at the same time. */
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

/** A concurrent reader finds the whole file. */
function writeWhole(path: string, bytes: Buffer): void {
  const draft = `${path}.${String(process.pid)}`
  writeFileSync(draft, bytes)
  renameSync(draft, path)
}

/** The path of the command line. If a test file runs by itself, that of the source. */
export function programCli(): string {
  return programFile('cli') ?? 'src/entry/cli.ts'
}

/** The path of a bundled file, by the name of its source. Undefined if a test file runs by itself. */
export function programFile(name: string): string | undefined {
  const folder = process.env['PERCH_TEST_PROGRAM']
  return folder === undefined ? undefined : join(folder, `${name}.js`)
}
