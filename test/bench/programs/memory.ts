/** The memory of `perch serve` with all of its children: at rest, and the maximum during a rollout among 100 services. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startGitHub } from '../../../src/sandbox/github.ts'
import { startPostgres } from '../../adapters/queue/queue-postgres.ts'
import { playSteps } from '../events/play.ts'
import { inFolder, treeMemoryMb } from '../measure.ts'
import { startPerch } from './perch-process.ts'
import type { BenchResult } from '../report.ts'
import { repositoryOf } from '../repository.ts'

/** The process that starts programs ends after half a minute without work. */
const REST_MS = 33_000
const SAMPLE_MS = 50

export async function benchMemory(): Promise<BenchResult> {
  const postgres = await startPostgres()
  const notes = typeof postgres === 'string' ? [`No PostgreSQL: ${postgres}.`] : []
  const [embedded, replicated, peak] = await Promise.all([
    atRest({}),
    typeof postgres === 'string' ? Number.NaN : postgres.newDatabase().then((url) => atRest({ DATABASE_URL: url })),
    peakOfRollout(),
  ])
  if (typeof postgres !== 'string') await postgres.stop()
  return {
    name: 'memory, the whole process tree',
    rows: [
      { what: 'at rest, embedded queue', value: embedded, unit: 'MB', budget: { atMost: 130 } },
      { what: 'at rest, PostgreSQL', value: replicated, unit: 'MB', budget: { atMost: 120 } },
      { what: 'peak of one rollout, 100 services', value: peak, unit: 'MB', budget: { atMost: 400 } },
    ],
    notes,
  }
}

/** The memory after one sweep of a repository, when nothing else happens. */
async function atRest(env: Readonly<Record<string, string>>): Promise<number> {
  const box = await startGitHub()
  return inFolder(async (dataDir) => {
    box.createRepository({ name: 'gitops', files: repositoryOf({ services: 1, roots: 1 }), roles: { alice: 'write' } })
    // Started twice, because the first start compiles its modules, and that memory is released late.
    await (await startPerch(box, { dataDir, env })).stop()
    const perch = await startPerch(box, { dataDir, env })
    await sleep(REST_MS)
    const mb = treeMemoryMb(perch.pid)
    await perch.stop()
    await box.close()
    return mb
  })
}

async function peakOfRollout(): Promise<number> {
  const box = await startGitHub()
  return inFolder(async (dataDir) => {
    const files = repositoryOf({ services: 100, roots: 1, live: '{ after: 0s }' })
    box.createRepository({ name: 'gitops', files, roles: { alice: 'write' } })
    const perch = await startPerch(box, { dataDir })
    let peak = 0
    const sampling = setInterval(() => (peak = Math.max(peak, treeMemoryMb(perch.pid))), SAMPLE_MS)
    await playSteps(box)
    clearInterval(sampling)
    await perch.stop()
    await box.close()
    return peak
  })
}
