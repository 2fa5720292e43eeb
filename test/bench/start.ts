/** From the start of `perch serve` until it is ready: with an empty data folder, and with the one that the last process left. */
import { startGitHub } from '../../src/sandbox/github.ts'
import { cpuMsOf, inFolder, median, repeat } from './measure.ts'
import { startPerch } from './perch-process.ts'
import type { BenchResult } from './report.ts'

const ROUNDS = 3

export async function benchStart(): Promise<BenchResult> {
  const box = await startGitHub()
  const rounds = await repeat(ROUNDS, () =>
    inFolder(async (dataDir) => {
      const start = async (): Promise<Start> => {
        const perch = await startPerch(box, { dataDir })
        const found = { s: perch.readyMs / 1_000, cpu: cpuMsOf(perch.pid) / 1_000 }
        await perch.stop()
        return found
      }
      return { empty: await start(), used: await start() }
    }),
  )
  await box.close()
  const of = (kind: 'empty' | 'used', what: keyof Start): number => median(rounds.map((round) => round[kind][what]))
  return {
    name: 'start until ready',
    rows: [
      { what: 'empty data folder', value: of('empty', 's'), unit: 's', budget: { atMost: 1 } },
      { what: 'empty data folder, CPU', value: of('empty', 'cpu'), unit: 's' },
      { what: 'used data folder', value: of('used', 's'), unit: 's', budget: { atMost: 0.6 } },
      { what: 'used data folder, CPU', value: of('used', 'cpu'), unit: 's' },
    ],
    notes: ['Compiled modules are kept in the data folder, as in the image: an empty one has none.'],
  }
}

interface Start {
  readonly s: number
  readonly cpu: number
}
