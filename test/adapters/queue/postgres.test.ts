import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { type Queue, type QueueOptions, openQueue } from '../../../src/adapters/queue/queue.ts'
import { Overlaps, jobsContract, memoContract, until } from '../../contracts/jobs.ts'
import { type PostgresServer, startPostgres } from './queue-postgres.ts'
import { QUIET } from '../../quiet-log.ts'

const found = await startPostgres()

if (typeof found === 'string') {
  test('the queue on PostgreSQL', (t) => t.skip(`no PostgreSQL: ${found}`))
} else {
  onPostgres(found)
}

function onPostgres(server: PostgresServer): void {
  after(() => server.stop())
  const opened: Queue[] = []
  afterEach(() => Promise.all(opened.splice(0).map((queue) => queue.close().catch(() => undefined))))

  async function open(databaseUrl: string, options: Partial<QueueOptions> = {}): Promise<Queue> {
    const queue = await openQueue({ clock: openClock(), databaseUrl, dataDir: '/nonexistent', log: QUIET, ...options })
    opened.push(queue)
    return queue
  }

  jobsContract({
    name: 'PostgreSQL',
    open: async (options) =>
      openQueue({
        clock: openClock(),
        ...options,
        databaseUrl: await server.newDatabase(),
        dataDir: '/nonexistent',
        log: QUIET,
      }),
  })
  memoContract('PostgreSQL', async () => (await open(await server.newDatabase())).memo)

  test('three replicas that start together on an empty database never run one key twice at once, and share the work', async (t) => {
    const url = await server.newDatabase()
    const replicas = await Promise.all([open(url), open(url), open(url)])
    const overlaps = new Overlaps()
    const done = replicas.map(() => 0)
    for (let n = 0; n < 240; n += 1) await replicas[n % 3]?.enqueue({ key: `pr#${n % 10}`, data: {}, id: `guid-${n}` })
    // One replica alone runs four at once. The first jobs wait for a fifth, however slow the machine is.
    const five = Promise.withResolvers<void>()
    const start = Date.now()
    await Promise.all(
      replicas.map((replica, index) =>
        replica.work(async (job) => {
          await overlaps.during(job.key, async () => {
            if (overlaps.most > 4) five.resolve()
            await five.promise
            await sleep(15)
          })
          done[index] = (done[index] ?? 0) + 1
        }),
      ),
    )
    await until(() => overlaps.ended === 240)
    t.diagnostic(`240 jobs of 15 ms over 10 keys took ${Date.now() - start} ms, by replica: ${done.join(', ')}`)
    await sleep(50)
    assert.equal(overlaps.ended, 240, 'each once')
    assert.equal(overlaps.mostOfOneKey, 1)
    assert.ok(overlaps.most > 4, `at most ${overlaps.most} ran at once`)
    assert.ok(
      done.every((count) => count >= 20),
      `by replica: ${done.join(', ')}`,
    )
  })

  test('a redelivery to another replica is not run again', async () => {
    const url = await server.newDatabase()
    const [one, two] = await Promise.all([open(url), open(url)])
    let ran = 0
    await one.work(async () => void (ran += 1))
    await two.work(async () => void (ran += 1))
    await Promise.all([one, two, one, two].map((replica) => replica.enqueue({ key: 'a', data: {}, id: 'guid' })))
    await until(() => ran === 1)
    await two.enqueue({ key: 'a', data: {}, id: 'guid' })
    await sleep(200)
    assert.equal(ran, 1)
  })

  test('an enqueue wakes the worker of another replica, which does not wait for the next time it looks', async (t) => {
    const url = await server.newDatabase()
    const [web, worker] = await Promise.all([open(url), open(url)])
    const latencies: number[] = []
    await worker.work(async (job) => void latencies.push(performance.now() - Number(job.data['at'])))
    await sleep(100)
    for (let n = 0; n < 40; n += 1) {
      await web.enqueue({ key: `k${n % 3}`, data: { at: performance.now() } })
      await until(() => latencies.length === n + 1)
    }
    const median = latencies.sort((a, b) => a - b)[20] ?? Number.NaN
    t.diagnostic(`median ${median.toFixed(1)} ms`)
    // It polls every second, so without a wake-up it would take half of that on average.
    assert.ok(median < 250, `median ${median} ms`)
  })

  test('a dead replica is replaced within its heartbeat, while a long handler that lives is left alone', async (t) => {
    const url = await server.newDatabase()
    const living = await open(url, { heartbeatSeconds: 10 })
    const spare = await open(url, { heartbeatSeconds: 10 })
    const long: number[] = []
    const taken = Promise.withResolvers<number>()
    await living.enqueue({ key: 'long', data: {} })
    const wait = async (attempt: number): Promise<void> => {
      long.push(attempt)
      await taken.promise
    }
    await living.work((job) => wait(job.attempt), { concurrency: 1 })
    await until(() => long.length === 1)
    const child = fork(join(import.meta.dirname, 'queue-child.ts'), ['/nonexistent', url], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    t.after(() => child.kill('SIGKILL'))
    await new Promise((resolve) => {
      child.once('message', resolve)
    })
    await spare.work(async (job) => {
      if (job.key === 'long') await wait(job.attempt)
      else if (job.data['n'] === 1) taken.resolve(job.attempt)
    })
    child.kill('SIGKILL')
    const start = Date.now()
    assert.equal(await taken.promise, 1)
    const tookMs = Date.now() - start
    t.diagnostic(`taken over after ${tookMs} ms`)
    assert.ok(tookMs < 30_000, `${tookMs} ms`)
    // The long one ran at least as long as the dead one's heartbeat took to expire.
    assert.ok(tookMs > 5_000, `${tookMs} ms`)
    assert.deepEqual(long, [0])
  })
}
