/** The highest share that a controller gives a canary: how it is read, and which values change for another limit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editFor, intend } from '../../../src/core/rollout/intend.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import { snapshotOf } from '../samples.ts'

/** The lines that a new limit changes in a file, or the refusal. With the old limit. */
function limit(text: string, percent: number): readonly string[] {
  const snapshot = snapshotOf({ 'app/web.yaml': text })
  const wish = { kind: 'share', percent, service: undefined, environment: undefined } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  if (!change.ok) return [change.error.code === 'owned' ? (change.error.why?.code ?? 'owned') : change.error.code]
  const edit = editFor(change.value, undefined)
  assert.ok(edit.ok)
  const now = (edit.value.files.get('app/web.yaml') ?? text).split('\n')
  const { move } = change.value
  assert.ok(move.kind === 'limit')
  const before = text.split('\n')
  return [
    `${move.from}→${move.to}`,
    ...now.filter((line, index) => line !== before[index] && line !== '').map((line) => line.trim()),
  ]
}

function byStep(maxWeight: number, stepWeight: number): string {
  return flaggerCanary({
    analysis: `    interval: 1m\n    maxWeight: ${maxWeight}   # keep\n    stepWeight: ${stepWeight}\n`,
  })
}

test('Flagger goes up in steps that reach the limit, and not past it', () => {
  const table: readonly (readonly [string, number, readonly string[]])[] = [
    [byStep(50, 10), 30, ['50→30', 'maxWeight: 30   # keep']],
    [byStep(50, 10), 25, ['50→25', 'maxWeight: 25   # keep', 'stepWeight: 5']],
    [byStep(50, 10), 5, ['50→5', 'maxWeight: 5   # keep', 'stepWeight: 5']],
    [byStep(50, 10), 50, ['50→50']],
    // If its step does not divide the maximum, it goes past the maximum.
    [byStep(50, 20), 60, ['60→60', 'maxWeight: 60   # keep']],
    [byStep(50, 10), 100, ['50→100', 'maxWeight: 100   # keep']],
    [byStep(50, 10), 23, ['uneven']],
    [byStep(50, 10), 0, ['not-whole']],
    [byStep(50, 10), 12.5, ['not-whole']],
    [flaggerCanary({ analysis: '    interval: 1m\n    stepWeight: 10\n' }), 20, ['100→20', 'maxWeight: 20']],
  ]
  for (const [text, percent, expected] of table) assert.deepEqual(limit(text, percent), expected, `${percent}\n${text}`)
})

test('Flagger has no maximum where none above 0 is written, and reads whole numbers only', () => {
  const written = (lines: string): string => flaggerCanary({ analysis: `    interval: 1m\n${lines}` })
  assert.deepEqual(limit(written('    maxWeight: 0\n    stepWeight: 10\n'), 20), ['100→20', 'maxWeight: 20'])
  for (const odd of ['2.5', '"10"', '[10]'])
    assert.deepEqual(limit(written(`    maxWeight: 50\n    stepWeight: ${odd}\n`), 20), ['no-number'], odd)
  assert.deepEqual(limit(written('    maxWeight: 33.3\n    stepWeight: 10\n'), 20), ['no-number'])
  assert.deepEqual(limit(written('    stepWeights: [5, 12.5]\n'), 20), ['no-number'])
})

test('if both kinds of steps are set, Flagger mixes them, which nobody intends', () => {
  const both = flaggerCanary({ analysis: '    maxWeight: 50\n    stepWeight: 10\n    stepWeights: [5, 30]\n' })
  assert.deepEqual(limit(both, 20), ['two-plans'])
  const list = flaggerCanary({ analysis: '    maxWeight: 50\n    stepWeight: 0\n    stepWeights: [5, 30]\n' })
  assert.deepEqual(limit(list, 20), ['30→20', 'stepWeights: [5, 20]'])
})

test('weights that are not percentages have no limit in percent', () => {
  const parts = argoRollout().replace('trafficRouting:\n', 'trafficRouting:\n        maxTrafficWeight: 1000\n')
  assert.deepEqual(limit(parts, 20), ['other-scale'])
})

test("Flagger's list of weights ends at the limit", () => {
  const list = flaggerCanary({ analysis: '    interval: 1m\n    stepWeights: [5, 10, 25, 50]\n' })
  assert.deepEqual(limit(list, 25), ['50→25', 'stepWeights: [5, 10, 25, 25]'])
  assert.deepEqual(limit(list, 12), ['50→12', 'stepWeights: [5, 10, 12, 12]'])
  assert.deepEqual(limit(list, 80), ['50→80', 'stepWeights: [5, 10, 25, 80]'])
  assert.deepEqual(limit(list, 50), ['50→50'])
})

test('a Canary without weights has no limit', () => {
  assert.deepEqual(limit(flaggerCanary({ analysis: '    interval: 1m\n    iterations: 10\n' }), 25), ['no-steps'])
  assert.deepEqual(limit(flaggerCanary({ analysis: '    interval: 1m\n' }), 25), ['no-steps'])
  assert.deepEqual(limit(flaggerCanary({ analysis: '    stepWeights: [5, "10"]\n' }), 25), ['no-number'])
  const skips = flaggerCanary({ analysis: '    maxWeight: 50\n    stepWeight: 10\n' }).replace(
    'spec:\n',
    'spec:\n  skipAnalysis: true\n',
  )
  assert.deepEqual(limit(skips, 25), ['no-steps'])
})

test('the steps of a Rollout go no higher than the limit', () => {
  assert.deepEqual(limit(argoRollout(), 25), ['40→25', '- setWeight: 25'])
  assert.deepEqual(limit(argoRollout(), 10), ['40→10', '- setWeight: 10', '- setWeight: 10'])
  assert.deepEqual(limit(argoRollout(), 60), ['40→60', '- setWeight: 60'])
  assert.deepEqual(limit(argoRollout(), 40), ['40→40'])
  assert.deepEqual(limit(argoRollout({ steps: '        - pause: {}\n' }), 25), ['no-steps'])
})

test('several limits that become one are reported with the highest old one', () => {
  const of = (maxWeight: number): string => byStep(maxWeight, 10)
  const snapshot = snapshotOf({ 'a/web.yaml': of(30), 'b/web.yaml': of(50) })
  const wish = { kind: 'share', percent: 20, service: 'web', environment: 'all' } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  assert.ok(change.ok && change.value.move.kind === 'limit')
  assert.deepEqual([change.value.moves.length, change.value.move.from, change.value.move.to], [2, 50, 20])
})
