/** Conditions of AnalysisTemplates have the same result as in Argo Rollouts, or a reason why they have none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { checkCondition } from '../../../src/core/analysis-template/expression/check-types.ts'
import { evaluateCondition } from '../../../src/core/analysis-template/expression/evaluate.ts'
import { parseCondition } from '../../../src/core/analysis-template/expression/parse.ts'

type Measured = number | readonly number[]

/** `true`, `false`, or the code of the trouble with its position; `checked` if it is found before there is a result. */
function said(condition: string, result: Measured): string {
  const parsed = parseCondition(condition)
  if (!parsed.ok) return `${parsed.error.code} at ${parsed.error.at}`
  const checked = checkCondition(parsed.value, typeof result === 'number' ? 'number' : 'numbers')
  if (!checked.ok) return `checked: ${checked.error.code} at ${checked.error.at}`
  const value = evaluateCondition(parsed.value, result)
  return value.ok ? String(value.value) : `${value.error.code} at ${value.error.at}`
}

function assertSaid(table: readonly (readonly [condition: string, result: Measured, wanted: string])[]): void {
  for (const [condition, result, wanted] of table)
    assert.equal(said(condition, result), wanted, `${condition} on ${JSON.stringify(result)}`)
}

test('conditions that people write about one series', () => {
  assertSaid([
    ['result[0] >= 0.95', [0.95], 'true'],
    ['result[0] >= 0.95', [0.949], 'false'],
    ['len(result) > 0 && result[0] >= 0.95', [], 'false'],
    ['len(result) == 0 || result[0] <= 0.05', [], 'true'],
    ['len(result) > 0 ? result[0] >= 0.95 : false', [], 'false'],
    ['len(result) > 0 ? result[0] >= 0.95 : false', [1], 'true'],
    ['len(result) > 0 && !isNaN(result[0]) && result[0] <= 0.0720', [Number.NaN], 'false'],
    ['isNaN(result[0]) || result[0] < 0.3', [Number.NaN], 'true'],
    ['result[0] == 0 || result[0] < 0.01', [0], 'true'],
    ['result[0] >= 90 and result[0] <= 100', [95], 'true'],
    ['not (result[0] > 500)', [400], 'true'],
    ['isInf(result[0])', [Number.POSITIVE_INFINITY], 'true'],
    ['isInf(result[0])', [Number.NEGATIVE_INFINITY], 'true'],
    ['result[0] < 1e3 && result[0] > -.5', [0], 'true'],
    ['false', [1], 'false'],
    ['asInt(result[0]) % 2 == 0', [4.7], 'true'],
    ['asFloat("0.5") <= result[0]', [0.5], 'true'],
    ['0.9 <= result[0] <= 1', [0.95], 'true'],
    ['0.9 <= result[0] < 0.95', [0.95], 'false'],
    ['result[0] in [0, 1]', [1], 'true'],
    ['result[0] not in [0, 1]', [1], 'false'],
    ['result[0] / 2 ** 2 == 1', [4], 'true'],
    ['-2 ^ 2 == -4', [1], 'true'],
    ['1 + 2 * 3 == 7 && 7 - 2 - 1 == 4', [1], 'true'],
    ['round(-0.5) == -1 && ceil(0.2) == 1 && floor(-0.2) == -1 && abs(-3) == 3', [1], 'true'],
  ])
})

test('conditions about several series', () => {
  assertSaid([
    ['all(result, # < 1000)', [1, 2], 'true'],
    ['all(result, {# < 1000})', [1, 2000], 'false'],
    ['all(result, # < 1000)', [], 'true'],
    ['any(result, # > 1)', [], 'false'],
    ['none(result, # > 1) and one(result, # == 1)', [0, 1], 'true'],
    ['count(result, # > 0.5) < 2', [0.6, 0.7], 'false'],
    ['max(result) < 0.05', [0.01, 0.06], 'false'],
    ['max(result) < 0.05', [], 'no-answer at 1'],
    ['min(result[0], result[1], 3) == 1', [1, 2], 'true'],
    ['mean(result) == 2 && median(result) == 2 && sum(result) == 6', [1, 2, 3], 'true'],
    ['median([1, 2, 3, 10]) == 2.5', [], 'true'],
    ['len(filter(result, # > 1)) == 1', [1, 2], 'true'],
    ['sum(map(result, # * 2)) == 6', [1, 2], 'true'],
    ['sum(result, # * 2) == 6', [1, 2], 'true'],
    ['result[-1] == 3 && last(result) == 3 && first(result) == 1', [1, 2, 3], 'true'],
    ['first(result) > 1', [], 'mismatch at 1'],
    ['(first(result) ?? 0) < 1', [], 'true'],
    ['result == [1, 2]', [1, 2], 'true'],
  ])
})

test('NaN among several series has the same place as in Go', () => {
  assertSaid([
    ['max(result) < 0.1', [0.06, Number.NaN], 'true'],
    ['max(result) > 0.05', [0.06, Number.NaN], 'true'],
    ['max(result) < 0.1', [Number.NaN, 0.06], 'false'],
    ['min(result) > 0.05', [0.06, Number.NaN, 0.07], 'true'],
    ['max(1, result) == 1', [Number.NaN, 2], 'true'],
    ['max(1, [result[0], 2]) == 2', [Number.NaN], 'true'],
    ['median(result) == 1', [2, Number.NaN, 1], 'true'],
    ['isNaN(median(result))', [2, Number.NaN, 1, Number.NaN, Number.NaN], 'true'],
    ['isNaN(mean(result)) && isNaN(sum(result))', [1, Number.NaN], 'true'],
  ])
})

test('conditions that expr-lang does not compile are refused, even if they had an answer', () => {
  assertSaid([
    ['!isNaN(asInt(result[0]))', [1], 'checked: mismatch at 2'],
    ['isInf(len(result))', [1], 'checked: mismatch at 1'],
    ['true || len(result) > 0', 1, 'checked: mismatch at 9'],
    ['asInt(result[0]) > 0', [1e300], 'no-answer at 1'],
    ['result not in [0, 1]', [1], 'checked: mismatch at 8'],
    ['result[0] not in ["a"]', [1], 'checked: mismatch at 11'],
    ['"a" not in result', [1], 'checked: mismatch at 5'],
    ['first(result) ?? 0 < 1', [], 'syntax at 20'],
    ['0 < (first(result) ?? 1)', [], 'true'],
    ['0 < first(result) ?? 1', [], 'true'],
    ['first(result) ?? first([]) ?? 1 == 1', [], 'syntax at 33'],
  ])
})

test('a scalar is a number, a vector is a list, and one is never taken for the other', () => {
  assertSaid([
    ['result >= 0.95', 0.96, 'true'],
    ['result >= 0.95', [0.96], 'checked: mismatch at 8'],
    ['result[0] >= 0.95', 0.96, 'checked: mismatch at 7'],
    ['isNaN(result)', [1], 'checked: mismatch at 1'],
    ['len(result) == 0 || result > 1', [], 'checked: mismatch at 28'],
    // Prometheus' answer is never nil, so Argo Rollouts returns the list and not the default.
    ['default(result, 0) < 0.05', [], 'mismatch at 1'],
    ['default(result, 0) < 0.05', 0.01, 'true'],
    ['isNil(result)', [], 'false'],
    ['result == nil', [], 'false'],
    ['result == "1"', 1, 'checked: mismatch at 8'],
  ])
})

test('a condition without an answer is never true', () => {
  assertSaid([
    ['result[0] >= 0.95', [], 'no-item at 7'],
    ['result[1] > 0', [1], 'no-item at 7'],
    ['result[0] > 0 || true', [], 'no-item at 7'],
    ['result[0.5] > 0', [1], 'checked: mismatch at 8'],
    ['result[0]', [1], 'checked: not-truth at 7'],
    ['1', [1], 'checked: not-truth at 1'],
    ['"a" > 1', [1], 'checked: mismatch at 5'],
    ['asInt(result[0]) > 0', [Number.NaN], 'no-answer at 1'],
    ['asInt("x") > 0', [1], 'no-answer at 1'],
    ['5 % 0 == 0', [1], 'no-answer at 3'],
    ['result[0] % 2 == 0', [4], 'checked: mismatch at 11'],
    ['!result[0]', [1], 'checked: mismatch at 1'],
    ['', [1], 'syntax at 1'],
    ['result[0] >', [1], 'syntax at 12'],
    ['result[0] >= 0.95 result', [1], 'syntax at 19'],
    ['result[0] => 1', [1], 'syntax at 11'],
    ['results[0] >= 90', [91], 'unsupported at 1'],
    ['result.rate > 1', [1], 'unsupported at 7'],
    ['result[:1] == [1]', [1], 'syntax at 8'],
    ['result[0:1] == [1]', [1], 'unsupported at 9'],
    ['result | len() > 0', [1], 'unsupported at 8'],
    ['all(result, #index > 0)', [1], 'unsupported at 13'],
    ['# > 0', [1], 'syntax at 1'],
    ['all(result) ', [1], 'checked: arguments at 1'],
    ['isNaN()', [1], 'checked: arguments at 1'],
    ['system("true")', [1], 'unsupported at 1'],
    ['constructor(1)', [1], 'unsupported at 1'],
    ['"never ends', [1], 'syntax at 1'],
    [`${'('.repeat(60)}true${')'.repeat(60)}`, [1], 'too-deep at 41'],
    [`${'true || '.repeat(200)}true`, [1], 'too-long at 1000'],
  ])
})

test('nested predicates end', () => {
  const many = Array.from({ length: 1_000 }, (_, index) => index)
  assert.equal(said('all(result, any(result, # < 0) || true)', many), 'too-many-steps at 27')
})

const WORDS = [
  'result',
  '[0]',
  '>=',
  '0.95',
  '&&',
  '||',
  'len(',
  ')',
  '(',
  '#',
  'all(',
  ',',
  '{',
  '}',
  '?',
  ':',
  'not',
  'in',
  '"a"',
  '-',
  'nil',
]

test('any text with any result gives an answer or a trouble, never an exception', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.array(fc.constantFrom(...WORDS), { maxLength: 25 }).map((words) => words.join(' ')),
  )
  const result = fc.oneof(fc.double(), fc.array(fc.double(), { maxLength: 5 }))
  fc.assert(
    fc.property(text, result, (condition, measured) => {
      const parsed = parseCondition(condition)
      if (!parsed.ok) {
        assert.ok(parsed.error.at >= 1 && parsed.error.at <= condition.length + 1)
        return
      }
      const checked = checkCondition(parsed.value, typeof measured === 'number' ? 'number' : 'numbers')
      const value = evaluateCondition(parsed.value, measured)
      // An accepted condition may still have no answer, and the result of a refused one must not be relied on.
      if (checked.ok && value.ok) assert.equal(typeof value.value, 'boolean')
    }),
    { numRuns: 2_000 },
  )
})
