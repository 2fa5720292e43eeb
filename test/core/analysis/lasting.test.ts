/** How long a measurement counts before Perch asks the server again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastsUntil } from '../../../src/core/analysis/lasting.ts'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'

const MINUTE = 60_000

const REPORT: AnalysisReport = {
  outcome: 'pass',
  isFailure: false,
  isComplete: false,
  from: 0,
  until: 10 * MINUTE,
  ends: 30 * MINUTE,
  next: 15 * MINUTE,
  server: 'default',
  failureLimit: 0,
  checks: [],
}

test('a failure counts until the next point, and a pass only until all samples of its points are there', () => {
  const lasts = (at: number, over: Partial<AnalysisReport> = {}): number =>
    lastsUntil({ ...REPORT, ...over }, at) / MINUTE
  assert.equal(lasts(10 * MINUTE, { outcome: 'fail' }), 15)
  assert.equal(lasts(10 * MINUTE), 11)
  assert.equal(lasts(11 * MINUTE - 1), 11)
  assert.equal(lasts(11 * MINUTE), 15)
  assert.equal(lasts(10 * MINUTE, { next: 10.5 * MINUTE }), 10.5)
})

test('an uncertain result counts for a quarter of a minute, because it may become certain at any moment', () => {
  for (const outcome of ['inconclusive', 'no-data', 'error'] as const) {
    assert.equal(lastsUntil({ ...REPORT, outcome }, 10 * MINUTE), 10.25 * MINUTE)
    assert.equal(lastsUntil({ ...REPORT, outcome }, 15 * MINUTE - 5_000), 15 * MINUTE)
  }
})
