/** Perch as it is shipped: the bundle in the image, built for each run. The sources of a checkout take longer to load. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

let folder: string | undefined

/** The path of its `cli.js`. */
export function shippedCli(): string {
  return join((folder ??= makeBundle()), 'cli.js')
}

export const CHECKOUT_CLI = 'src/entry/cli.ts'

function makeBundle(): string {
  const made = mkdtempSync(join(tmpdir(), 'perch-bundle-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  execFileSync(process.execPath, ['scripts/bundle.ts', made], { stdio: 'inherit' })
  return made
}
