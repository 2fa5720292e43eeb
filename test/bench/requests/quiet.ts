/** What 1,000 repositories cost in which nothing happens: an hour of sweeps, with the change of the token that it brings. */
import { openStage, passing, quiet } from '../../stories/stage.ts'
import type { BenchResult } from '../report.ts'
import { repositoryOf } from '../repository.ts'

const COUNT = 100
const WANTED = 1_000
const SWEEP_SECONDS = 60
const HOURS = 2

export async function benchQuiet(): Promise<BenchResult> {
  const stage = await openStage({ env: { reconcileSeconds: SWEEP_SECONDS } })
  const { box } = stage
  const pass = passing(stage, true)
  const files = repositoryOf({ services: 1, roots: 1 })
  for (let index = 0; index < COUNT; index += 1) box.createRepository({ name: `quiet-${index}`, files })
  for (let turn = 0; turn < 3; turn += 1) await pass(SWEEP_SECONDS * 1_000)
  await quiet(stage)
  const mark = box.requests.mark()
  for (let turn = 0; turn < (HOURS * 3_600) / SWEEP_SECONDS; turn += 1) await pass(SWEEP_SECONDS * 1_000)
  const { counted, records } = box.requestsSince(mark, 'perch')
  // What the App asks as itself counts against no installation.
  const asApp = records.filter(({ who, status }) => who === 'app perch' && status !== 304).length
  await stage.close()
  const hourly = ((counted - asApp) / HOURS) * (WANTED / COUNT)
  return {
    name: `${WANTED} quiet repositories, by ${COUNT} of them`,
    rows: [{ what: 'counted requests an hour', value: hourly, unit: '', budget: { atMost: 200 } }],
  }
}
