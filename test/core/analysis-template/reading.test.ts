/** AnalysisTemplates are read like in Argo Rollouts, and everything that Perch does not evaluate is named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parse } from 'yaml'
import { readTemplate } from '../../../src/core/analysis-template/reading/read-template.ts'
import { goDuration } from '../../../src/core/analysis-template/reading/go-duration.ts'
import { isScalarQuery } from '../../../src/core/analysis-template/reading/scalar-query.ts'
import type { TemplateMetric } from '../../../src/core/analysis-template/metric.ts'
import { templateProblemWords } from '../../../src/core/message/gate/template-problem.ts'
import { PUBLIC_TEMPLATES } from './public-templates.ts'

const VALUES = {
  service: 'web',
  namespace: 'shop',
  environment: 'production',
  canary: 'canary',
  stable: 'stable',
  version: 'v2',
}

function read(
  spec: string,
  args: Readonly<Record<string, string>> = {},
  values: Partial<typeof VALUES> = {},
): ReturnType<typeof readTemplate> {
  const data: unknown = parse(spec)
  return readTemplate(data, { args, values: { ...VALUES, version: undefined, ...values } })
}

function metricsOf(...given: Parameters<typeof read>): readonly TemplateMetric[] {
  const found = read(...given)
  assert.ok(found.ok, JSON.stringify(found))
  return found.value
}

/** What is wrong, in words. */
function wrong(...given: Parameters<typeof read>): readonly string[] {
  const found = read(...given)
  assert.ok(!found.ok, 'nothing is wrong')
  const name = { kind: 'AnalysisTemplate', name: 'x' } as const
  return found.error.map((problem) =>
    templateProblemWords(name, problem).what.replace(
      'AnalysisTemplate `x` cannot be used as the analysis of a step: ',
      '',
    ),
  )
}

const metric = (more: string, query = 'up'): string =>
  `metrics:\n- name: m\n  provider: { prometheus: { address: "http://prom", query: "${query}" } }\n${more === '' ? '' : `${more.replaceAll(/^/gm, '  ')}\n`}`

test('templates in the style of public repositories are read, with their conditions', () => {
  assert.ok(PUBLIC_TEMPLATES.length >= 10)
  for (const { title, spec, args, metrics } of PUBLIC_TEMPLATES) {
    const found = metricsOf(spec, args)
    const shown = found.map(
      ({ name, count, intervalMs, initialDelayMs, failureLimit, successCondition, failureCondition }) => {
        const times = [count, intervalMs, initialDelayMs, failureLimit].map((time) => time ?? '–').join(' ')
        return `${name} ${times} ${successCondition?.text ?? '–'} | ${failureCondition?.text ?? '–'}`
      },
    )
    assert.deepEqual(shown, metrics, title)
  }
})

test('defaults are those of Argo Rollouts', () => {
  const [found] = metricsOf(metric(''))
  assert.deepEqual(
    { ...found, query: undefined },
    {
      name: 'm',
      isDryRun: false,
      query: undefined,
      isScalar: false,
      initialDelayMs: 0,
      intervalMs: undefined,
      count: undefined,
      failureLimit: 0,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 4,
      consecutiveSuccessLimit: 0,
      successCondition: undefined,
      failureCondition: undefined,
    },
  )
})

test('arguments are filled into every text of a metric, with values from the config and from the rollout', () => {
  const spec = `
args:
- { name: service }
- { name: least, value: "0.95" }
- { name: times, value: "3" }
- { name: hash, valueFrom: { podTemplateHashValue: Latest } }
metrics:
- name: "rate of {{args.service}}"
  interval: 1m
  count: "{{ args.times }}"
  successCondition: result[0] >= {{args.least}}
  provider:
    prometheus: { query: 'rate{service="{{ args.service }}",version="{{args.hash}}"}' }
`
  const [found] = metricsOf(
    spec,
    { service: '{{service}}-{{ environment }}', hash: '{{version}}', least: '0.9' },
    { version: 'v2' },
  )
  assert.equal(found?.name, 'rate of web-production')
  assert.equal(found.count, 3)
  assert.equal(found.query, 'rate{service="web-production",version="v2"}')
  assert.equal(found.successCondition?.text, 'result[0] >= 0.9')
  assert.deepEqual(wrong(spec), [
    'its argument `service` has no value.',
    'its argument `hash` comes from a `podTemplateHashValue`, which Perch cannot read.',
  ])
  assert.deepEqual(wrong(spec, { service: 'a', hash: '{{version}}', other: 'b' }), [
    'the value of its argument `hash` uses `{{version}}`, for which Perch has no plain value.',
    'it has no argument `other`; it has `service`, `least`, `times`, `hash`.',
  ])
  // A value from the files must not end the string that contains it.
  assert.match(
    wrong(spec, { service: '{{service}}', hash: 'x' }, { service: 'a"} or vector(1)' })[0] ?? '',
    /has no plain value/,
  )
  assert.match(wrong(spec, { service: '{{password}}', hash: 'x' })[0] ?? '', /`\{\{password\}\}`/)
})

test('unsupported parts of a template are refused by name', () => {
  const refused: readonly (readonly [spec: string, words: string])[] = [
    ['templates: [{ templateName: a }]\n' + metric(''), 'Perch does not support `templates`.'],
    ['metrics: []', 'it has no metrics.'],
    ['{}', 'it has no metrics.'],
    ['metrics: {}', '`metrics` must be a list.'],
    ['metrics: [1]', '`metrics[0]` must be a map.'],
    [
      'metrics: [{ name: m, provider: { datadog: { query: x } } }]',
      'its metric `m` uses the provider `datadog`, but Perch supports only Prometheus.',
    ],
    [
      'metrics: [{ name: m, provider: { job: {} } }]',
      'its metric `m` uses the provider `job`, but Perch supports only Prometheus.',
    ],
    [
      'metrics: [{ name: m, provider: { plugin: { a/b: {} } } }]',
      'its metric `m` uses the provider `plugin`, but Perch supports only Prometheus.',
    ],
    ['metrics: [{ name: m, provider: {} }]', '`metrics[0].provider.prometheus` must be a map.'],
    ['metrics: [{ name: m }]', '`metrics[0].provider` must be a map.'],
    ['metrics: [{ provider: { prometheus: { query: up } } }]', '`metrics[0].name` must be a text.'],
    [
      'metrics: [{ name: m, provider: { prometheus: { query: "" } } }]',
      '`metrics[0].provider.prometheus.query` must be a text.',
    ],
    [
      'metrics: [{ name: m, provider: { prometheus: { query: up, headers: [] } } }]',
      'Perch does not support `metrics[0].provider.prometheus.headers`.',
    ],
    [
      'metrics: [{ name: m, provider: { prometheus: { query: up, rangeQuery: { start: now() } } } }]',
      'Perch does not support `metrics[0].provider.prometheus.rangeQuery`.',
    ],
    [metric('successCondiction: result[0] > 1'), 'Perch does not support `metrics[0].successCondiction`.'],
    [metric('interval: 5'), '`metrics[0].interval` must be a text.'],
    [metric('interval: 5 minutes'), '`metrics[0].interval` must be a duration.'],
    [metric('interval: 10ms'), 'the `interval` of its metric `m` is shorter than a second.'],
    [metric('interval: 9999999999h'), 'the `interval` or `initialDelay` of its metric `m` is longer than 30 days.'],
    [metric('initialDelay: 9999999999h'), 'the `interval` or `initialDelay` of its metric `m` is longer than 30 days.'],
    [metric('count: many\ninterval: 1m'), '`metrics[0].count` must be a whole number.'],
    [metric('count: -1\ninterval: 1m'), '`metrics[0].count` must be at least 0.'],
    [metric('count: 2'), 'its metric `m` has a `count` above 1 and no `interval`.'],
    [
      metric('count: 2\ninterval: 1m\nfailureLimit: 3'),
      'the `count` of its metric `m` is lower than `inconclusiveLimit`, or than `failureLimit` and `consecutiveSuccessLimit` together.',
    ],
    [
      metric('failureLimit: -1'),
      'its metric `m` has `failureLimit: -1` and no `consecutiveSuccessLimit`, so nothing could end it.',
    ],
    [metric('failureLimit: -2'), '`metrics[0].failureLimit` must be at least -1.'],
    [metric('', 'a'.repeat(10_001)), 'the query of its metric `m` is longer than 10,000 characters.'],
    [metric('count: 5000\ninterval: 1s'), 'the `count` of its metric `m` is above 1,000.'],
    [
      metric('successCondition: result[0] > {{args.bar}}'),
      '`metrics[0].successCondition` uses `{{args.bar}}`, which is not an argument of the template.',
    ],
    [
      metric('successCondition: "result[0] > {{args.bar"'),
      '`metrics[0].successCondition` uses `{{args.bar}}`, which is not an argument of the template.',
    ],
    [
      metric('successCondition: result > 0.9'),
      '`metrics[0].successCondition` is `result > 0.9`, and `>` at character 8 cannot be used on a list (Prometheus answers with a list: `result[0]` is its first value).',
    ],
    [
      metric('failureCondition: result[0] > 0.9', 'scalar(up)'),
      '`metrics[0].failureCondition` is `result[0] > 0.9`, and `[ ]` at character 7 cannot be used on a number (a scalar is a number: write `result` alone).',
    ],
    [
      metric('failureCondition: results[0] > 0.9'),
      '`metrics[0].failureCondition` is `results[0] > 0.9`, and Perch does not support `results` at character 1.',
    ],
    [
      metric('').replace('metrics:', 'dryRun: [{ metricName: n }]\nmetrics:'),
      '`dryRun[0]` names `n`, but there is no such metric.',
    ],
    [
      metric('').replace('metrics:', 'dryRun: [{ metricName: "(m|n)" }]\nmetrics:'),
      'Perch does not support `dryRun[0].metricName`.',
    ],
    // In Argo Rollouts, `*` is only in a comment, and its regular expressions do not accept it.
    [
      metric('').replace('metrics:', 'dryRun: [{ metricName: "*" }]\nmetrics:'),
      'Perch does not support `dryRun[0].metricName`.',
    ],
    [`${metric('')}${metric('').replace('metrics:', '')}`, '`metrics[1]` has the same name as another metric, `m`.'],
  ]
  for (const [spec, words] of refused) assert.deepEqual(wrong(spec), [words], spec)
})

test('metrics with matching names are in dry-run mode', () => {
  const two = `${metric('')}- { name: test-n, provider: { prometheus: { query: up } } }\n`
  const dry = (rule: string): readonly string[] =>
    metricsOf(`dryRun: [{ metricName: "${rule}" }]\n${two}`).flatMap(({ name, isDryRun }) => (isDryRun ? [name] : []))
  assert.deepEqual(dry('m'), ['m'])
  assert.deepEqual(dry('.*'), ['m', 'test-n'])
  assert.deepEqual(dry('test.*'), ['test-n'])
  assert.deepEqual(dry('n$'), ['test-n'])
  assert.deepEqual(dry('st-'), ['test-n'])
})

test('durations are read like in Go', () => {
  const known: readonly (readonly [string, number | undefined])[] = [
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['0.5h', 1_800_000],
    ['500ms', 500],
    ['0', 0],
    ['1000.3ms', 1_000],
    ['1s1us', 1_000],
    ['1d', undefined],
    ['-5m', undefined],
    ['5', undefined],
    ['', undefined],
    ['1 m', undefined],
  ]
  for (const [text, ms] of known) assert.equal(goDuration(text), ms, text)
})

test('a query counts as a number only if it certainly is a scalar in PromQL', () => {
  for (const query of [
    '1',
    'scalar(sum(up{a=")"}))',
    '100 * scalar(sum(up)) / scalar(count(up))',
    'time() - scalar(max(x)) # s',
    '1e3 + .5',
    '(2)',
  ])
    assert.equal(isScalarQuery(query), true, query)
  for (const query of [
    'up',
    'sum(up)',
    'vector(1)',
    'scalar(up) * up',
    'scalar(up',
    'up == bool 1',
    '1 > bool 2',
    '',
    'absent(scalar_metric)',
  ])
    assert.equal(isScalarQuery(query), false, query)
})

test('a pull request cannot keep Perch busy with a long number or a pattern that fits in many ways', () => {
  assert.equal(isScalarQuery(`${'1'.repeat(5_000)}x`), false)
  assert.equal(isScalarQuery('1'.repeat(5_000)), true)
  const name = 'a'.repeat(50_000)
  const spec = `dryRun: [{ metricName: a.*a.*a.*x }]\n${metric('').replace('name: m', `name: ${name}`)}`
  assert.deepEqual(wrong(spec), ['`dryRun[0]` names `a.*a.*a.*x`, but there is no such metric.'])
})

test('whatever a spec contains, reading it gives metrics or problems in words', () => {
  const name = { kind: 'AnalysisTemplate', name: 'x' } as const
  const metricKeys = [
    'name',
    'interval',
    'count',
    'successCondition',
    'failureLimit',
    'provider',
    'dryRun',
    'args',
    'metrics',
    'value',
    'prometheus',
    'query',
  ]
  const spec = fc.dictionary(
    fc.constantFrom(...metricKeys),
    fc.anything({ maxDepth: 4, key: fc.constantFrom(...metricKeys) }),
  )
  fc.assert(
    fc.property(spec, (data) => {
      const found = readTemplate(data, { args: {}, values: { ...VALUES, version: undefined } })
      if (found.ok) assert.ok(found.value.length > 0)
      else for (const problem of found.error) assert.ok(templateProblemWords(name, problem).what.length > 10)
    }),
    { numRuns: 500 },
  )
})
