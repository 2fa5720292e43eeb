/** The outcome of measurements: each outcome, each policy, and laws for all of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import { askedBy, CHECKS, ENDS, failing, MINUTE, type Play, report, SECOND, SINCE, WELL, type World } from './scene.ts'

async function say(world: World, play: Play = {}): Promise<string> {
  const { outcome, isComplete, isFailure, checks } = await report(world, play)
  const reasons = checks.flatMap(({ reason }) => (reason === undefined ? [] : [reason.code]))
  return [outcome, ...reasons, ...(isComplete ? [] : ['so far']), ...(isFailure ? ['failure'] : [])].join(' ')
}

/** The success rate at some points, by number. All others are good. */
function dips(values: Readonly<Record<number, number | undefined>>, requests = 500): World {
  return (asked) => {
    if (asked.kind === 'requests') return requests
    return asked.kind === 'success' && asked.point in values ? values[asked.point] : WELL(asked)
  }
}

const only =
  (count: number): World =>
  (asked) =>
    asked.point <= count ? WELL(asked) : undefined
const LATENCY = [...CHECKS, { metric: 'latency-p99', max: 500 }]

test('each world has its outcome', async () => {
  const table: [string, World, Play, string][] = [
    ['all is well', WELL, {}, 'pass'],
    ['a bar is held when it is just reached', dips({ 4: 99 }), {}, 'pass'],
    ['and broken just below', dips({ 4: 98.9999 }), {}, 'fail broke-bar failure'],
    ['during the bake nothing has passed yet', WELL, { now: ENDS - 1 }, 'pass so far'],
    ['a failure counts at once', dips({ 2: 90 }), { now: SINCE + 3 * MINUTE }, 'fail broke-bar so far failure'],
    ['and goes on to count', dips({ 2: 90 }), { now: ENDS + 99 * MINUTE }, 'fail broke-bar failure'],
    ['before the first point is over nothing is known', WELL, { now: SINCE + 89 * SECOND }, 'no-data too-early so far'],
    ['nobody called the canary', () => undefined, {}, 'no-data no-values'],
    ['it counts no requests', ({ kind }) => (kind === 'requests' ? 0 : Number.NaN), {}, 'no-data no-values'],
    ['infinite is no value', ({ kind }) => (kind === 'requests' ? 500 : Infinity), {}, 'no-data no-values'],
    ['too few requests', dips({}, 99), {}, 'inconclusive few-requests'],
    ['estimated counts are rounded', dips({}, 99.6), {}, 'pass'],
    ['too few requests cannot fail either', dips({ 3: 0 }, 99), {}, 'inconclusive few-requests'],
    [
      'values without a count of requests are too few even where one request would do',
      (asked) => (asked.kind === 'requests' ? undefined : WELL(asked)),
      { analysis: { minRequests: 1 } },
      'inconclusive few-requests',
    ],
    ['where requests are not counted one is enough', dips({}, 1), { analysis: { minRequests: 0 } }, 'pass'],
    ['half of the points are enough', only(5), {}, 'pass'],
    ['fewer are not', only(4), {}, 'inconclusive gaps'],
    [
      'whether data is missing at the end or at the start',
      (asked) => (asked.point > 6 ? WELL(asked) : undefined),
      {},
      'inconclusive gaps',
    ],
    ['a night without traffic after the bake undoes nothing', only(10), { now: ENDS + 500 * MINUTE }, 'pass'],
    ['the server is down', () => failing('unreachable'), {}, 'error unreachable'],
    [
      'one check fails and another cannot be measured',
      (asked) => (asked.kind === 'latency' ? failing('refused') : dips({ 2: 9 })(asked)),
      { analysis: { checks: LATENCY } },
      'fail broke-bar refused failure',
    ],
    [
      'one passes and another cannot be measured',
      (asked) => (asked.kind === 'latency' ? failing('refused') : WELL(asked)),
      { analysis: { checks: LATENCY } },
      'error refused',
    ],
    [
      'values without counts',
      (asked) => (asked.kind === 'requests' ? undefined : WELL(asked)),
      {},
      'inconclusive few-requests',
    ],
    [
      'counts that cannot be had',
      (asked) => (asked.kind === 'requests' ? failing('timed-out') : WELL(asked)),
      {},
      'error timed-out',
    ],
    ['the named server is not there', WELL, { analysis: { provider: 'eu' } }, 'error unknown-server'],
  ]
  for (const [why, world, play, expected] of table) assert.equal(await say(world, play), expected, why)
})

test('a failure after the bake counts as long as nobody merges', async () => {
  for (const later of [1, 7, 500, 5_000]) {
    const now = ENDS + later * MINUTE
    const world: World = (asked) => (asked.kind === 'success' && asked.time > now - 2 * MINUTE ? 50 : WELL(asked))
    assert.equal(await say(world, { now }), 'fail broke-bar failure', `${later} minutes later`)
  }
})

test('the limit of failures applies to any period as long as the bake', async () => {
  const analysis = { failureLimit: 2 }
  const late = { analysis, now: ENDS + 60 * MINUTE }
  assert.equal(await say(dips({ 2: 90, 9: 90 }), { analysis }), 'pass')
  assert.equal(await say(dips({ 2: 90, 5: 90, 9: 90 }), { analysis }), 'fail broke-bar failure')
  assert.equal(
    await say(dips({ 2: 90, 9: 90, 12: 90 }), late),
    'pass',
    '2 and 12 are further apart than a bake is long',
  )
  assert.equal(await say(dips({ 9: 90, 12: 90, 18: 90 }), late), 'fail broke-bar failure')
})

test('each policy turns its own outcome into a failure, and only when the bake is over', async () => {
  const outcomes: [string, World, string][] = [
    ['onNoData', () => undefined, 'no-data no-values'],
    ['onError', () => failing('unreachable'), 'error unreachable'],
    ['onInconclusive', dips({}, 3), 'inconclusive few-requests'],
  ]
  for (const [policy] of outcomes) {
    for (const [own, world, words] of outcomes) {
      const analysis = { [policy]: 'fail' }
      assert.equal(await say(world, { analysis }), own === policy ? `${words} failure` : words, policy)
      assert.equal(await say(world, { analysis, now: ENDS - 1 }), `${words} so far`, policy)
    }
    assert.equal(await say(WELL, { analysis: { [policy]: 'fail' } }), 'pass')
  }
  const world: World = (asked) => (asked.kind === 'latency' ? undefined : failing('refused'))
  const both = { checks: LATENCY, onNoData: 'fail', minRequests: 0 }
  assert.equal(
    await say(world, { analysis: both }),
    'error refused no-values failure',
    'it does not hide behind a worse one',
  )
})

test('the canary is compared with stable at the same time', async () => {
  const against =
    (stable: number | undefined, canary: number, requests = 500): World =>
    (asked) => {
      if (asked.kind === 'requests') return asked.side === 'stable' ? requests : 500
      return asked.side === 'stable' ? stable : canary
    }
  const rate = { checks: [{ metric: 'success-rate', againstStable: { maxBelow: 0.5 } }] }
  const latency = { checks: [{ metric: 'latency-p99', againstStable: { maxAbove: '20%' } }] }
  const barred = { checks: [{ metric: 'latency-p99', max: 500, againstStable: { maxAbove: '20%' } }] }
  const table: [World, Record<string, unknown>, string][] = [
    [against(99, 98.5), rate, 'pass'],
    [against(99, 98.4), rate, 'fail broke-bar failure'],
    [against(90, 99), rate, 'pass'],
    [against(100, 120), latency, 'pass'],
    [against(100, 121), latency, 'fail broke-bar failure'],
    [against(undefined, 100), latency, 'inconclusive stable-unknown'],
    [against(100, 100, 3), latency, 'inconclusive stable-unknown'],
    [against(undefined, 501), barred, 'fail broke-bar failure'],
    [against(undefined, 100), barred, 'inconclusive stable-unknown'],
    [against(450, 501), barred, 'fail broke-bar failure'],
  ]
  for (const [world, analysis, expected] of table) assert.equal(await say(world, { analysis }), expected)
  const worst = (await report(against(100, 121), { analysis: latency })).checks[0]?.worst
  assert.deepEqual(worst, { time: SINCE + 90 * SECOND, value: 121, stable: 100 })
  const barsOf = async (stable: number, canary: number): Promise<unknown> =>
    (await report(against(stable, canary), { analysis: barred })).checks[0]?.reason
  const fixed = await barsOf(450, 700)
  const relative = await barsOf(100, 501)
  assert.deepEqual(fixed, { code: 'broke-bar', bar: { kind: 'max', value: 500 } })
  assert.notDeepEqual(relative, fixed, 'the bar that is broken most is named')
  const unanswered: World = (asked) => (asked.side === 'stable' ? failing('timed-out') : against(1, 501)(asked))
  assert.equal(await say(unanswered, { analysis: barred }), 'fail broke-bar failure', 'the fixed bar is broken anyway')
})

test('at 100% the canary is compared with earlier values of stable, because stable has no traffic now', async () => {
  const analysis = { checks: [{ metric: 'latency-p99', againstStable: { maxAbove: 10 } }] }
  const asked: string[] = []
  const world: World = ({ kind, side, time, query }) => {
    if (side === 'canary') return kind === 'requests' ? 500 : 95
    asked.push(`${kind} ${time - SINCE} ${/\[(\w+)\]/.exec(query)?.[1]}`)
    return kind === 'requests' ? 400 : 90
  }
  const play = { analysis, shares: [0, 100] as const }
  const { outcome, checks } = await report(world, play)
  assert.equal(outcome, 'pass')
  assert.equal(checks[0]?.worst?.stable, 90)
  assert.deepEqual(asked, ['latency 0 600s', 'requests 0 600s'])
  assert.equal(
    await say((one) => (one.side === 'stable' ? undefined : world(one)), play),
    'inconclusive stable-unknown',
  )
})

const answers = (
  make: (range: { from: number; until: number; stepMs: number }) => Partial<Extract<RangeAnswer, { ok: true }>>,
): Play => ({
  analysis: { minRequests: 0 },
  metrics: {
    servers: () => ['prometheus'],
    range: async (_server, _query, range) => ({ ok: true, series: [], warnings: [], clock: undefined, ...make(range) }),
  },
})

test('an answer to another question is an error, never a value', async () => {
  const good = ({ from, until, stepMs }: { from: number; until: number; stepMs: number }) =>
    Array.from({ length: (until - from) / stepMs + 1 }, (_, index) => [from + index * stepMs, 100] as const)
  const table: [string, Parameters<typeof answers>[0], string][] = [
    ['as asked', (range) => ({ series: [{ points: good(range) }] }), 'pass'],
    ['two series', (range) => ({ series: [{ points: good(range) }, { points: [] }] }), 'error several-series'],
    [
      'from before',
      (range) => ({ series: [{ points: good({ ...range, from: range.from - range.stepMs }) }] }),
      'error outside-window',
    ],
    [
      'from after',
      (range) => ({ series: [{ points: good({ ...range, until: range.until + range.stepMs }) }] }),
      'error outside-window',
    ],
    [
      'moved to other times',
      (range) => ({ series: [{ points: good(range).map(([time, value]) => [time - 2_000, value] as const) }] }),
      'error outside-window',
    ],
    ['a clock behind', (range) => ({ series: [{ points: good(range) }], clock: ENDS - 2 * MINUTE }), 'error clock-off'],
    ['a clock ahead', (range) => ({ series: [{ points: good(range) }], clock: ENDS + 2 * MINUTE }), 'error clock-off'],
    ['a clock that is right', (range) => ({ series: [{ points: good(range) }], clock: ENDS + 2_000 }), 'pass'],
    [
      'a part missing',
      (range) => ({ series: [{ points: good(range) }], warnings: ['No StoreAPIs matched'] }),
      'inconclusive warned',
    ],
    [
      'a hint',
      (range) => ({ series: [{ points: good(range) }], warnings: ['PromQL info: metric might not be a counter'] }),
      'pass',
    ],
    [
      'a part missing, and bad',
      (range) => ({ series: [{ points: good(range).map(([time]) => [time, 1] as const) }], warnings: ['x'] }),
      'fail broke-bar failure',
    ],
  ]
  for (const [why, make, expected] of table) assert.equal(await say(WELL, answers(make)), expected, why)
})

test('a silent server is asked once, and each query is sent once', async () => {
  const asked: string[] = []
  const play = (answer: RangeAnswer): Play => ({
    analysis: { checks: LATENCY },
    metrics: {
      servers: () => ['prometheus'],
      range: async (server, query) => {
        asked.push(`${server} ${askedBy(query, 0).kind}`)
        return answer
      },
    },
  })
  await report(WELL, play({ ok: true, series: [], warnings: [], clock: undefined }))
  assert.deepEqual(asked.splice(0), ['prometheus success', 'prometheus requests', 'prometheus latency'])
  await report(WELL, play(failing('refused')))
  assert.equal(asked.splice(0).length, 3)
  await report(WELL, play(failing('unreachable')))
  assert.equal(asked.length, 1)
})

test('every query covers exactly the time after live and settled', async () => {
  const bakes = ['90s', '2m', '10m', '1h', '1d', '14d']
  for (const bake of bakes) {
    const seen: { from: number; until: number; stepMs: number; window: string }[] = []
    const metrics = {
      servers: () => ['prometheus'],
      range: async (
        _: string,
        query: string,
        range: { from: number; until: number; stepMs: number },
      ): Promise<RangeAnswer> => {
        seen.push({ ...range, window: /\[(\w+)\]/.exec(query)?.[1] ?? '' })
        return { ok: true, series: [], warnings: [], clock: undefined }
      },
    }
    const now = SINCE + 365 * 24 * 60 * MINUTE
    const early = await report(WELL, { metrics, service: { bake }, now: SINCE })
    const { ends } = early
    assert.equal(seen.length, 0, 'nothing is over yet')
    await report(WELL, { metrics, service: { bake }, now: ends })
    for (const { from, until, stepMs, window } of seen.splice(0)) {
      const windowMs = window.endsWith('ms') ? Number.parseInt(window, 10) : Number.parseInt(window, 10) * 1_000
      assert.equal(windowMs, stepMs, bake)
      assert.equal(from - windowMs, SINCE + 30 * SECOND, bake)
      assert.ok(until <= ends && until > ends - 200, `${bake} ends ${ends - until} early`)
      assert.ok((until - from) / stepMs < 120)
    }
    await report(WELL, { metrics, service: { bake }, now })
    for (const { from, until, stepMs } of seen) assert.ok((until - from) / stepMs < 1_200)
    assert.ok(Math.max(...seen.map(({ until }) => until)) > now - 3 * 60 * 60 * 1_000)
  }
})

/** Any answer that a server may give for a point. */
const anyValue = fc.oneof(
  fc.constantFrom(undefined, Number.NaN, Infinity, -Infinity, 0, 98.9, 99, 100),
  fc.double({ noNaN: true }),
)
const anyWorld = fc
  .record({
    values: fc.array(anyValue, { minLength: 1, maxLength: 30 }),
    requests: fc.array(anyValue, { minLength: 1, maxLength: 30 }),
  })
  .map(({ values, requests }): World => ({ kind, point }) => {
    const list = kind === 'requests' ? requests : values
    return list[point % list.length]
  })
const anyNow = fc.integer({ min: 0, max: 60 * 60 }).map((seconds) => SINCE + seconds * SECOND)

test('no data never passes, whatever the other answers are', async () => {
  const empties = fc.constantFrom(
    undefined,
    Number.NaN,
    Infinity,
    -Infinity,
    failing('unreachable'),
    failing('refused'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(empties, { minLength: 1, maxLength: 12 }),
      fc.double(),
      anyNow,
      async (values, requests, now) => {
        const world: World = ({ kind, point }) => (kind === 'requests' ? requests : values[point % values.length])
        const analysis = { minRequests: Math.abs(Math.trunc(requests)) % 2 === 0 ? 0 : 100 }
        const { outcome } = await report(world, { now, analysis })
        assert.ok(outcome === 'no-data' || outcome === 'error', outcome)
      },
    ),
  )
})

test('a later look never loses a failure, and a pass always has values', async () => {
  await fc.assert(
    fc.asyncProperty(anyWorld, anyNow, anyNow, fc.nat({ max: 3 }), async (world, one, other, failureLimit) => {
      const [now, later] = [Math.min(one, other), Math.max(one, other)]
      const analysis = { failureLimit }
      const [before, after] = [await report(world, { now, analysis }), await report(world, { now: later, analysis })]
      if (before.outcome === 'fail') assert.equal(after.outcome, 'fail')
      for (const { outcome, isComplete, isFailure, checks } of [before, after]) {
        assert.equal(isFailure, outcome === 'fail')
        if (outcome !== 'pass') continue
        assert.ok(checks.every(({ values, failed }) => values.length > 0 && failed <= failureLimit * 6))
        assert.ok(!isComplete || (checks[0]?.values.length ?? 0) >= 5)
      }
    }),
    { numRuns: 300 },
  )
})

test('a report has its period, and the time when the next look may find more', async () => {
  const { from, until, ends, next, server } = await report(WELL, { now: SINCE + 200 * SECOND })
  assert.deepEqual(
    [from, until, ends, next].map((time) => (time - SINCE) / SECOND),
    [30, 150, 630, 210],
  )
  assert.equal(server, 'prometheus')
})

test('if points have too little data, the most frequent reason is shown, with an interval that would be enough', async () => {
  const reasonOf = async (world: World, play: Play = {}): Promise<unknown> =>
    (await report(world, play)).checks[0]?.reason
  const requests =
    (count: (point: number) => number | undefined): World =>
    (asked) => {
      if (asked.kind === 'requests') return count(asked.point)
      return count(asked.point) === undefined ? undefined : WELL(asked)
    }
  const play = { analysis: { minRequests: 100 } }
  assert.deepEqual(
    await reasonOf(
      requests(() => 50),
      play,
    ),
    {
      code: 'few-requests',
      average: 50,
      wanted: 100,
      enoughMs: 2 * MINUTE,
    },
  )
  assert.deepEqual(
    await reasonOf(
      requests(() => 1),
      play,
    ),
    {
      code: 'few-requests',
      average: 1,
      wanted: 100,
      enoughMs: undefined,
    },
  )
  // The whole bake is the longest interval.
  const enough = async (each: number): Promise<unknown> => {
    const reason = await reasonOf(
      requests(() => each),
      play,
    )
    return (reason as { readonly enoughMs?: number }).enoughMs
  }
  assert.deepEqual([await enough(10), await enough(9)], [10 * MINUTE, undefined])
  const gaps = await reasonOf(
    requests((point) => (point > 3 ? undefined : 500)),
    play,
  )
  assert.deepEqual(gaps, { code: 'gaps', missing: 7, points: 10 })
})
