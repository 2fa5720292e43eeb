/** The requests to GitHub from a merge until the next step is open and judged, while other steps are open. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openStage, passing, waiting } from '../../stories/stage.ts'
import { isConcluded } from '../events/play.ts'
import type { BenchResult } from '../report.ts'
import { repositoryOf } from '../repository.ts'

const OTHERS = 10

export async function benchMerge(): Promise<BenchResult> {
  const stage = await openStage({})
  const { box } = stage
  const [pass, until] = [passing(stage, true), waiting(stage, true)]
  const files = repositoryOf({ services: OTHERS + 1, roots: 1, weights: [75, 25] })
  const repository = box.createRepository({ name: 'gitops', files, roles: { alice: 'write' } })
  const steps = (): ReturnType<typeof repository.pulls> =>
    repository.pulls('open').filter(({ head }) => isConcluded(box, head.sha))
  await until('all steps', () => steps().length === OTHERS + 1)
  await pass(10_000)
  const [step] = steps()
  const mark = box.requests.mark()
  box.person('alice').merge(step?.number ?? 0, { method: 'squash' })
  await until('the next step', () => steps().some(({ head }) => head.ref.endsWith('/100')))
  await pass(10_000)
  await sleep(100)
  const { api, counted, records } = box.requestsSince(mark, 'perch')
  const kinds = Map.groupBy(
    records.filter(({ kind }) => kind === 'rest' || kind === 'graphql'),
    ({ name }) => name,
  )
  await stage.close()
  return {
    name: `a merge with ${OTHERS} other steps open`,
    rows: [
      { what: 'requests', value: api, unit: '', budget: { atMost: 10 } },
      { what: 'counted requests', value: counted, unit: '' },
    ],
    notes: [...kinds].map(([name, some]) => `${some.length} × ${name}`),
  }
}
