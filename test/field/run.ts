/**
 * Measures how often Perch is wrong about repositories that were not made for it: `npm run field -- <folder of repositories>`.
 *
 * For each repository it measures the environments, the problems that would be red if one pull request brought all of it (without
 * those that Perch leaves unrendered by design, such as a base from the network), its splits and whether `perch set` can move
 * them, time and memory. It prints a table, and writes all results to `--json <file>`. A repository is a folder, or its subfolder
 * `repo` if there is one.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { RepositoryLook } from './repository-look.ts'

const LIMIT_MS = 10 * 60_000
const LOOK = join(import.meta.dirname, 'look.ts')

interface Row {
  readonly name: string
  readonly look: RepositoryLook | undefined
  /** The output of a process without a result. */
  readonly failure: string | undefined
}

async function rowOf(folder: string): Promise<Row> {
  const inner = join(folder, 'repo')
  const child = spawn(process.execPath, [LOOK, existsSync(inner) ? inner : folder], { timeout: LIMIT_MS })
  const [out, said]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const name = basename(folder)
  if (code === 0) return { name, look: RepositoryLook.parse(JSON.parse(out.join(''))), failure: undefined }
  return { name, look: undefined, failure: said.join('').trim().split('\n').at(-1) ?? `exit code ${code}` }
}

function line({ name, look, failure }: Row, width: number): string {
  if (look === undefined) return `${name.padEnd(width)}  no answer: ${failure}`
  const { environments, reds, unseen, notes, splits, seconds, megabytes } = look
  const moved = splits.filter(({ refusal }) => refusal === undefined).length
  const cells = [environments.length, reds.length, unseen.length, notes.length, `${moved}/${splits.length}`]
  const numbers = [...cells, seconds.toFixed(1), megabytes.toFixed(0)].map((cell) => String(cell).padStart(9))
  const refusals = splits.flatMap(({ environment, service, refusal }) =>
    refusal === undefined ? [] : [`${environment}/${service}: ${refusal}`],
  )
  return [`${name.padEnd(width)}${numbers.join('')}`, ...[...reds, ...refusals].map((text) => `    ${text}`)].join('\n')
}

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true })
const [folder] = positionals
if (folder === undefined) {
  console.error('Usage: npm run field -- <folder of repositories> [--json <file>]')
  process.exit(2)
}
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const width = Math.max(10, ...names.map((name) => name.length))
const heads = ['environments', 'red', 'unseen', 'notes', 'moved', 'seconds', 'MB'].map((head) =>
  head.slice(0, 8).padStart(9),
)
console.log(`${'repository'.padEnd(width)}${heads.join('')}`)
const rows: Row[] = []
for (const name of names.sort()) {
  const row = await rowOf(join(folder, name))
  rows.push(row)
  console.log(line(row, width))
}
const looks = rows.flatMap(({ look }) => look ?? [])
const splits = looks.flatMap((look) => look.splits)
const red = looks.filter(({ reds }) => reds.length > 0).length
const moved = splits.filter(({ refusal }) => refusal === undefined).length
console.log(
  `${rows.length} repositories: ${red} with something red, ${rows.length - looks.length} without an answer, ${moved} of ${splits.length} splits moved`,
)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
