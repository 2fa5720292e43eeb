import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryQueue } from '../../memory/jobs.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { openClock } from '../../../src/adapters/clock/clock.ts'
import { FolderInUse } from '../../../src/adapters/queue/folder-lock.ts'
import { type Queue, openQueue } from '../../../src/adapters/queue/queue.ts'
import type { Log } from '../../../src/ports/log.ts'
import { jobsContract, memoContract, until } from '../../contracts/jobs.ts'
import { QUIET } from '../../quiet-log.ts'

const root = mkdtempSync(join(tmpdir(), 'perch-queue-'))
const opened: Queue[] = []
afterEach(() => Promise.all(opened.splice(0).map((queue) => queue.close().catch(() => undefined))))
after(() => rmSync(root, { recursive: true, force: true }))

// All of these tests except one start from a copy of an empty queue.
const template = join(root, 'template')
let madeInMs = Number.NaN
before(async () => {
  const start = performance.now()
  const queue = await openQueue({ clock: openClock(), dataDir: template, log: QUIET })
  madeInMs = performance.now() - start
  await queue.close()
})

let folders = 0
function newFolder(): string {
  folders += 1
  const folder = join(root, `data-${folders}`)
  cpSync(template, folder, { recursive: true })
  return folder
}

async function openAt(dataDir: string, log: Log = QUIET): Promise<Queue> {
  const queue = await openQueue({ clock: openClock(), dataDir, log })
  opened.push(queue)
  return queue
}

jobsContract({ name: 'memory', open: async (options) => memoryQueue(options) })
memoContract('memory', async () => memoryMemo())

jobsContract({
  name: 'SQLite',
  open: (options) => openQueue({ clock: openClock(), ...options, dataDir: newFolder(), log: QUIET }),
})
memoContract('SQLite', async () => (await openAt(newFolder())).memo)

test('the memory queue runs by a clock that a test moves, without a timer', async () => {
  let now = 1_000
  const queue = memoryQueue({ clock: { now: () => now } })
  const attempts: number[] = []
  await queue.work(async (job) => {
    attempts.push(job.attempt)
    throw new Error('no luck')
  })
  await queue.enqueue({ key: 'a', data: {}, notBefore: 5_000 })
  await queue.idle()
  assert.deepEqual(attempts, [])
  for (now of [5_000, 5_999, 6_000, 7_999, 8_000]) {
    queue.tick()
    await queue.idle()
  }
  assert.deepEqual(attempts, [0, 1, 2])
  await queue.close()
})

test('an empty data folder is ready within seconds', (t) => {
  t.diagnostic(`a new database took ${Math.round(madeInMs)} ms`)
  // Ten times the goal, because the machine may be busy.
  assert.ok(madeInMs < 30_000, `${madeInMs} ms`)
})

test('an enqueue in the same process reaches its handler within milliseconds', async () => {
  const queue = await openAt(newFolder())
  const latencies: number[] = []
  await queue.work(async (job) => void latencies.push(performance.now() - Number(job.data['at'])))
  for (let n = 0; n < 40; n += 1) {
    await queue.enqueue({ key: `k${n % 3}`, data: { at: performance.now() } })
    await until(() => latencies.length === n + 1)
  }
  const median = latencies.sort((a, b) => a - b)[20] ?? Number.NaN
  assert.ok(median < 500, `median ${median} ms`)
})

test('after SIGKILL in the middle of a job the next process runs it again at once, and takes over the lock', async (t) => {
  const dataDir = newFolder()
  const child = fork(join(import.meta.dirname, 'queue-child.ts'), [dataDir], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  t.after(() => child.kill('SIGKILL'))
  await message(child, 'running')
  child.kill('SIGKILL')
  await new Promise((resolve) => {
    child.once('exit', resolve)
  })
  const start = Date.now()
  const queue = await openAt(dataDir)
  const seen: unknown[] = []
  await queue.work(async (job) => void seen.push([job.key, job.data, job.attempt, job.id]))
  await until(() => seen.length === 2)
  const tookMs = Date.now() - start
  t.diagnostic(`SIGKILL to running again: ${tookMs} ms`)
  assert.deepEqual(seen, [
    ['killed', { n: 1 }, 1, 'guid'],
    ['killed', { n: 2 }, 0, 'guid-2'],
  ])
  assert.ok(tookMs < 10_000, `${tookMs} ms`)
})

test('a job that ends the process each time is given up instead of run forever', async () => {
  const dataDir = newFolder()
  for (let n = 0; n < 3; n += 1) {
    const queue = await openQueue({ clock: openClock(), dataDir, log: QUIET, retryLimit: 1 })
    opened.push(queue)
    if (n === 0) await queue.enqueue({ key: 'poison', data: {} })
    const outcome = Promise.withResolvers<unknown>()
    await queue.work(
      async () => {
        outcome.resolve('ran')
        await new Promise(() => undefined)
      },
      { onExhausted: async (_, error) => outcome.resolve(error) },
    )
    assert.match(String(await outcome.promise), n < 2 ? /ran/ : /process ended each time/)
    if (n < 2) await crash(dataDir)
  }

  /** The state after a kill: the current files, without the process that had them. */
  async function crash(folder: string): Promise<void> {
    const queue = opened.pop()
    cpSync(folder, `${folder}.kept`, { recursive: true })
    await queue?.close()
    rmSync(folder, { recursive: true })
    cpSync(`${folder}.kept`, folder, { recursive: true })
    rmSync(join(folder, 'queue.lock'))
    rmSync(`${folder}.kept`, { recursive: true })
  }
})

test('closing returns running jobs to the queue, without counting a try', async () => {
  const dataDir = newFolder()
  const first = await openAt(dataDir)
  let started = 0
  await first.work(async () => {
    started += 1
    await new Promise(() => undefined)
  })
  await first.enqueue({ key: 'a', data: {} })
  await until(() => started === 1)
  await first.close()
  const second = await openAt(dataDir)
  const attempts: number[] = []
  await second.work(async (job) => void attempts.push(job.attempt))
  await until(() => attempts.length === 1)
  assert.deepEqual(attempts, [0])
})

test('jobs and memo are still there after a restart, in folders that only we may read', async () => {
  const dataDir = newFolder()
  const first = await openAt(dataDir)
  await first.enqueue({ key: 'a', data: { n: 1 }, id: 'guid' })
  await first.memo.set('etag', 'W/"1"')
  await first.close()
  const second = await openAt(dataDir)
  assert.equal((await second.depth()).waiting, 1)
  assert.equal(await second.memo.get('etag'), 'W/"1"')
  assert.equal(statSync(template).mode & 0o077, 0)
  assert.equal(statSync(join(template, 'queue')).mode & 0o077, 0)
})

for (const [what, damage] of Object.entries({
  'overwritten from the start': (queue: string) => {
    writeFileSync(join(queue, 'queue.sqlite'), 'garbage, and more than that'.repeat(500))
    rmSync(join(queue, 'queue.sqlite-wal'), { force: true })
  },
  'pages overwritten': (queue: string) => {
    const file = join(queue, 'queue.sqlite')
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(7, 4_096))
  },
  'made by an older version': (queue: string) => writeFileSync(join(queue, 'PG_VERSION'), '17\n'),
})) {
  test(`a queue that cannot be read (${what}) is moved aside with a loud line, and a new one made`, async () => {
    const dataDir = newFolder()
    await (await openAt(dataDir)).close()
    damage(join(dataDir, 'queue'))
    const errors: string[] = []
    const queue = await openAt(dataDir, { ...QUIET, error: (_, text) => void errors.push(text) })
    assert.equal(errors.filter((text) => text.includes('moved aside')).length, 1)
    assert.equal(readdirSync(dataDir).filter((name) => name.startsWith('queue.broken-')).length, 1)
    await queue.enqueue({ key: 'a', data: {} })
    assert.equal((await queue.depth()).waiting, 1)
  })
}

test('a second opening of the same folder is refused, and possible after the first is closed', async () => {
  const dataDir = newFolder()
  const first = await openAt(dataDir)
  await assert.rejects(openAt(dataDir), FolderInUse)
  await first.close()
  await openAt(dataDir)
})

test('ready() is false once the storage is gone', async () => {
  const queue = await openAt(newFolder())
  assert.equal(await queue.ready(), true)
  await queue.close()
  assert.equal(await queue.ready(), false)
})

async function message(child: ChildProcess, text: string): Promise<void> {
  const ended = new AbortController()
  await Promise.race([
    new Promise<void>((resolve) => {
      child.on('message', (said) => {
        if (said === text) resolve()
      })
    }),
    sleep(30_000, undefined, { signal: ended.signal }).then(() => assert.fail(`the child never said "${text}"`)),
  ])
  ended.abort()
}
