/**
 * The time from `/canary 25` on a pull request to the answer, compared with the bare builds and fetches that it needs. Both are
 * measured in turns.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findTool } from '../../../src/adapters/kustomize/tool.ts'
import { type GitHubBox, startGitHub } from '../../../src/sandbox/github.ts'
import { writeFiles } from '../programs/checkout.ts'
import { cpuMsOf, inFolder, median, timed } from '../measure.ts'
import { startPerch } from '../programs/perch-process.ts'
import { openRaise, raise } from './play.ts'
import type { BenchResult, BenchRow } from '../report.ts'
import { type Files, repositoryOf, rootName, type Shape } from '../repository.ts'

const RATIO = 1.3

export async function benchCommand(): Promise<BenchResult> {
  const rows = await commandRows('a small repository', { services: 1, roots: 1 }, { rounds: 5, atMostMs: 500 })
  return { name: '/canary 25 → answer', rows }
}

interface Rules {
  readonly rounds: number
  /** The budget is this, or 1.3 × bare if that is more. */
  readonly atMostMs: number
}

export async function commandRows(what: string, shape: Shape, rules: Rules): Promise<readonly BenchRow[]> {
  const box = await startGitHub()
  return inFolder(async (folder) => {
    const files = repositoryOf(shape)
    box.createRepository({ name: 'gitops', files, roles: { alice: 'write' } })
    const bareWork = await bare(box, { folder, files })
    const perch = await startPerch(box, { dataDir: join(folder, 'data') })
    const [ours, cpu, theirs]: [number[], number[], number[]] = [[], [], []]
    for (let round = 0; round < rules.rounds; round += 1) {
      const pull = await openRaise(box, 0, shape.roots)
      theirs.push(await timed(bareWork))
      const before = cpuMsOf(perch.pid)
      ours.push(await raise(box, pull, 0))
      cpu.push(cpuMsOf(perch.pid) - before)
      box.person('alice').close(pull)
    }
    await perch.stop()
    await box.close()
    const floor = median(theirs)
    return [
      { what, value: median(ours), unit: 'ms', budget: { atMost: Math.max(rules.atMostMs, RATIO * floor) } },
      { what: `${what}: bare builds and fetches`, value: floor, unit: 'ms' },
      { what: `${what}: ratio`, value: median(ours) / floor, unit: '×' },
      { what: `${what}: CPU of Perch until the answer`, value: median(cpu), unit: 'ms' },
    ]
  })
}

/** The bare work: a fetch before the commit and one after it, and in between a build of the root with and without the change. */
async function bare(
  box: GitHubBox,
  { folder, files }: { readonly folder: string; readonly files: Files },
): Promise<() => Promise<void>> {
  const tool = await findTool('kustomize', { path: process.env['PATH'] })
  if (typeof tool === 'string') throw new Error(tool)
  const [program, ...args] = tool.command
  const run = promisify(execFile)
  for (const side of ['before', 'after']) writeFiles(join(folder, side), files)
  const build = (side: string): Promise<unknown> =>
    run(program, [...args, join(folder, side, rootName(0))], { maxBuffer: 64 * 2 ** 20 })
  const mirror = join(folder, 'bare.git')
  await run('git', ['clone', '--quiet', '--mirror', join(box.folder, 'acme', 'gitops.git'), mirror])
  const fetch = (): Promise<unknown> =>
    run('git', ['-C', mirror, 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/heads/*'])
  return async () => {
    await fetch()
    await Promise.all([build('before'), build('after')])
    await fetch()
  }
}
