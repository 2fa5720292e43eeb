/** How much faster three replicas empty one queue on PostgreSQL than one replica does. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { openQueue } from '../../../src/adapters/queue/queue.ts'
import { type PostgresServer, startPostgres } from '../../adapters/queue/queue-postgres.ts'
import { median, repeat } from '../measure.ts'
import { QUIET } from '../../quiet-log.ts'
import type { BenchResult, BenchRow } from '../report.ts'

const JOBS = 400
const ROUNDS = 3

export async function benchReplicas(): Promise<BenchResult> {
  const name = '3 replicas over 1, on one PostgreSQL'
  const postgres = await startPostgres()
  if (typeof postgres === 'string') {
    const what = 'jobs that do nothing'
    return { name, rows: [{ what, value: Number.NaN, unit: '×', budget: { atLeast: 2 } }], notes: [postgres] }
  }
  const rows = [
    ...(await ratioRows(postgres, { what: 'jobs that do nothing', ms: 0, atLeast: 2 })),
    ...(await ratioRows(postgres, { what: 'jobs of 20 ms', ms: 20, atLeast: 2.5 })),
  ]
  await postgres.stop()
  return { name, rows }
}

async function ratioRows(
  postgres: PostgresServer,
  { what, ms, atLeast }: { readonly what: string; readonly ms: number; readonly atLeast: number },
): Promise<readonly BenchRow[]> {
  const [one, three]: [number[], number[]] = [[], []]
  await repeat(ROUNDS, async () => {
    one.push(await jobsPerSecond(postgres, 1, ms))
    three.push(await jobsPerSecond(postgres, 3, ms))
  })
  return [
    { what, value: median(three) / median(one), unit: '×', budget: { atLeast } },
    { what: `${what}, 1 replica, a second`, value: Math.round(median(one)), unit: '' },
    { what: `${what}, 3 replicas, a second`, value: Math.round(median(three)), unit: '' },
  ]
}

async function jobsPerSecond(postgres: PostgresServer, replicas: number, ms: number): Promise<number> {
  const databaseUrl = await postgres.newDatabase()
  const queue = await openQueue({ clock: openClock(), dataDir: '', log: QUIET, databaseUrl })
  const children = Array.from({ length: replicas }, () =>
    fork(new URL('./replica.ts', import.meta.url), [databaseUrl, String(ms)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  )
  await Promise.all(children.map((child) => once(child, 'message')))
  await queue.enqueue(...Array.from({ length: JOBS }, (_, index) => ({ key: `key-${index}`, data: {} })))
  const start = performance.now()
  for (const child of children) child.send('work')
  for (let depth = await queue.depth(); depth.waiting + depth.active > 0; depth = await queue.depth()) await sleep(20)
  const took = performance.now() - start
  for (const child of children) child.kill('SIGKILL')
  await queue.close()
  return (JOBS * 1_000) / took
}
