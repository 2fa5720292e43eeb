import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterFailure, type AfterFailure, retryPauseMs } from '../../src/ports/jobs.ts'

test('the pauses between tries grow to a minute and stay there', () => {
  const pauses = [0, 1, 2, 3, 4, 5, 6, 7, 100, 10_000].map((attempt) => retryPauseMs(attempt) / 1_000)
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
})

const HOUR = 3_600_000

test('a job is given up after its tries, or with patience when its time is over', () => {
  const table: readonly (readonly [number, number, number | undefined, AfterFailure])[] = [
    [0, 0, undefined, 'retry'],
    [4, HOUR, undefined, 'retry'],
    [5, 0, undefined, 'give-up'],
    [6, 0, undefined, 'give-up'],
    [4, 0, 24 * HOUR, 'retry'],
    [5, 0, 24 * HOUR, 'retry-and-tell'],
    [6, 0, 24 * HOUR, 'retry'],
    [900, 23 * HOUR, 24 * HOUR, 'retry'],
    [900, 24 * HOUR, 24 * HOUR, 'give-up'],
    [5, 24 * HOUR, 24 * HOUR, 'give-up'],
  ]
  for (const [attempt, ageMs, patienceMs, expected] of table)
    assert.equal(afterFailure({ attempt, ageMs, patienceMs }, 5), expected, `try ${attempt} at ${ageMs} ms`)
})
