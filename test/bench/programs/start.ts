/**
 * The time from the start of `perch serve` until it is ready, with an empty data folder and with that of the previous process.
 */
import { type GitHubBox, startGitHub } from '../../../src/sandbox/github.ts'
import { cpuMsOf, inFolder, median, repeat } from '../measure.ts'
import { startPerch } from './perch-process.ts'
import { CHECKOUT_CLI, shippedCli } from './program.ts'
import type { BenchResult, BenchRow } from '../report.ts'

const ROUNDS = 3

export async function benchStart(): Promise<BenchResult> {
  const box = await startGitHub()
  const rows = [
    ...(await startRows(box, {
      cli: shippedCli(),
      empty: { budget: { atMost: 1 } },
      used: { budget: { atMost: 0.6 } },
    })),
    ...(await startRows(box, { cli: CHECKOUT_CLI, empty: {}, used: {} })),
  ]
  await box.close()
  const note = 'Compiled modules are kept in the data folder, as in the image: an empty one has none.'
  return { name: 'start until ready', rows, notes: [note] }
}

interface Subject {
  readonly cli: string
  readonly empty: Pick<BenchRow, 'budget'>
  readonly used: Pick<BenchRow, 'budget'>
}

async function startRows(box: GitHubBox, { cli, empty, used }: Subject): Promise<readonly BenchRow[]> {
  const start = async (dataDir: string): Promise<readonly [s: number, cpu: number]> => {
    const perch = await startPerch(box, { dataDir, cli })
    const cpu = cpuMsOf(perch.pid)
    await perch.stop()
    return [perch.readyMs / 1_000, cpu / 1_000]
  }
  const rounds = await repeat(ROUNDS, () =>
    inFolder(async (dataDir) => [...(await start(dataDir)), ...(await start(dataDir))]),
  )
  const of = (place: number): number => median(rounds.map((round) => round[place] ?? Number.NaN))
  const program = cli === CHECKOUT_CLI ? ', a checkout' : ''
  return [
    { what: `empty data folder${program}`, value: of(0), unit: 's', ...empty },
    { what: `empty data folder${program}, CPU`, value: of(1), unit: 's' },
    { what: `used data folder${program}`, value: of(2), unit: 's', ...used },
    { what: `used data folder${program}, CPU`, value: of(3), unit: 's' },
  ]
}
