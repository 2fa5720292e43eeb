/** Short commands of the CLI, with compiled modules kept from the last one. */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { childrenCpuMs, inFolder, median, timed } from './measure.ts'
import type { BenchResult } from './report.ts'
import { type Files, repositoryOf } from './repository.ts'

const ROUNDS = 9
const BUDGET = { atMost: 150 }

export async function benchCli(): Promise<BenchResult> {
  return inFolder(async (dir) => {
    await checkout(dir, repositoryOf({ services: 1, roots: 1 }))
    const [bare, help, status] = [
      ['-e', '0'],
      ['src/entry/cli.ts', '--help'],
      ['src/entry/cli.ts', 'status', '--dir', dir],
    ].map((args) => ({ args, wall: new Array<number>(), cpu: new Array<number>() }))
    for (let round = 0; round < ROUNDS; round += 1)
      for (const { args, wall, cpu } of [bare, help, status].filter((one) => one !== undefined)) {
        const before = childrenCpuMs()
        wall.push(await timed(() => promisify(execFile)(process.execPath, args)))
        cpu.push(childrenCpuMs() - before)
      }
    return {
      name: 'the command line',
      rows: [
        { what: 'perch status', value: median(status?.wall ?? []), unit: 'ms', budget: BUDGET },
        { what: 'perch status, CPU', value: median(status?.cpu ?? []), unit: 'ms' },
        { what: 'perch --help', value: median(help?.wall ?? []), unit: 'ms', budget: BUDGET },
        { what: 'perch --help, CPU', value: median(help?.cpu ?? []), unit: 'ms' },
        { what: 'node alone', value: median(bare?.wall ?? []), unit: 'ms' },
      ],
    }
  })
}

/** A repository with one commit of these files. */
export async function checkout(dir: string, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const git = (...args: readonly string[]): Promise<unknown> => promisify(execFile)('git', ['-C', dir, ...args])
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '.')
  await git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message=first')
}
