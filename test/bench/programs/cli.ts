/** Short commands of the CLI, with compiled modules from an earlier run. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { checkout } from './checkout.ts'
import { childrenCpuMs, inFolder, median, timed } from '../measure.ts'
import { CHECKOUT_CLI, shippedCli } from './program.ts'
import type { BenchResult, BenchRow } from '../report.ts'
import { repositoryOf } from '../repository.ts'

const ROUNDS = 9
const BUDGET = { budget: { atMost: 150 } }

export async function benchCli(): Promise<BenchResult> {
  return inFolder(async (dir) => {
    await checkout(dir, repositoryOf({ services: 1, roots: 1 }))
    const subjects = [
      { what: 'node alone', args: ['-e', '0'] },
      { what: 'perch status', args: [shippedCli(), 'status', '--dir', dir], ...BUDGET },
      { what: 'perch --help', args: [shippedCli(), '--help'], ...BUDGET },
      { what: 'perch status, a checkout', args: [CHECKOUT_CLI, 'status', '--dir', dir] },
      { what: 'perch --help, a checkout', args: [CHECKOUT_CLI, '--help'] },
    ].map((subject) => ({ budget: undefined, ...subject, wall: new Array<number>(), cpu: new Array<number>() }))
    // In turns, so that other load on the machine affects all of them.
    for (let round = 0; round < ROUNDS; round += 1)
      for (const { args, wall, cpu } of subjects) {
        const before = childrenCpuMs()
        wall.push(await timed(() => promisify(execFile)(process.execPath, args)))
        cpu.push(childrenCpuMs() - before)
      }
    const rows = subjects.flatMap(({ what, wall, cpu, budget }): readonly BenchRow[] => [
      { what, value: median(wall), unit: 'ms', ...(budget === undefined ? {} : { budget }) },
      { what: `${what}, CPU`, value: median(cpu), unit: 'ms' },
    ])
    return { name: 'the command line', rows }
  })
}
