/** What an analysis in the config may contain, and which mistakes are reported with their lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/core/config/read.ts'
import { Config, DEFAULT_SERVICE } from '../../../src/core/config/schema.ts'
import { type ConfiguredService, settingsOf } from '../../../src/core/rollout/target.ts'

function problems(analysis: string, bake = '10m'): string {
  const text = `services:\n  web.v1:\n    bake: ${bake}\n    analysis:\n${analysis.replaceAll(/^/gm, '      ')}\n`
  const config = readConfig(text)
  return config.ok
    ? ''
    : config.error
        .map(({ line, path, message }) => `${line} ${path.replace('services.web.v1.', '')}: ${message}`)
        .join('\n')
}

const check = (text: string): string => problems(`checks:\n  - ${text}`)

test('by default the destination’s own metrics count, and only a pass passes', () => {
  const config = readConfig('services: { web: { analysis: { checks: [{ metric: success-rate, min: 99 }] } } }')
  assert.ok(config.ok)
  assert.deepEqual(config.value.services['web']?.analysis, {
    provider: 'prometheus',
    checks: [{ metric: 'success-rate', min: 99 }],
    settle: 30_000,
    interval: 60_000,
    minRequests: 100,
    failureLimit: 0,
    onNoData: 'wait',
    onError: 'wait',
    onInconclusive: 'wait',
  })
})

test('what is good', () => {
  for (const good of [
    '{ metric: success-rate, min: 99.9, againstStable: { maxBelow: 0.5 } }',
    '{ metric: success-rate, againstStable: { maxBelow: 1% } }',
    '{ metric: latency-p99, max: 500, againstStable: { maxAbove: 20% } }',
    `{ metric: errors, query: 'sum(rate(x{v="{{version}}"}[{{window}}]))', unit: errors/s, max: 1, againstStable: { maxAbove: 0 } }`,
    '{ metric: errors, query: a, stableQuery: b, unit: errors/s, max: 1, againstStable: { maxAbove: 0 } }',
    '{ metric: queue, query: "sum(queue)", unit: jobs, min: 0, max: 10, requests: "sum(increase(x[{{window}}]))" }',
  ])
    assert.equal(check(good), '', good)
  assert.equal(
    problems(
      '{ provider: eu, reporter: waypoint, settle: 0s, interval: 1s, minRequests: 0, checks: [{ metric: latency-p99, max: 1 }] }',
      '1s',
    ),
    '',
  )
})

test('what is a mistake', () => {
  const table: [string, string][] = [
    ['{ metric: success-rate }', 'analysis.checks.0: needs a bar'],
    ['{ metric: success-rate, againstStable: {} }', 'analysis.checks.0: needs a bar'],
    [
      '{ metric: success-rate, min: 99, againstStable: {} }',
      'analysis.checks.0.againstStable: needs maxBelow or maxAbove',
    ],
    ['{ metric: success-rate, min: 0.99 }', 'analysis.checks.0.min: is in percent: 99, not 0.99'],
    ['{ metric: success-rate, min: 999 }', 'analysis.checks.0.min: is in percent: at most 100'],
    ['{ metric: success-rate, max: 1 }', 'analysis.checks.0.max: is the wrong side'],
    ['{ metric: success-rate, againstStable: { maxAbove: 1 } }', 'analysis.checks.0.againstStable: is the wrong side'],
    ['{ metric: latency-p99, max: 0.5 }', 'analysis.checks.0.max: is in milliseconds: 500, not 0.5'],
    ['{ metric: latency-p99, min: 500 }', 'analysis.checks.0.min: is the wrong side'],
    [
      '{ metric: latency-p99, max: 500, againstStable: { maxBelow: 1 } }',
      'analysis.checks.0.againstStable: is the wrong side',
    ],
    ['{ metric: latency-p99, max: 500, unit: s }', 'analysis.checks.0.unit: is for metrics of your own'],
    ['{ metric: latency-p99, max: 500, query: x }', 'analysis.checks.0.query: is for metrics of your own'],
    [
      '{ metric: latency-p95, max: 500 }',
      'analysis.checks.0.metric: latency-p95 is not built in (success-rate and latency-p99 are): give it a query',
    ],
    ['{ metric: constructor, max: 500 }', 'analysis.checks.0.metric: constructor is not built in'],
    ['{ metric: own, query: x, max: 5 }', 'analysis.checks.0: needs a unit'],
    ['{ metric: own, query: x, unit: y, min: 5, max: 4 }', 'analysis.checks.0.min: must not be above max'],
    [
      '{ metric: own, query: "{{nope}}", unit: y, min: 5 }',
      'analysis.checks.0.query: has the unknown variable {{nope}}',
    ],
    [
      '{ metric: own, query: "{{service}}", unit: y, min: 5 }',
      'analysis.checks.0.query: must have {{service}} inside of',
    ],
    [
      '{ metric: own, query: x, requests: "{{x}}", unit: y, min: 5 }',
      'analysis.checks.0.requests: has the unknown variable',
    ],
    [
      '{ metric: own, query: x, unit: y, againstStable: { maxAbove: 1 } }',
      'analysis.checks.0.query: asks the same of both sides',
    ],
    [
      '{ metric: own, query: x, stableQuery: y, unit: y, max: 1 }',
      'analysis.checks.0.stableQuery: is asked for againstStable only',
    ],
    [
      '{ metric: own, query: x, unit: y, max: 1, againstStable: { maxAbove: -1 } }',
      'analysis.checks.0.againstStable.maxAbove: Too small',
    ],
    ['{ metric: own, query: x, unit: y, max: .nan }', 'analysis.checks.0.max: Invalid input'],
    ['{ metric: "own metric", query: x, unit: y, max: 1 }', 'analysis.checks.0.metric: must be a name'],
    [`{ metric: own, query: ${'x'.repeat(2_001)}, unit: y, max: 1 }`, 'analysis.checks.0.query: Too big'],
  ]
  for (const [text, expected] of table) {
    const found = check(text)
    assert.ok(found.startsWith(`6 ${expected}`) && !found.includes('\n'), `${text}: ${found}`)
  }
  assert.match(
    check('{ metric: latency-p99, max: 500 }\n  - { metric: latency-p99, max: 600 }'),
    /^7 analysis\.checks\.1\.metric: is checked twice/,
  )
  assert.match(problems('checks: []'), /^5 analysis\.checks: Too small/)
  assert.match(
    problems('{ provider: "http://evil", checks: [{ metric: latency-p99, max: 500 }] }'),
    /provider: must be the name of a server/,
  )
  assert.match(
    problems('{ checks: [{ metric: latency-p99, max: 500 }] }', '1m'),
    /^3 bake: must be at least settle and interval/,
  )
  assert.match(problems('{ onError: pass, checks: [{ metric: latency-p99, max: 500 }] }'), /onError/)
})

test('a mistake in a query is reported with the query’s own line', () => {
  const text = 'checks:\n  - metric: own\n    unit: x\n    max: 1\n    query: |\n      sum({{nope}})'
  assert.match(problems(text), /^9 analysis\.checks\.0\.query: has the unknown variable \{\{nope\}\}/)
})

test('each environment may have a Prometheus of its own, and two that move together must have the same', () => {
  const config = readConfig(`environments:
  staging: { path: a, prometheus: eu }
  production: { path: b, prometheus: us }
  edge: { path: c, prometheus: us }
  lab: { path: d }
services: { web: { analysis: { provider: main, checks: [{ metric: success-rate, min: 99 }] } }, none: {} }
`)
  assert.ok(config.ok, JSON.stringify(config))
  const { web, none } = config.value.services
  assert.ok(web !== undefined && none !== undefined)
  const named = (name: string, service: typeof web): ConfiguredService => {
    return { name, config: service, names: { stable: undefined, canary: undefined } }
  }
  const say = (...environments: string[]): string => {
    const { analysis, unchecked } = settingsOf(config.value, named('web', web), environments)
    return [analysis?.provider, ...unchecked].join(' ')
  }
  assert.equal(say('staging'), 'eu')
  assert.equal(say('lab'), 'main')
  assert.equal(say('unknown'), 'main')
  assert.equal(say('production', 'edge'), 'us')
  assert.match(say('staging', 'production'), /analysis in several environments at once$/)
  assert.match(say('staging', 'lab'), /analysis in several environments at once$/)
  const { analysis, unchecked } = settingsOf(config.value, named('none', none), ['staging', 'production'])
  assert.deepEqual([analysis, unchecked], [undefined, []])
})

test('traffic is no proof if one step moves several environments, because the requests of one could prove it for all', () => {
  const live = [{ traffic: 2 }]
  const config = Config.parse({ environments: { us: { path: 'us', live }, eu: { path: 'eu', live } } })
  const service = { name: 'web', config: DEFAULT_SERVICE, names: { stable: undefined, canary: undefined } }
  assert.deepEqual(settingsOf(config, service, ['us']).unchecked, [])
  assert.deepEqual(settingsOf(config, service, ['us', 'eu']).unchecked, [
    'live by traffic in several environments at once',
  ])
})

test('a tolerance is in percentage points, in each form that YAML allows', () => {
  const parse = (traffic: unknown) => Config.safeParse({ environments: { us: { path: 'us', live: { traffic } } } })
  for (const traffic of ['±2', '2', 2, '±2.5', '±12.5', '±0.5', 0.5]) assert.ok(parse(traffic).success, String(traffic))
  for (const traffic of ['2%', '±0', '0.0', '±51', -2, 0, '±-2', '± 2', ''])
    assert.ok(!parse(traffic).success, String(traffic))
})

test('a template instead of checks, with nothing that only checks have', () => {
  for (const good of [
    'template: success-rate',
    'template: success-rate\nclusterScope: true\nargs: { service: web, port: 9090, isNew: true }\nprovider: eu\nonError: fail',
  ])
    assert.equal(problems(good, '1s'), '', good)
  const table: [string, string][] = [
    ['provider: eu', '5 analysis: must have checks, or the name of a template'],
    [
      'template: a\nchecks: [{ metric: success-rate, min: 99 }]',
      '6 analysis.checks: stands beside template: use one of them',
    ],
    ['template: a\nsettle: 1m', '6 analysis.settle: is for checks: a metric of a template has its own initialDelay'],
    ['template: a\ninterval: 1m', '6 analysis.interval: is for checks: a metric of a template has its own interval'],
    [
      'template: a\nminRequests: 0',
      '6 analysis.minRequests: is for checks: a template counts no requests, its conditions must say what few of them mean',
    ],
    [
      'template: a\nfailureLimit: 1',
      '6 analysis.failureLimit: is for checks: a metric of a template has its own failureLimit',
    ],
    [
      'template: a\nreporter: source',
      '6 analysis.reporter: is for checks: the queries of a template say whose metrics they read',
    ],
    ['checks: [{ metric: success-rate, min: 99 }]\nargs: { a: b }', '6 analysis.args: needs template beside it'],
    [
      'checks: [{ metric: success-rate, min: 99 }]\nclusterScope: false',
      '6 analysis.clusterScope: needs template beside it',
    ],
    ['template: a\nargs: { a: [1] }', '6 analysis.args.a: must be a text, a number, true or false'],
  ]
  for (const [analysis, wanted] of table) assert.equal(problems(analysis), wanted, analysis)
})
