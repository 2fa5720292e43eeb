/** How often a metrics server is queried about a step, and what follows from its answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import {
  keepable,
  type Measurement,
  recallMeasurement,
  rememberMeasurement,
} from '../../../src/flows/memory/measurement-memory.ts'
import type { Task } from '../../../src/flows/tasks/tasks.ts'
import type { Metrics } from '../../../src/ports/metrics.ts'
import { destinationRule, virtualService } from '../../core/samples.ts'
import { filesOf, headOf } from '../../memory/github/github.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { memoryMetrics } from '../../memory/metrics.ts'
import { memoryPerch, type MemoryPerch } from '../../memory/perch.ts'
import { memoryPerson } from '../../memory/github/person.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const VS = 'apps/staging/vs.yaml'
const CONFIG = '.github/canary.yml'

function configText(interval: string, service: string): string {
  return `environments:
  staging: { path: apps/staging, live: { after: 1m } }
services:
  api-service:
    steps: [5, 25, 100]
    bake: 10m
    ${service}
    analysis: { checks: [{ metric: success-rate, min: 99 }], settle: 0s, interval: ${interval} }
annotationPrefix: gitops.example.com
`
}

interface World {
  readonly perch: MemoryPerch
  /** The success rate of the canary. */
  rate: number | undefined | Extract<RangeAnswer, { ok: false }>
  /** The latest point of each query, oldest query first. Two queries are one measurement. */
  readonly asked: number[]
  onAsk: ((task: Task) => void | Promise<void>) | undefined
  /** Called before an answer arrives. */
  onAnswer: (() => Promise<void>) | undefined
  /** The moment at which one-minute points end, because the step is live since then. */
  readonly live: number
}

/**
 * A canary at 5 % that has been live for three minutes, and the step that Perch opened for it. Nobody has measured the third
 * minute yet.
 */
async function world({ interval = '1m', service = '' } = {}): Promise<World> {
  const it: Omit<World, 'perch' | 'live'> = { rate: 100, asked: [], onAsk: undefined, onAnswer: undefined }
  const server = memoryMetrics({ prometheus: (query) => (query.startsWith('sum(increase(') ? 1000 : it.rate) })
  const metrics: Metrics = {
    servers: () => server.servers(),
    async range(name, query, range) {
      if (query.startsWith('100 * (')) it.asked.push(range.until)
      const answer = await server.range(name, query, range)
      await it.onAnswer?.()
      return answer
    },
  }
  const files = {
    [CONFIG]: configText(interval, service),
    [VS]: virtualService(95, 5),
    'apps/staging/dr.yaml': destinationRule('v1', 'v2'),
  }
  const perch = await memoryPerch({ files, metrics, onAsk: (task) => it.onAsk?.(task) })
  memoryPerson(perch.state, 'alice', 'write')
  const live = perch.now() + MINUTE + SECOND
  await sweep(perch)
  await perch.pass(live + 3 * MINUTE - perch.now())
  assert.deepEqual(titles(perch, 'open'), ['Canary staging/api-service v2: 5% → 25%'])
  it.asked.length = 0
  perch.done.length = 0
  return Object.assign(it, { perch, live })
}

let sweeps = 0

async function sweep(perch: MemoryPerch): Promise<void> {
  await perch.ask.sweep({ code: 'interval', count: (sweeps += 1) })
}

/** A gate looks at the open step, as after a webhook. */
async function gate(perch: MemoryPerch): Promise<void> {
  await perch.ask.review(1, { code: 'pull-changed', delivery: String((sweeps += 1)) })
}

function titles(perch: MemoryPerch, state: 'open' | 'closed'): readonly string[] {
  return [...perch.state.pulls.values()].filter((pull) => pull.state === state).map(({ title }) => title)
}

const STEP = 'Canary staging/api-service v2: 5% → 25%'
const ROLLBACK = 'Roll back staging/api-service v2: 5% → 0%'

/** Up to which one-minute point each measurement goes. */
function points({ asked, live }: World): readonly number[] {
  return asked.map((until) => (until - live) / MINUTE)
}

const LOOKS: Readonly<Record<string, (perch: MemoryPerch) => Promise<void>>> = {
  'a sweep': sweep,
  'the gate of a pull request': gate,
}

for (const [finder, look] of Object.entries(LOOKS)) {
  test(`a failure that ${finder} finds is rolled back, and the server is asked once`, async () => {
    const it = await world()
    it.rate = 90
    await look(it.perch)
    await it.perch.pass(10 * SECOND)
    assert.deepEqual(titles(it.perch, 'closed'), [STEP])
    assert.deepEqual(titles(it.perch, 'open'), [ROLLBACK])
    assert.deepEqual(points(it), [3])
    assert.ok(it.perch.done.includes('advance failed'))
    const { body } = it.perch.state.pulls.get(2) ?? {}
    assert.match(body ?? '', /The canary failed its analysis at 5%.*`success-rate` was 90%/)
  })
}

test('a review that finds a failure measures nothing again: it requests the next task once, however often it looks', async () => {
  const it = await world()
  const asked: string[] = []
  it.onAsk = ({ type, why }) => void asked.push(`${type} ${why.code}`)
  it.rate = 90
  for (let looks = 0; looks < 5; looks += 1) {
    await gate(it.perch)
    await it.perch.pass(SECOND)
  }
  assert.equal(it.perch.done.filter((one) => one === 'advance failed').length, 1)
  assert.deepEqual(
    asked.filter((one) => one.startsWith('measure')),
    [],
  )
})

test('between two points, sweeps and gates send no queries, and each point is queried once', async () => {
  const it = await world()
  for (let looks = 0; looks < 12; looks += 1) {
    await sweep(it.perch)
    await gate(it.perch)
    await it.perch.pass(15 * SECOND)
  }
  assert.deepEqual(points(it), [3, 4, 5])
})

test('a point that is over for less than a minute is asked for once more: samples of its end may still come in', async () => {
  const it = await world({ interval: '5m' })
  await it.perch.pass(2 * MINUTE)
  for (let looks = 0; looks < 16; looks += 1) {
    await sweep(it.perch)
    await it.perch.pass(15 * SECOND)
  }
  assert.deepEqual(points(it), [5, 5])
})

for (const [what, said] of [
  ['no data', undefined],
  ['an error', { ok: false, code: 'unreachable', detail: '' }],
] as const)
  test(`${what} is queried again after seconds, not by everybody at once, and never later than the next point`, async () => {
    const it = await world()
    it.rate = said
    for (let looks = 0; looks < 5; looks += 1) await sweep(it.perch)
    await gate(it.perch)
    await it.perch.pass(SECOND)
    assert.deepEqual(points(it), [3])
    await it.perch.pass(15 * SECOND)
    it.rate = 100
    await sweep(it.perch)
    await it.perch.pass(SECOND)
    assert.deepEqual(points(it), [3, 3])
    await sweep(it.perch)
    await it.perch.pass(SECOND)
    assert.deepEqual(points(it), [3, 3], 'a pass lasts')
    assert.deepEqual(titles(it.perch, 'open'), [STEP])
  })

test('missing data before the end of the bake is no failure, even if the config counts it as one after the bake', async () => {
  const it = await world({ interval: '5m' })
  const files = filesOf(it.perch.state, 'main')
  const config = (files.get(CONFIG) ?? '').replace('settle: 0s', 'settle: 0s, onNoData: fail')
  memoryPerson(it.perch.state, 'alice').push('main', { [CONFIG]: config })
  it.rate = undefined
  await it.perch.pass(it.live + 10 * MINUTE - it.perch.now() - SECOND)
  await sweep(it.perch)
  await it.perch.pass(500)
  assert.deepEqual(titles(it.perch, 'open'), [STEP])
  await it.perch.pass(SECOND)
  await sweep(it.perch)
  await it.perch.pass(SECOND)
  assert.deepEqual(titles(it.perch, 'open'), [ROLLBACK])
})

test('a process that ends between finding a failure and asking for the rollback leaves both to the next sweep', async () => {
  for (const isMemoryLost of [false, true]) {
    const it = await world()
    it.rate = 90
    it.onAsk = ({ type, why }) => {
      if (type === 'advance' && why.code === 'failed') throw new Error('killed')
    }
    await sweep(it.perch)
    await it.perch.pass(100)
    assert.deepEqual(titles(it.perch, 'open'), [STEP])
    it.onAsk = undefined
    if (isMemoryLost) it.perch.forget()
    await sweep(it.perch)
    await it.perch.pass(SECOND)
    await sweep(it.perch)
    await it.perch.pass(SECOND)
    assert.deepEqual(titles(it.perch, 'open'), [ROLLBACK])
    assert.equal(it.asked.length, isMemoryLost ? 2 : 1)
  }
})

test('if memory is lost before the rollback, the server is asked again', async () => {
  const it = await world()
  it.rate = 90
  const { perch } = it
  const now = perch.now()
  const failed = { code: 'failed', rollout: 'main:staging/api-service', failsSince: now, at: now } as const
  perch.forget()
  await perch.ask.advance('main', { ...failed, step: 'a'.repeat(40) })
  await perch.pass(0)
  assert.deepEqual([titles(perch, 'open'), points(it)], [[STEP], []], 'another step is not measured')
  await perch.ask.advance('main', { ...failed, step: headOf(perch.state, 'main') ?? '' })
  await perch.pass(0)
  assert.deepEqual([titles(perch, 'open'), points(it)], [[ROLLBACK], [3]])
})

/** Everything that may change between finding a failure and acting on it. */
const MOVED: Readonly<
  Record<string, { readonly files: (text: string) => Record<string, string>; readonly left: string }>
> = {
  'another step came': {
    files: () => ({ [VS]: virtualService(75, 25) }),
    left: 'Canary staging/api-service v2: 25% → 100%',
  },
  'nobody wants it measured any more': {
    files: (config) => ({ [CONFIG]: config.replace(/analysis: .*/, '') }),
    left: STEP,
  },
  'the bar was lowered': { files: (config) => ({ [CONFIG]: config.replace('min: 99', 'min: 80') }), left: STEP },
}

for (const [what, { files, left }] of Object.entries(MOVED))
  test(`what was decided is not done where by then ${what}`, async () => {
    const it = await world()
    const { perch } = it
    it.rate = 90
    let isMoved = false
    it.onAsk = ({ type, why }) => {
      if (type !== 'advance' || why.code !== 'failed' || isMoved) return
      isMoved = true
      const config = filesOf(perch.state, 'main').get(CONFIG) ?? ''
      memoryPerson(perch.state, 'alice').push('main', files(config))
    }
    await sweep(perch)
    await perch.pass(5 * SECOND)
    assert.ok(isMoved)
    assert.ok(perch.done.includes('advance failed'))
    await perch.ask.advance('main', { code: 'pushed', delivery: 'x', head: headOf(perch.state, 'main') ?? '' })
    await perch.pass(5 * SECOND)
    assert.deepEqual(titles(perch, 'open'), [left])
  })

test('if the config says so, a failing rollout is held, and its step stays open', async () => {
  const it = await world({ service: 'onFailure: hold' })
  it.rate = 90
  await gate(it.perch)
  await it.perch.pass(10 * SECOND)
  assert.ok(headOf(it.perch.state, 'perch/hold/staging/api-service') !== undefined)
  assert.deepEqual(titles(it.perch, 'open'), [STEP])
  assert.deepEqual(points(it), [3])
})

test('an older answer that comes late neither replaces a newer failure nor keeps anybody from rolling it back', async () => {
  const it = await world()
  const { perch } = it
  // The gate measures while all is well. Before it has the answer, the sweep finds the failure of the next point.
  let release = (): void => undefined
  it.onAnswer = () => {
    it.onAnswer = undefined
    return new Promise((resolve) => (release = resolve))
  }
  void gate(perch)
  for (let turns = 0; turns < 50 && it.asked.length === 0; turns += 1) await new Promise(setImmediate)
  assert.deepEqual(points(it), [3])
  it.rate = 90
  perch.jump(MINUTE)
  await perch.context.ask.measure('main', { code: 'swept', at: perch.now() })
  it.onAsk = async ({ why }) => {
    if (why.code !== 'failed') return
    release()
    for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate)
  }
  await perch.pass(0)
  assert.deepEqual(titles(perch, 'open'), [ROLLBACK])
})

test('a canary that fails, recovers and fails again is handled each time', async () => {
  const it = await world()
  const asked: number[] = []
  it.onAsk = ({ why }) => void (why.code === 'failed' && asked.push(why.failsSince))
  const rates = [90, 100, 90, 90]
  // A person who closes the rollback decides to continue, so the failure stays.
  for (const rate of rates) {
    it.rate = rate
    await sweep(it.perch)
    await it.perch.pass(MINUTE)
    for (const pull of it.perch.state.pulls.values())
      if (pull.title === ROLLBACK && pull.state === 'open') memoryPerson(it.perch.state, 'alice').close(pull)
  }
  assert.equal(new Set(asked).size, 2)
  assert.ok(asked.length > 2, 'each look asks')
})

test('the memory returns what was stored, the newer of two for one step', async () => {
  const context = { memo: memoryMemo(), repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }
  const points = [1.5, Number.NaN, Infinity, -Infinity].map((value, index): [number, number] => [index, value])
  const answers: RangeAnswer[] = [
    { ok: true, series: [{ points }, { points: [] }], warnings: ['w'], clock: 7 },
    { ok: true, series: [], warnings: [], clock: undefined },
    { ok: false, code: 'refused', detail: 'no' },
  ]
  const newer: Measurement = { step: 'a', since: 1, at: 20, failsSince: 20, question: 'q', answers }
  const remember = (found: Measurement): Promise<void> => rememberMeasurement(context, 'main:production/web', found)
  await remember(newer)
  assert.deepEqual(await recallMeasurement(context, 'main:production/web'), newer)
  await remember({ ...newer, at: 10, failsSince: undefined })
  assert.deepEqual(await recallMeasurement(context, 'main:production/web'), newer)
  const other: Measurement = { ...newer, step: 'b', at: 5, failsSince: undefined, answers: [] }
  await remember(other)
  assert.deepEqual(await recallMeasurement(context, 'main:production/web'), other)
  assert.equal(await recallMeasurement(context, 'main:production/api'), undefined)
})

test('answers that are too much together are none, from the largest, before anybody judges them', () => {
  const answer = (series: number): RangeAnswer => {
    const points = [[1_700_000_000_000, 0.123_456_789]] as const
    return { ok: true, series: Array.from({ length: series }, () => ({ points })), warnings: [], clock: 1 }
  }
  const [small, large, tooLarge] = [answer(1), answer(20_000), answer(60_000)]
  assert.deepEqual(keepable([small, large]), [small, large])
  assert.deepEqual(keepable([small, tooLarge, large]), [small, { ok: false, code: 'too-large', detail: '' }, large])
  assert.deepEqual(
    keepable([large, large, large, small]).map(({ ok }) => ok),
    [false, true, true, true],
  )
})
