/** The events that people hear about when the state of a rollout changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newsBetween } from '../../../src/core/notify/rollout-news.ts'
import { ROLLOUT_STATES, type RolloutState } from '../../../src/core/watch/rollout-state.ts'

test('each change of a state is one event or none', () => {
  const states: readonly (RolloutState | undefined)[] = [undefined, ...ROLLOUT_STATES]
  const changes = states.flatMap((before) => states.map((after) => ({ before, after })))
  const told = changes.map(({ before, after }) => ({
    change: `${before ?? 'none'} → ${after ?? 'none'}`,
    event: newsBetween(before, after),
  }))
  const changesOf = (wanted: string): readonly string[] =>
    told.filter(({ event }) => event === wanted).map(({ change }) => change)
  assert.deepEqual(changesOf('started'), ['none → stepping'])
  assert.deepEqual(changesOf('finished'), ['finishing → none'])
  assert.deepEqual(changesOf('rolled-back'), [
    'stepping → none',
    'rolling-back → none',
    'stopped → none',
    'stuck → none',
    'unreadable → none',
  ])
  assert.deepEqual(changesOf('waiting'), [
    'none → stuck',
    'stepping → stuck',
    'finishing → stuck',
    'rolling-back → stuck',
    'by-hand → stuck',
    'stopped → stuck',
    'unreadable → stuck',
  ])
})
