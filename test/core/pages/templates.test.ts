/** How Perch reads an AnalysisTemplate with one change, the outcomes of its measurements, and conditions and queries. */
import { test } from 'node:test'
import { parse } from 'yaml'
import type { RangeAnswer } from '../../../src/core/analysis/answer.ts'
import { checkCondition } from '../../../src/core/analysis-template/expression/check-types.ts'
import { evaluateCondition } from '../../../src/core/analysis-template/expression/evaluate.ts'
import { parseCondition } from '../../../src/core/analysis-template/expression/parse.ts'
import { judgeTemplate } from '../../../src/core/analysis-template/judge.ts'
import { planTemplate } from '../../../src/core/analysis-template/plan.ts'
import { goDuration } from '../../../src/core/analysis-template/reading/go-duration.ts'
import { readTemplate } from '../../../src/core/analysis-template/reading/read-template.ts'
import { isScalarQuery } from '../../../src/core/analysis-template/reading/scalar-query.ts'
import { Analysis } from '../../../src/core/config/analysis.ts'
import type { JsonValue } from '../../../src/core/manifest/data.ts'
import { MINUTE, SINCE } from '../analysis/scene.ts'
import { assertPage } from './page.ts'
import { flatLines, variantLines, variantsOf } from './variants/variants.ts'

const SPEC = `args:
- { name: service, value: web }
- { name: limit }
- { name: given, value: "by (pod)" }
- { name: version, valueFrom: { podTemplateHashValue: Latest } }
- { name: pod, valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }
metrics:
- name: rate
  interval: 1m30s
  initialDelay: 30s
  count: 5
  successCondition: result[0] >= {{args.limit}}
  failureCondition: result[0] < 0.5
  failureLimit: 2
  inconclusiveLimit: 3
  consecutiveErrorLimit: 1
  consecutiveSuccessLimit: 2
  provider:
    prometheus:
      address: http://prom
      timeout: 10
      query: sum(rate{app="{{args.service}}"}) {{args.given}}
- name: scalar
  successCondition: result < 5
  provider: { prometheus: { query: "scalar(up)" } }
dryRun: [{ metricName: sca.* }]
measurementRetention: [{ metricName: rate, limit: 5 }]
`
const VALUES = { service: 'web', namespace: 'shop', environment: 'production', canary: 'c', stable: 's', version: 'v2' }

function read(spec: unknown): readonly string[] {
  return flatLines(readTemplate(spec, { args: { limit: '0.95', pod: 'p', version: '{{version}}' }, values: VALUES }))
}

/** A query with an argument from the config that has a variable in it. */
function filled(query: string, given: string, version: string | undefined): string {
  const spec = { args: [{ name: 'version' }], metrics: [{ ...METRIC, provider: { prometheus: { query } } }] }
  const found = readTemplate(spec, { args: { version: given }, values: { ...VALUES, version } })
  return JSON.stringify(found.ok ? found.value[0]?.query : found.error)
}

/** Numbers and texts at the limits of what is allowed. */
function othersOf(value: JsonValue): readonly JsonValue[] {
  if (typeof value === 'number') return [-2, -1, 0, 1, 6, 1001, 1.5, '3', 'v3', '3v', '{{args.limit}}']
  if (typeof value === 'string') return ['', `${value}x`, `x${value}`, '0.5s', 5, '{{args.none}}', '{{args.service']
  return typeof value === 'boolean' ? [!value] : [1]
}

const METRIC = { name: 'm', provider: { prometheus: { query: 'sum(m)' } }, successCondition: 'result[0] == 1' }

/** The effect of a metric's keys on measurements. One measurement a minute, as a letter: Good, Bad, None, Error of the server. */
function judged(keys: object, letters: string, minutes: number, analysis: object = {}, more: object[] = []): string {
  const spec = { metrics: [{ ...METRIC, ...keys }, ...more.map((own) => ({ ...METRIC, name: 'other', ...own }))] }
  const place = { file: 'a.yaml', line: 1 }
  const lookup = { ok: true, value: { kind: 'AnalysisTemplate', name: 'good', place, spec } } as const
  const now = SINCE + minutes * MINUTE
  const config = Analysis.parse({ template: 'good', ...analysis })
  const plan = planTemplate(
    { analysis: config, lookup, values: VALUES, servers: ['prometheus'] },
    { since: SINCE, bakeMs: 10 * MINUTE, now },
  )
  const answers = plan.asks.map(({ range }): RangeAnswer => {
    const points: [number, number][] = []
    for (let time = range.from; time <= range.until; time += range.stepMs) {
      const letter = letters[Math.round((time - SINCE) / MINUTE) % letters.length]
      if (letter === 'E') return { ok: false, code: 'timed-out', detail: '' }
      if (letter !== 'N') points.push([time, letter === 'G' ? 1 : letter === 'B' ? 0 : Number.NaN])
    }
    return { ok: true, series: points.length === 0 ? [] : [{ points }], warnings: [], clock: now }
  })
  const { outcome, isComplete, isFailure, ends, next, template } = judgeTemplate(plan, answers)
  const [first] = template?.metrics ?? []
  const times = [ends, next].map((time) => (time === undefined ? '–' : (time - SINCE) / MINUTE))
  return [
    outcome,
    isComplete && 'complete',
    isFailure && 'failure',
    ...times,
    JSON.stringify(first?.counts),
    JSON.stringify(first?.reason),
  ]
    .filter((part) => part !== false && part !== undefined)
    .join(' ')
}

const KEYS: readonly object[] = [
  {},
  { interval: '1m' },
  { interval: '1m', count: 3 },
  { interval: '1m', count: 12 },
  { interval: '2m', failureLimit: 1 },
  { interval: '1m', failureLimit: -1, consecutiveSuccessLimit: 3 },
  { interval: '1m', consecutiveSuccessLimit: 2 },
  { interval: '1m', inconclusiveLimit: 1, successCondition: 'result[0] > 1', failureCondition: 'result[0] < 0' },
  { interval: '1m', failureCondition: 'result[0] < 1', successCondition: undefined },
  { interval: '1m', consecutiveErrorLimit: 1, successCondition: 'len(result) > 0 && result[0] == 1' },
  { interval: '1m', initialDelay: '3m', count: 4 },
  { initialDelay: '11m' },
]
const PLAYS = ['G', 'B', 'N', 'X', 'GB', 'GGGB', 'BBBG', 'GN', 'GGGGGGGN', 'NNNNNNNG', 'GX', 'E']

const CONDITIONS = [
  'true',
  'false',
  'result',
  'result[0]',
  'result[-1] > 0',
  'result[1] > 0',
  'result[0] > 0',
  'result[0] >= 1',
  'result[0] < 1',
  'result[0] <= 1',
  'result[0] == 1',
  'result[0] != 1',
  '!(result[0] > 1)',
  'not result[0] > 1',
  'result[0] > 0 && result[0] < 2',
  'result[0] > 0 and result[0] < 2',
  'result[0] > 5 || result[0] == 1',
  'result[0] > 5 or result[0] == 1',
  'result[0] > 0 ? true : false',
  'result[0] > 5 ? true : len(result) > 9',
  '1 + 2 * 3 == 7',
  '(1 + 2) * 3 == 9',
  '7 - 2 - 1 == 4',
  '8 / 4 / 2 == 1',
  '7 % 4 == 3',
  '7 % 0 == 0',
  '1 / 0 > 1',
  '2 ** 3 ** 2 == 512',
  '2 ^ 2 == 4',
  '-2 == 0 - 2',
  '+2 == 2',
  '--2 == 2',
  '1e3 == 1000',
  '.5 == 0.5',
  '1_000 == 1000',
  '0x10 == 16',
  '1. == 1',
  '. == 0',
  '1e == 1',
  '1 == 1.0',
  '"a" == "a"',
  "'a' == 'b'",
  '"a" < "b"',
  '"a\\"b" == "x"',
  '"a\\q" == "x"',
  '"a',
  'result[0] in [1, 2]',
  'result[0] not in [1, 2]',
  '1 in result',
  '"a" in ["a"]',
  '"a" in "ab"',
  'nil == nil',
  'result == nil',
  'result != nil',
  'result == [1]',
  '[] == []',
  '[1, 2][1] == 2',
  '[1, 2][-1] == 2',
  '[1][2] == 1',
  'result[0.5] > 0',
  'result["a"] > 0',
  'len(result) == 1',
  'len([]) == 0',
  'len("ab") == 2',
  'len(1) == 1',
  'len() == 0',
  'len(result, 1) == 1',
  'isNaN(result[0])',
  'isInf(result[0])',
  'isNaN(1)',
  'isNil(result)',
  'default(result, 1) == 1',
  'asInt(result[0]) == 1',
  'asInt("5") == 5',
  'asInt("x") == 5',
  'asInt("+5") == 5',
  'asInt("5.5") == 5',
  'asInt("") == 0',
  'asInt("v5") == 5',
  'asFloat("0.5") == 0.5',
  'asFloat("5.") == 5',
  'asFloat(".5") == 0.5',
  'asFloat("1e3") == 1000',
  'asFloat("x") == 1',
  'asFloat("") == 0',
  'asFloat("v1") == 1',
  'asFloat("1v") == 1',
  'asFloat(".") == 0',
  'asFloat("1e") == 1',
  'int(1.9) == 1',
  'float(1) == 1',
  'abs(-3) == 3',
  'ceil(0.2) == 1',
  'floor(0.9) == 0',
  'round(0.5) == 1',
  'round(-0.5) == -1',
  'round(0) == 0',
  'min(1, 2) == 1',
  'max(1, 2) == 2',
  'min(result) == 1',
  'max(result, 3) == 3',
  'min([]) == 0',
  'max() == 0',
  'mean(result) == 1',
  'mean([]) == 0',
  'median([3, 1, 2]) == 2',
  'median([4, 1, 2, 3]) == 2.5',
  'median([]) == 0',
  'sum(result) == 1',
  'first(result) == 1',
  'last(result) == 1',
  'last([1, 2]) == 2',
  'first([]) == nil',
  'all(result, # > 0)',
  'all(result, {# > 0})',
  'all([], # > 0)',
  'all(result, #)',
  'any(result, # > 5)',
  'none(result, # > 5)',
  'one(result, # == 1)',
  'count(result, # > 0) == 1',
  'count([true, false]) == 1',
  'sum(result, # * 2) == 2',
  'map(result, # + 1) == [2]',
  'filter(result, # > 5) == []',
  'filter(result, {# > 0})[0] == 1',
  'all(result, any(result, # > 0))',
  'all(result, # > 0) && # > 0',
  'mean(["a", 1]) == 1',
  'sum(["a", 1]) == 1',
  '"a" + "b" == "ab"',
  '"a" + 1 == 1',
  '1 + "a" == 1',
  'all(result)',
  'any(1, # > 0)',
  'unknown(result)',
  'result.x > 1',
  'result?.x > 1',
  'x > 1',
  '# > 1',
  'result[0] >',
  '> 1',
  '(1 == 1',
  '1 == 1)',
  '[1, == 1',
  '1 == 1 2',
  '',
  ' ',
  'result[0',
  '1 < 2 < 3',
  '0.5 <= result[0] <= 1',
  'first(result) ?? 0 > 0',
  '(first(result) ?? 0) > 0',
  'first([]) ?? 1 == 1',
  '(first([]) ?? 1) == 1',
  'true and not false',
  'not not true',
  '!!true',
  'a && b',
  '1 == 1 // c',
  '1 == 1 /* c */',
  '1 /* c == 1',
  'result[0] == 1 # c',
  '$env',
  '@x',
  '1 & 1',
  '1 = 1',
  'true == 1',
  '1 == "1"',
  'true > false',
]

function evaluated(condition: string): string {
  const said = [[1], [], [2, 3], [Number.NaN], 1].map((result) => {
    const parsed = parseCondition(condition)
    if (!parsed.ok) return `${parsed.error.code}@${parsed.error.at}`
    const checked = checkCondition(parsed.value, typeof result === 'number' ? 'number' : 'numbers')
    if (!checked.ok) return `checked ${checked.error.code}@${checked.error.at}`
    const value = evaluateCondition(parsed.value, result)
    return value.ok ? String(value.value) : `${value.error.code}@${value.error.at}`
  })
  return `${condition} → ${said.every((one) => one === said[0]) ? said[0] : said.join(' · ')}`
}

test('the readings and outcomes of templates are on a page that somebody has approved', () => {
  const spec: JsonValue = parse(SPEC)
  const durations = [
    '0',
    '1s',
    '90s',
    '1h30m',
    '0.5h',
    '.5h',
    '.s',
    '500ms',
    '1.5ms',
    '0.4ms',
    '100us',
    '100µs',
    '100ns',
    '1',
    's',
    '1d',
    '-1s',
    '+1s',
    '1s ',
    '1 s',
    '1h1',
    '1s'.repeat(25),
    '1s'.repeat(26),
    '1.s',
    '',
  ]
  const queries = [
    '1',
    'up',
    'scalar(up)',
    'scalar(up) + 1',
    'scalar(up) / up',
    '1 + 2 * (3 - 1)',
    'time()',
    'pi() * 2',
    'vector(1)',
    'scalar(sum(up) by (x))',
    'scalar(up',
    'scalar(up{a=")"})',
    "scalar(up{a='x'})",
    `scalar(up{a=""}) + scalar(up{b=")"})`,
    `scalar(up{a=''}) + scalar(up{b=')'})`,
    'scalar(up{a=``}) + scalar(up{b=`)`})',
    'scalar(up{a=`x`})',
    '# c\n1',
    '1 # up',
    '0x1F',
    '0x',
    '1.',
    '1e',
    '1.5.',
    '1e3',
    '.5',
    'NaN',
    '-Inf',
    'scalar',
    '',
    '()',
    '+',
    'scalar (up)',
    'myscalar(up)',
    '1 > 2',
    '"a"',
    `${'scalar(up)+'.repeat(49)}1`,
    `${'scalar(up)+'.repeat(50)}1`,
  ]
  assertPage('templates.md', {
    'as it is': read(spec),
    'with one change': variantLines(spec, variantsOf(spec, '', othersOf), read),
    measurements: KEYS.flatMap((keys) => [
      JSON.stringify(keys),
      ...PLAYS.flatMap((letters) =>
        [0.5, 2, 5, 10, 15].map((minutes) => `${letters} after ${minutes}: ${judged(keys, letters, minutes)}`),
      ),
    ]),
    'two metrics': [{ count: 3, interval: '1m' }, { interval: '2m' }, { count: 2, interval: '9m' }, {}].flatMap(
      (other) =>
        ['G', 'GGGB', 'N'].flatMap((letters) =>
          [2, 5, 10, 15].map((minutes) => {
            const said = judged({ interval: '1m', count: 4 }, letters, minutes, {}, [other])
            return `${JSON.stringify(other)} ${letters} after ${minutes}: ${said}`
          }),
        ),
    ),
    policies: ['onNoData', 'onError', 'onInconclusive'].flatMap((key) =>
      ['N', 'E', 'X', 'GN'].map(
        (letters) =>
          `${key}: fail, ${letters}: ${judged({ interval: '1m', failureCondition: 'result[0] < 1' }, letters, 10, { [key]: 'fail' })}`,
      ),
    ),
    'a variable in an argument': ['v2', '', 'a b', 'a"', undefined].flatMap((version) =>
      ['{{version}}', 'x-{{ version }}-y', '{{}}', '{{other}}', '{{version'].map(
        (given) => `${given}, ${version}: ${filled('{{args.version}} {{args.version}}', given, version)}`,
      ),
    ),
    conditions: CONDITIONS.map(evaluated),
    durations: durations.map((text) => `${text} → ${goDuration(text)}`),
    scalars: queries.map((query) => `${query.slice(0, 40)} → ${isScalarQuery(query)}`),
  })
})
