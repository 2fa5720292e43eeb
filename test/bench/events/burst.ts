/** Sixteen commands at the same time, each on its own pull request. */
import { startGitHub } from '../../../src/sandbox/github.ts'
import { cpuMsOf, inFolder, median } from '../measure.ts'
import { startPerch } from '../programs/perch-process.ts'
import { openRaise, raise } from './play.ts'
import type { BenchResult } from '../report.ts'
import { repositoryOf } from '../repository.ts'

const COUNT = 16

export async function benchBurst(): Promise<BenchResult> {
  const box = await startGitHub()
  return inFolder(async (dataDir) => {
    box.createRepository({
      name: 'gitops',
      files: repositoryOf({ services: COUNT, roots: 1 }),
      roles: { alice: 'write' },
    })
    const perch = await startPerch(box, { dataDir })
    const pulls = await Promise.all(Array.from({ length: COUNT }, (_, service) => openRaise(box, service)))
    const before = cpuMsOf(perch.pid)
    const answers = await Promise.all(pulls.map((pull, service) => raise(box, pull, service)))
    const cpu = cpuMsOf(perch.pid) - before
    await perch.stop()
    await box.close()
    return {
      name: `${COUNT} commands at once`,
      rows: [
        { what: 'last answer', value: Math.max(...answers) / 1_000, unit: 's', budget: { atMost: 4 } },
        { what: 'answer p50', value: median(answers) / 1_000, unit: 's' },
        { what: 'CPU of Perch', value: cpu / 1_000, unit: 's' },
      ],
    }
  })
}
