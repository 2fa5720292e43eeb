/** The cost of 1,000 repositories in which nothing happens: a day of sweeps, with the token renewals in that time. */
import { openStage, passing, quiet } from '../../stories/stage.ts'
import type { BenchResult } from '../report.ts'
import { repositoryOf } from '../repository.ts'

const COUNT = 100
const WANTED = 1_000
const SWEEP_SECONDS = 60
const WARM_UP = 20
const HOURS = 24

export async function benchQuiet(): Promise<BenchResult> {
  const stage = await openStage({ env: { reconcileSeconds: SWEEP_SECONDS } })
  const { box } = stage
  const pass = passing(stage, true)
  const files = repositoryOf({ services: 1, roots: 1 })
  for (let index = 0; index < COUNT; index += 1) box.createRepository({ name: `quiet-${index}`, files })
  // Until the first sweep after a time without events.
  for (let turn = 0; turn < WARM_UP; turn += 1) await pass(SWEEP_SECONDS * 1_000)
  await quiet(stage)
  const mark = box.requests.mark()
  for (let turn = 0; turn < (HOURS * 3_600) / SWEEP_SECONDS; turn += 1) await pass(SWEEP_SECONDS * 1_000)
  const { counted, records } = box.requestsSince(mark, 'perch')
  // Requests of the App itself count against no installation's limit.
  const asApp = records.filter(({ who, status }) => who === 'app perch' && status !== 304).length
  const kinds = Map.groupBy(
    records.filter(({ kind, status, who }) => kind !== 'git-fetch' && status !== 304 && who !== 'app perch'),
    ({ name }) => name,
  )
  await stage.close()
  const hourly = ((counted - asApp) / HOURS) * (WANTED / COUNT)
  return {
    name: `${WANTED} quiet repositories, by ${COUNT} of them`,
    rows: [{ what: 'counted requests an hour', value: hourly, unit: '', budget: { atMost: 200 } }],
    notes: [...kinds].map(([name, some]) => `${some.length} × ${name}`),
  }
}
