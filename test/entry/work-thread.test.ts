/** The worker thread, and the thread that answers requests. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import { pino } from 'pino'
import { memoryMemo } from '../memory/memo.ts'
import { openClock } from '../../src/adapters/clock/clock.ts'
import type { ProcessEnvironment } from '../../src/entry/env.ts'
import { type CallHandlers, connect, type Line, type Port } from '../../src/entry/thread/line.ts'
import { startWorkThread } from '../../src/entry/thread/start.ts'
import type { Sample } from '../../src/core/watch/families.ts'
import { type ClaimedJob, RetryLater, retryMoment } from '../../src/ports/jobs.ts'

const ENV: ProcessEnvironment = {
  appId: 1,
  privateKey: '',
  webhookSecret: '',
  apiUrl: '',
  gitUrl: '',
  host: '',
  port: 0,
  logLevel: 'silent',
  dataDir: '',
  reconcileSeconds: 60,
}

async function between(answers: CallHandlers, work: (line: Line) => Promise<void>): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  connect(port1 satisfies Port, answers)
  await work(connect(port2 satisfies Port, {}))
  port1.close()
}

test('a call is answered once, by name, in whatever order the answers come', async () => {
  const gates = new Map<string, () => void>()
  const answers: CallHandlers = {
    wait: (name) => new Promise((resolve) => gates.set(String(name), () => resolve(`${String(name)} done`))),
    open: async (name) => gates.get(String(name))?.(),
    map: async () => new Map([['a', { b: [1] }]]),
  }
  await between(answers, async (line) => {
    const both = [line.call('wait', 'first'), line.call('wait', 'second')]
    await line.call('open', 'second')
    assert.equal(await both[1], 'second done')
    await line.call('open', 'first')
    assert.equal(await both[0], 'first done')
    assert.deepEqual(await line.call('map'), new Map([['a', { b: [1] }]]))
  })
})

test('an error comes back with its message, and with the time of the next try', async () => {
  const answers: CallHandlers = {
    fail: async () => Promise.reject(new TypeError('broken')),
    later: async () => Promise.reject(new RetryLater(123, 'a limit')),
  }
  await between(answers, async (line) => {
    await assert.rejects(line.call('fail'), /^Error: broken$/)
    await assert.rejects(line.call('nobody'), /Nobody answers to nobody/)
    const error: unknown = await line.call('later').catch((thrown: unknown) => thrown)
    assert.equal(retryMoment(error), 123)
  })
})

test('when the other side is gone, waiting and later calls fail', async () => {
  await between({ wait: () => new Promise(() => undefined) }, async (line) => {
    const waiting = line.call('wait')
    line.cut(new Error('gone'))
    await assert.rejects(waiting, /gone/)
    await assert.rejects(line.call('wait'), /gone/)
  })
})

test('a thread that ends fails its jobs, and another takes its place', async () => {
  const script = mkdtempSync(join(tmpdir(), 'perch-thread-'))
  const file = join(script, 'work.mjs')
  writeFileSync(
    file,
    `import { parentPort } from 'node:worker_threads'
parentPort.on('message', ({ id, name, args }) => {
  if (args[0]?.key === 'die') process.exit(1)
  const value = name === 'tools' ? { renderer: 'r', validators: new Map() } : undefined
  parentPort.postMessage({ type: 'done', id, value })
})`,
  )
  const log = pino({ level: 'silent' })
  const queue = { enqueue: async () => undefined, memo: memoryMemo() }
  const counted: Sample[] = []
  const thread = await startWorkThread({
    env: ENV,
    clock: openClock(),
    log,
    queue,
    meter: { record: () => undefined, add: (samples) => void counted.push(...samples) },
    code: pathToFileURL(file),
    restartMs: 10,
  })
  const job = (key: string): ClaimedJob => ({ key, data: {}, attempt: 0, id: key })
  await thread.handle(job('good'))
  await assert.rejects(thread.handle(job('die')), /has ended/)
  await thread.handle(job('good again'))
  assert.equal((await thread.tools()).renderer, 'r')
  await thread.stop()
  rmSync(script, { recursive: true })
})
