import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTraces } from '../../src/entry/trace/open-traces.ts'
import { traceHandler, traceJobs } from '../../src/entry/trace/trace-jobs.ts'
import { tracePort } from '../../src/entry/trace/trace-ports.ts'
import { jobOf } from '../../src/flows/tasks/tasks.ts'
import type { ClaimedJob, Job } from '../../src/ports/jobs.ts'
import { type SpanStart, type Tracer, UNTRACED } from '../../src/ports/tracer.ts'
import { QUIET } from '../quiet-log.ts'

const PLACE = { installation: 1, repo: { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }
const REVIEW = jobOf({ ...PLACE, type: 'review', pull: 3, why: { code: 'rerun', delivery: 'd' } })

function memoryTracer(): Tracer & { readonly started: SpanStart[] } {
  const started: SpanStart[] = []
  return {
    started,
    span(start, work) {
      started.push(start)
      return work(() => undefined)
    },
    current: () => 'asker',
  }
}

/** The span of a job that runs this long after it was requested. */
async function carried(job: Job, laterMs = 0): Promise<SpanStart | undefined> {
  const tracer = memoryTracer()
  const stored: Job[] = []
  const jobs = traceJobs(tracer, { enqueue: async (...more) => void stored.push(...more) }, { now: () => 100 })
  await jobs.enqueue(job)
  assert.deepEqual(
    stored.map(({ key, id }) => ({ key, id })),
    [{ key: job.key, id: job.id }],
  )
  const seen: ClaimedJob[] = []
  const handle = traceHandler(tracer, async (one) => void seen.push(one), { now: () => 100 + laterMs })
  for (const { key, data } of stored) await handle({ key, data: JSON.parse(JSON.stringify(data)), id: '', attempt: 2 })
  assert.equal(seen.length, 1)
  return tracer.started.at(-1)
}

test('a job is a part of the trace that requested it', async () => {
  assert.deepEqual(await carried(REVIEW), {
    name: 'task review',
    kind: 'consumer',
    attributes: {
      'perch.attempt': 2,
      'perch.task': 'review',
      'perch.cause': 'rerun',
      'perch.repository': 'acme/gitops',
      'perch.pull_request': 3,
    },
    parent: 'asker',
  })
})

test('a job that waits for long, and the sweep of a repository, begin their own traces', async () => {
  const late = await carried(REVIEW, 3_600_000)
  assert.deepEqual([late?.parent, late?.askedBy], [undefined, 'asker'])
  const soon = await carried(REVIEW, 3_000)
  assert.deepEqual([soon?.parent, soon?.askedBy], ['asker', undefined])
  const sweep = await carried(jobOf({ ...PLACE, type: 'sweep', why: { code: 'started', at: 1 } }))
  assert.deepEqual([sweep?.parent, sweep?.askedBy], [undefined, 'asker'])
})

test('a job from a version without traces, or with another format, is still done', async () => {
  const tracer = memoryTracer()
  let done = 0
  const handle = traceHandler(tracer, async () => void (done += 1), { now: () => 0 })
  for (const data of [REVIEW.data, { trace: 'x' }, {}]) await handle({ key: 'k', data, id: '', attempt: 0 })
  assert.equal(done, 3)
  assert.deepEqual(
    tracer.started.map(({ name }) => name),
    ['task review', 'task unknown', 'task unknown'],
  )
})

test('a call of a port is a span with its name, and without its arguments', async () => {
  const tracer = memoryTracer()
  class Port {
    readonly #found = 'it'
    async find(text: string): Promise<string> {
      return `${text} ${this.#found}`
    }
  }
  const port = tracePort(tracer, 'port', new Port())
  assert.equal(await port.find('secret'), 'secret it')
  assert.deepEqual(tracer.started, [{ name: 'port.find' }])
})

test('without traces nothing is wrapped', async () => {
  assert.equal((await openTraces({}, QUIET)).tracer, UNTRACED)
  const port = {}
  const handle = async (): Promise<void> => undefined
  assert.equal(tracePort(UNTRACED, 'port', port), port)
  assert.equal(traceHandler(UNTRACED, handle, { now: () => 0 }), handle)
})
