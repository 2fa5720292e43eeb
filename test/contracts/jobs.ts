/** The contract of every `JobQueue` and `Memo`. It runs on the memory queue, on PGlite and on PostgreSQL. */
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClaimedJob, type JobQueue, RetryLater } from '../../src/ports/jobs.ts'
import type { Memo } from '../../src/ports/memo.ts'

export interface JobsUnderTest {
  readonly name: string
  /** A new, empty queue. The suite closes it. */
  open(options: { retryLimit: number }): Promise<JobQueue>
}

export function jobsContract(subject: JobsUnderTest): void {
  describe(`jobs: ${subject.name}`, () => {
    const opened: JobQueue[] = []
    const open = async (retryLimit = 5): Promise<JobQueue> => {
      const queue = await subject.open({ retryLimit })
      opened.push(queue)
      return queue
    }
    afterEach(() => Promise.all(opened.splice(0).map((queue) => queue.close())))

    test('a job reaches the handler with its key, data and id, and is gone afterwards', async () => {
      const queue = await open()
      const seen: ClaimedJob[] = []
      await queue.work(async (job) => void seen.push(job))
      await queue.enqueue({ key: 'pr#1', data: { event: 'push', title: 'a\u0000b\ud800 ünï' }, id: 'guid-1' })
      await until(() => seen.length === 1)
      assert.deepEqual(seen, [
        { key: 'pr#1', data: { event: 'push', title: 'a\u0000b\ud800 ünï' }, id: 'guid-1', attempt: 0 },
      ])
      await until(async () => (await queue.depth()).active === 0)
      assert.deepEqual(await queue.depth(), { waiting: 0, due: 0, active: 0, failed: 0 })
      assert.equal(await queue.ready(), true)
    })

    test('a job that was stored before there was a worker runs when there is one', async () => {
      const queue = await open()
      await queue.enqueue({ key: 'pr#1', data: {} })
      assert.equal((await queue.depth()).waiting, 1)
      let ran = 0
      await queue.work(async () => void (ran += 1))
      await until(() => ran === 1)
    })

    test('the queue tells how many jobs may run, and since when the oldest of them may', async () => {
      const queue = await open()
      const before = Date.now()
      const [soon, late] = [before + 400, before + 60_000]
      await queue.enqueue(
        { key: 'a', data: {} },
        { key: 'a', data: {}, notBefore: soon },
        { key: 'b', data: {}, notBefore: late },
      )
      const first = await queue.depth()
      assert.deepEqual({ ...first, dueSince: 0 }, { waiting: 3, due: 1, active: 0, failed: 0, dueSince: 0 })
      assert.ok(Math.abs((first.dueSince ?? 0) - before) < 5_000, `${first.dueSince} is not near ${before}`)
      await until(async () => (await queue.depth()).due === 2)
      await queue.work(async () => undefined)
      await until(async () => (await queue.depth()).due === 0)
      assert.equal((await queue.depth()).dueSince, undefined)
    })

    test('how each run of a job ended is told', async () => {
      const queue = await open(1)
      const ends: string[] = []
      const at = Date.now() + 60_000
      await queue.work(
        async ({ key }) => {
          if (key === 'bad') throw new Error('bad')
          if (key === 'limited') throw new RetryLater(at, 'a limit')
        },
        { onEnd: ({ key }, end, ms) => void ends.push(`${key} ${end} ${ms >= 0}`) },
      )
      await queue.enqueue({ key: 'good', data: {} }, { key: 'bad', data: {} }, { key: 'limited', data: {} })
      await until(() => ends.length === 4)
      assert.deepEqual(ends.toSorted(), ['bad given-up true', 'bad retry true', 'good done true', 'limited later true'])
    })

    test('jobs of one key run one at a time and in order, jobs of other keys beside them', async () => {
      const queue = await open()
      const log = new Overlaps()
      const order: unknown[] = []
      // The first job of each key waits for the other, so that both run at the same time, however slow the machine is.
      const [aRuns, otherRuns] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      await queue.work(async (job) => {
        const isA = job.key === 'a'
        if (isA) order.push(job.data['n'])
        await log.during(job.key, async () => {
          const [mine, other] = isA ? [aRuns, otherRuns] : [otherRuns, aRuns]
          mine.resolve()
          await other.promise
          await sleep(10)
        })
      })
      for (let n = 0; n < 12; n += 1) {
        await queue.enqueue({ key: 'a', data: { n } })
        await queue.enqueue({ key: `other-${n % 3}`, data: { n } })
      }
      await until(() => log.ended === 24)
      assert.equal(log.mostOfOneKey, 1)
      assert.ok(log.most >= 2 && log.most <= 4, `${log.most} ran side by side`)
      assert.deepEqual(order, [...order.keys()])
    })

    test('a thousand waiting jobs of one busy key do not hold up the others', async () => {
      const queue = await open()
      await Promise.all(Array.from({ length: 1_000 }, (_, n) => queue.enqueue({ key: 'busy', data: { n } })))
      let busy = 0
      const others = new Set<string>()
      const held = Promise.withResolvers<void>()
      await queue.work(async (job) => {
        if (job.key !== 'busy') others.add(job.key)
        else if ((busy += 1) === 3) await held.promise
      })
      for (let n = 0; n < 20; n += 1) await queue.enqueue({ key: `quiet-${n}`, data: {} })
      await until(() => others.size === 20)
      assert.ok((await queue.depth()).waiting > 0, 'the busy key still had jobs waiting')
      held.resolve()
    })

    test('a redelivery with the same id is not run again, whether the first waits, runs or is done', async () => {
      const queue = await open()
      let ran = 0
      await queue.enqueue({ key: 'a', data: {}, id: 'guid' })
      await queue.enqueue({ key: 'a', data: {}, id: 'guid' })
      assert.equal((await queue.depth()).waiting, 1)
      const held = Promise.withResolvers<void>()
      await queue.work(async () => {
        ran += 1
        await held.promise
      })
      await until(() => ran === 1)
      await queue.enqueue({ key: 'a', data: {}, id: 'guid' })
      held.resolve()
      await until(async () => (await queue.depth()).active === 0)
      await queue.enqueue({ key: 'a', data: {}, id: 'guid' })
      await sleep(100)
      assert.deepEqual(await queue.depth(), { waiting: 0, due: 0, active: 0, failed: 0 })
      assert.equal(ran, 1)
      // Ids are unique within a key, because two pull requests may set a timer for the same moment.
      await queue.enqueue({ key: 'b', data: {}, id: 'guid' })
      await until(() => ran === 2)
    })

    test('jobs that are sent together are all stored, but for those that are known already', async () => {
      const queue = await open()
      await queue.enqueue({ key: 'b', data: {}, id: 'guid' })
      const later = { key: 'later', data: { n: 4 }, notBefore: Date.now() + 60_000, id: 'guid' }
      await queue.enqueue(
        { key: 'a', data: { n: 1 }, id: 'guid' },
        { key: 'b', data: { n: 2 }, id: 'guid' },
        { key: 'c', data: { n: 3 }, patienceMs: 1_000 },
        later,
        later,
      )
      await queue.enqueue()
      assert.equal((await queue.depth()).waiting, 4)
      const seen = new Map<string, unknown>()
      await queue.work(async ({ key, data }) => void seen.set(key, data['n']))
      await until(() => seen.size === 3)
      assert.deepEqual(Object.fromEntries(seen), { a: 1, b: undefined, c: 3 })
    })

    test('of jobs that are sent together none is stored where one cannot be', async () => {
      const queue = await open()
      const circle: Record<string, unknown> = {}
      circle['self'] = circle
      await assert.rejects(queue.enqueue({ key: 'a', data: {}, id: 'guid' }, { key: 'b', data: circle }))
      assert.equal((await queue.depth()).waiting, 0)
      await queue.enqueue({ key: 'a', data: {}, id: 'guid' })
      assert.equal((await queue.depth()).waiting, 1)
    })

    test('a job for later waits for its moment and lets others pass', async () => {
      const queue = await open()
      const seen: [string, number][] = []
      await queue.work(async (job) => void seen.push([String(job.data['n']), Date.now()]))
      const notBefore = Date.now() + 1_200
      await queue.enqueue({ key: 'a', data: { n: 'later' }, notBefore })
      await queue.enqueue({ key: 'a', data: { n: 'now' } })
      await until(() => seen.length === 2)
      assert.deepEqual(
        seen.map(([n]) => n),
        ['now', 'later'],
      )
      const lateBy = (seen[1]?.[1] ?? 0) - notBefore
      assert.ok(lateBy >= 0 && lateBy < 2_000, `late by ${lateBy} ms`)
    })

    test('a failing job is tried again after a growing pause, then given up and told, and may be sent anew', async () => {
      const queue = await open(2)
      const tries: number[] = []
      const attempts: number[] = []
      const told: [ClaimedJob, unknown][] = []
      await queue.work(
        async (job) => {
          tries.push(Date.now())
          attempts.push(job.attempt)
          throw new Error('no luck')
        },
        {
          onExhausted: async (job, error) => {
            told.push([job, error])
            throw new Error('nor here')
          },
        },
      )
      await queue.enqueue({ key: 'a', data: { n: 1 }, id: 'guid' })
      await until(async () => (await queue.depth()).failed === 1)
      assert.deepEqual(attempts, [0, 1, 2])
      const [first = 0, second = 0, third = 0] = tries
      // One to two seconds, then two to four, each up to a second more if only the poll ends the wait.
      assert.ok(second - first >= 950 && second - first < 3_500, `first pause ${second - first} ms`)
      assert.ok(third - second >= 1_950 && third - second < 5_500, `second pause ${third - second} ms`)
      assert.equal(told.length, 1)
      assert.deepEqual(told[0]?.[0], { key: 'a', data: { n: 1 }, id: 'guid', attempt: 2 })
      assert.match(String(told[0]?.[1]), /no luck/)
      await queue.enqueue({ key: 'a', data: { n: 1 }, id: 'guid' })
      await until(() => attempts.length === 4)
      assert.equal(attempts[3], 0)
    })

    test('a job with patience is tried beyond that, told of once on the way, and given up when its time is over', async () => {
      const queue = await open(0)
      let tries = 0
      const told: [number, boolean][] = []
      await queue.work(
        async ({ data }) => {
          if (data['n'] === 1) tries += 1
          throw new Error('no luck')
        },
        { onExhausted: async ({ attempt }, _, isFinal) => void told.push([attempt, isFinal]) },
      )
      await queue.enqueue({ key: 'a', data: { n: 1 }, patienceMs: 3_000 })
      await until(async () => (await queue.depth()).failed === 1)
      assert.deepEqual(told, [
        [0, false],
        [tries - 1, true],
      ])
      // Three or four. If the machine is late with the second one, the time is over then.
      assert.ok(tries >= 2, `${tries} tries`)
    })

    test('a failing job does not hold its key back', async () => {
      const queue = await open()
      let ran = 0
      await queue.work(async (job) => {
        if (job.data['fails'] === true) throw new Error('no luck')
        ran += 1
      })
      await queue.enqueue({ key: 'a', data: { fails: true } })
      await queue.enqueue({ key: 'a', data: {} })
      await until(() => ran === 1, 900)
    })

    test('a handler that has to wait for a rate limit gets its job back then, and it does not count as a try', async () => {
      const queue = await open(0)
      const seen: [number, number][] = []
      const retryAt = Date.now() + 1_500
      await queue.work(async (job) => {
        seen.push([Date.now(), job.attempt])
        if (seen.length === 1) throw new RetryLater(retryAt, 'secondary rate limit')
        // Any error may have the moment. A moment in the past brings the job back soon, but not immediately.
        if (seen.length === 2) throw Object.assign(new Error('rate limit'), { retryAt: Date.now() - 60_000 })
      })
      await queue.enqueue({ key: 'a', data: {} })
      await until(() => seen.length === 3)
      assert.deepEqual(
        seen.map(([, attempt]) => attempt),
        [0, 0, 0],
      )
      const lateBy = (seen[1]?.[0] ?? 0) - retryAt
      assert.ok(lateBy >= 0 && lateBy < 2_000, `late by ${lateBy} ms`)
      assert.ok((seen[2]?.[0] ?? 0) - (seen[1]?.[0] ?? 0) >= 900)
      assert.equal((await queue.depth()).failed, 0)
    })

    test('draining claims nothing more, waits for what runs and says what is left', async () => {
      const queue = await open()
      const held = Promise.withResolvers<void>()
      let started = 0
      await queue.work(async () => {
        started += 1
        await held.promise
      })
      await queue.enqueue({ key: 'a', data: {} })
      await until(() => started === 1)
      assert.equal(await queue.drain(50), 1)
      await queue.enqueue({ key: 'b', data: {} })
      const done = queue.drain(5_000)
      held.resolve()
      assert.equal(await done, 0)
      assert.equal(started, 1)
      assert.equal((await queue.depth()).waiting, 1)
    })
  })
}

export function memoContract(name: string, open: () => Promise<Memo>): void {
  test(`memo: ${name}: keeps what was set last, any JSON, until it is forgotten`, async () => {
    const memo = await open()
    assert.equal(await memo.get('k'), undefined)
    for (const value of [{ a: [1, null, 'x\u0000\ud800'] }, 'text', 0, false, null]) {
      await memo.set('k', value)
      assert.deepEqual(await memo.get('k'), value)
    }
    await memo.set("'; DROP TABLE memo; --", 1)
    await memo.set('a%:1', 1)
    await memo.set('a%:2', [2])
    await memo.set('ab:3', 3)
    assert.deepEqual(
      [...(await memo.entries('a%:'))].sort(([a], [b]) => a.localeCompare(b)),
      [
        ['a%:1', 1],
        ['a%:2', [2]],
      ],
    )
    await memo.forget('k')
    assert.equal(await memo.get('k'), undefined)
    assert.equal(await memo.get("'; DROP TABLE memo; --"), 1)
  })
}

/** Counts how many run at the same time. */
export class Overlaps {
  readonly #running: string[] = []
  most = 0
  mostOfOneKey = 0
  ended = 0

  async during(key: string, work: () => Promise<unknown>): Promise<void> {
    this.#running.push(key)
    this.most = Math.max(this.most, this.#running.length)
    this.mostOfOneKey = Math.max(this.mostOfOneKey, this.#running.filter((other) => other === key).length)
    await work()
    this.#running.splice(this.#running.indexOf(key), 1)
    this.ended += 1
  }
}

export async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${String(holds)}`)
    await sleep(5)
  }
}
