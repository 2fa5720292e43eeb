/** The words of an analysis: each outcome tells on one line what was measured and what comes next, whatever the names contain. */
import { SIDE_TROUBLES } from '../../../src/core/analysis/side.ts'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fromMarkdown } from 'mdast-util-from-markdown'
import type { AnalysisReport, Bar, CheckReason, MeasuredCheck } from '../../../src/core/analysis/report.ts'
import { analysisTable, analysisWords } from '../../../src/core/message/gate/analysis.ts'
import { sparkline } from '../../../src/core/message/markdown/sparkline.ts'
import { sizeOf } from '../../../src/core/text/limits.ts'
import { CHECKS, ENDS, failing, MINUTE, type Play, report, SECOND, SINCE, WELL, type World } from './scene.ts'

const LATENCY = [...CHECKS, { metric: 'latency-p99', max: 500 }]
const words = async (world: World, play: Play = {}): Promise<string> => analysisWords(await report(world, play))
const dip =
  (point: number, value: number): World =>
  (asked) =>
    asked.kind === 'success' && asked.point === point ? value : WELL(asked)

test('each outcome has its words', async () => {
  const latency = { analysis: { checks: LATENCY } }
  const stable: World = (asked) => (asked.kind === 'requests' ? 500 : asked.side === 'stable' ? 100 : 130.4)
  const against = { analysis: { checks: [{ metric: 'latency-p99', max: 500, againstStable: { maxAbove: '20%' } }] } }
  const looksAgain = 'Perch measures again, and `/canary abort` sends the traffic back.'
  const table: [World, Play, string][] = [
    [
      WELL,
      latency,
      '`success-rate` 100% at worst (at least 99%), `latency-p99` 80 ms at worst (at most 500 ms), measured from 2026-11-20 12:00:30 UTC until 2026-11-20 12:10:30 UTC.',
    ],
    [
      WELL,
      { now: ENDS - 1 },
      'so far `success-rate` 100% at worst (at least 99%); measured until 2026-11-20 12:10:30 UTC.',
    ],
    [
      dip(3, 98.9996),
      {},
      '`success-rate` was 98.9996% at 2026-11-20 12:03:30 UTC, at least 99% is required (1 of 10 points failed). Send the traffic back with `/canary abort`, or correct `analysis` in `.github/canary.yml`.',
    ],
    [
      stable,
      against,
      '`latency-p99` was 130.4 ms at 2026-11-20 12:01:30 UTC, at most 20% above stable (stable had 100 ms) is required (10 of 10 points failed). Send the traffic back with `/canary abort`, or correct `analysis` in `.github/canary.yml`.',
    ],
    [WELL, { now: SINCE + SECOND }, '`success-rate` is measured for the first time at 2026-11-20 12:01:30 UTC.'],
    [
      () => undefined,
      latency,
      `\`success-rate\`, \`latency-p99\` has no data on \`prometheus\` since 2026-11-20 12:00:30 UTC. Does the canary get requests, does Prometheus scrape it, and does \`interval\` include at least two scrapes? Nothing passes without data: ${looksAgain}`,
    ],
    [
      (asked) => (asked.kind === 'requests' ? 40 : WELL(asked)),
      {},
      `\`success-rate\` has too little data: 40 requests per point, and \`minRequests\` is 100. With \`interval: 3m\` there would be enough. Nothing passes with too little data: ${looksAgain}`,
    ],
    [
      (asked) => (asked.kind === 'requests' ? 4 : WELL(asked)),
      { now: ENDS - 1 },
      '`success-rate` has too little data: 4 requests per point, and `minRequests` is 100. Raise `bake` and `interval`, or lower `minRequests`.',
    ],
    [
      () => failing('unreachable', 'ECONNREFUSED'),
      {},
      `\`success-rate\` cannot be measured: \`prometheus\` does not answer (\`ECONNREFUSED\`). Ask the operator of Perch to find out why. Nothing passes unmeasured: ${looksAgain}`,
    ],
    [
      () => undefined,
      { analysis: { onNoData: 'fail' } },
      '`success-rate` has no data on `prometheus` since 2026-11-20 12:00:30 UTC. Does the canary get requests, does Prometheus scrape it, and does `interval` include at least two scrapes? Send the traffic back with `/canary abort`, or correct `analysis` in `.github/canary.yml`.',
    ],
    [
      WELL,
      { analysis: { provider: 'eu' } },
      `\`success-rate\` cannot be measured: Perch does not know the server \`eu\`. Set \`provider\` to one of \`prometheus\`. Nothing passes unmeasured: ${looksAgain}`,
    ],
  ]
  for (const [world, play, expected] of table) assert.equal(await words(world, play), expected)
})

test('an unchanged outcome has unchanged words, however often it is looked at', async () => {
  const [one, other] = [await words(WELL), await words(WELL, { now: ENDS + 7 * MINUTE })]
  assert.equal(one, other)
  assert.equal(await words(dip(3, 90)), await words(dip(3, 90), { now: ENDS }))
})

test('the table has a line for each check, with a chart', async () => {
  const checks = [...LATENCY, { metric: 'errors', query: 'x', unit: 'errors/s', min: 0, max: 3, requests: 'x' }]
  const world: World = (asked) =>
    asked.kind === 'own' ? undefined : asked.kind === 'latency' ? 40 * asked.point : dip(3, 90)(asked)
  assert.equal(
    analysisTable(await report(world, { analysis: { checks } })),
    [
      '| Metric | Worst (required) | Over time |',
      '| - | - | - |',
      '| ❌ `success-rate` failed, 1 of 10 points bad, 5000 requests | 90% (at least 99%) | ██▁███████ 90 to 100% |',
      '| ✅ `latency-p99` good, 5000 requests | 400 ms (at most 500 ms) | ▁▂▃▃▄▅▆▆▇█ 40 to 400 ms |',
      '| ❔ `errors` no data, 0 requests | – (at least 0 errors/s, at most 3 errors/s) | – |',
    ].join('\n'),
  )
})

test('a chart of many keeps the peaks and the dips', () => {
  assert.equal(sparkline([]), '')
  assert.equal(sparkline([5]), '▄')
  assert.equal(sparkline([5, 5, 5]), '▄▄▄')
  assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), '▁▂▃▄▅▆▇█')
  const many = Array.from({ length: 1_120 }, () => 100)
  many[777] = 3
  const chart = sparkline(many)
  assert.equal(chart.length, 40)
  assert.equal(chart.replaceAll('█', ''), '▁')
})

const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '@octo/team',
        '#12',
        '```',
        '`',
        '|',
        '\n',
        '<!-- perch:summary -->',
        '</details>',
        'https://evil.example',
        '\u202E',
        '\uD83D',
        '**',
        '[x](http://evil)',
        '\\',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((parts) => parts.join(''))
const anyNumber = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
const anyBar: fc.Arbitrary<Bar> = fc.oneof(
  fc.record({ kind: fc.constantFrom('min' as const, 'max' as const), value: anyNumber }),
  fc.record({
    kind: fc.constantFrom('max-below' as const, 'max-above' as const),
    by: anyNumber,
    isPercent: fc.boolean(),
  }),
)
const anyReason: fc.Arbitrary<CheckReason> = fc.oneof(
  fc.record({ code: fc.constant('broke-bar' as const), bar: anyBar }),
  fc.record({
    code: fc.constantFrom(
      'unreachable' as const,
      'timed-out' as const,
      'refused' as const,
      'not-understood' as const,
      'too-large' as const,
      'warned' as const,
    ),
    detail: nasty,
  }),
  fc.record({ code: fc.constant('unknown-server' as const), known: fc.array(nasty, { maxLength: 50 }) }),
  fc.record({ code: fc.constant('side' as const), trouble: fc.constantFrom(...SIDE_TROUBLES) }),
  fc.record({ code: fc.constant('no-variable' as const), variables: fc.constant(['version' as const]) }),
  fc.record({ code: fc.constant('several-series' as const), count: fc.nat() }),
  fc.record({ code: fc.constant('clock-off' as const), byMs: fc.integer() }),
  fc.record({ code: fc.constant('gaps' as const), missing: fc.nat(), points: fc.nat() }),
  fc.constantFrom(
    { code: 'no-values' as const },
    { code: 'stable-unknown' as const },
    { code: 'outside-window' as const },
    { code: 'long-query' as const },
  ),
)
const anyCheck: fc.Arbitrary<MeasuredCheck> = fc.record({
  metric: nasty,
  unit: nasty,
  bars: fc.array(anyBar, { minLength: 1, maxLength: 4 }),
  outcome: fc.constantFrom(
    'pass' as const,
    'fail' as const,
    'no-data' as const,
    'error' as const,
    'inconclusive' as const,
  ),
  reason: fc.option(anyReason, { nil: undefined }),
  values: fc.array(fc.tuple(fc.constant(SINCE), anyNumber), { maxLength: 1_200 }),
  worst: fc.option(
    fc.record({ time: fc.constant(SINCE), value: anyNumber, stable: fc.option(anyNumber, { nil: undefined }) }),
    { nil: undefined },
  ),
  points: fc.nat(),
  failed: fc.nat(),
  requests: fc.option(fc.nat(), { nil: undefined }),
})
const anyReport: fc.Arbitrary<AnalysisReport> = fc
  .record({
    checks: fc.array(anyCheck, { minLength: 1, maxLength: 20 }),
    isComplete: fc.boolean(),
    isFailure: fc.boolean(),
    server: nasty,
  })
  .map((fields) => ({
    ...fields,
    outcome: fields.checks[0]?.outcome ?? 'error',
    from: SINCE,
    until: ENDS,
    ends: ENDS,
    next: ENDS,
    failureLimit: 0,
  }))

interface Node {
  readonly type: string
  readonly value?: string
  readonly children?: readonly Node[]
}

const leaves = (node: Node): readonly Node[] => (node.children === undefined ? [node] : node.children.flatMap(leaves))

test('no name and no value breaks the words or the table, mentions anybody, or makes them too long', () => {
  fc.assert(
    fc.property(anyReport, (one) => {
      const [said, table] = [analysisWords(one), analysisTable(one)]
      assert.ok(!said.includes('\n') && sizeOf(said) < 8_000, String(sizeOf(said)))
      const lines = table.split('\n')
      assert.equal(lines.length, one.checks.length + 2)
      for (const line of lines) assert.equal(line.replaceAll(String.raw`\|`, '').split('|').length, 5, line)
      assert.ok(sizeOf(table) < 60_000, String(sizeOf(table)))
      for (const node of [...leaves(fromMarkdown(said)), ...leaves(fromMarkdown(table))]) {
        // A span of Perch keeps a dollar sign.
        const isOurs = node.type === 'html' && /^<[/]?span>$/.test(node.value ?? '')
        assert.ok(isOurs || !['html', 'image', 'code'].includes(node.type), node.type)
        if (node.type === 'text') assert.doesNotMatch(node.value ?? '', /@[A-Za-z0-9]|#\d|https?:\/\//)
      }
    }),
    { numRuns: 200 },
  )
})
