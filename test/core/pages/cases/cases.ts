/** The cases of test/cases, read by Perch. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readConfig } from '../../../../src/core/config/read.ts'
import { readSnapshot, type Snapshot } from '../../../../src/core/rollout/snapshot.ts'

const ROOT = join(import.meta.dirname, '../../../cases')

export const CASES: readonly string[] = readdirSync(ROOT).sort()

export function commandOf(name: string): string {
  return readFileSync(join(ROOT, name, 'command.txt'), 'utf8')
}

function filesIn(folder: string, side: 'before' | 'after'): [string, string][] {
  const single = join(folder, `${side}.yaml`)
  if (existsSync(single)) return [['before.yaml', readFileSync(single, 'utf8')]]
  const root = join(folder, side)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => join(root, path))
    .filter((path) => statSync(path).isFile())
    .sort()
    .map((path) => [relative(root, path), readFileSync(path, 'utf8')])
}

/** A side of a case: its files, and what they say. */
export interface CaseSide {
  readonly texts: ReadonlyMap<string, string>
  readonly snapshot: Snapshot
}

/** Undefined if the config of a case is not valid. */
export function sidesOf(name: string): readonly [CaseSide, CaseSide] | undefined {
  const folder = join(ROOT, name)
  const file = join(folder, 'canary.yml')
  const config = readConfig(existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  if (!config.ok) return undefined
  const before = new Map(filesIn(folder, 'before'))
  const read = (texts: ReadonlyMap<string, string>): CaseSide => {
    const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
    return { texts, snapshot: readSnapshot({ entries, texts, config: config.value }).snapshot }
  }
  return [read(before), read(new Map([...before, ...filesIn(folder, 'after')]))]
}
