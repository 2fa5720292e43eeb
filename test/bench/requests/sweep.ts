/** The requests of a sweep to GitHub when nothing is new, with 8 rollouts that wait for a status, and 50 quiet pull requests. */
import { openStage, passing, waiting } from '../../stories/stage.ts'
import { isConcluded } from '../events/play.ts'
import type { BenchResult } from '../report.ts'
import { repositoryOf } from '../repository.ts'

const SWEEP_MS = 60_000
const ROLLOUTS = 8
const QUIET = 50

export async function benchSweep(): Promise<BenchResult> {
  const stage = await openStage({ env: { reconcileSeconds: SWEEP_MS / 1_000 } })
  const { box } = stage
  const [pass, until] = [passing(stage, true), waiting(stage, true)]
  const files = repositoryOf({ services: ROLLOUTS, roots: 1, weights: [75, 25] })
  const repository = box.createRepository({ name: 'gitops', files, roles: { alice: 'write' } })
  await until('all steps', () => repository.pulls('open').length === ROLLOUTS)
  for (let index = 0; index < QUIET; index += 1)
    box
      .person('alice')
      .openPullRequest({ branch: `d${index}`, title: `d${index}`, files: { [`docs/${index}.md`]: 'x\n' } })
  await until('all judged', () => repository.pulls('open').every(({ head }) => isConcluded(box, head.sha)))
  const sweep = async (): Promise<{ readonly api: number; readonly counted: number }> => {
    const mark = box.requests.mark()
    await pass(SWEEP_MS)
    return box.requestsSince(mark, 'perch')
  }
  // A new token has new ETags. Two sweeps still look at recent events.
  await pass(3_600_000)
  await sweep()
  await sweep()
  const { api, counted } = await sweep()
  await stage.close()
  return {
    name: `a sweep with nothing new: ${ROLLOUTS} waiting rollouts, ${QUIET} quiet pull requests`,
    rows: [
      { what: 'counted requests', value: counted, unit: '', budget: { atMost: 1 } },
      { what: 'requests, those included that are free', value: api, unit: '' },
    ],
  }
}
