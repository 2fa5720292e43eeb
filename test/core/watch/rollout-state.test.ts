import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RolloutFacts } from '../../../src/core/rollout/transition.ts'
import { openSince, rolloutState } from '../../../src/core/watch/rollout-state.ts'

type Phase = RolloutFacts['standing']['phase']

function facts(phase: Phase, more: object = {}): RolloutFacts {
  return { standing: { phase }, open: [], stoppedByHand: false, rollbackRefused: false, ...more } as never
}

const open = (kind: string, createdAt = 0): object => ({ open: [{ kind, fits: true, pull: { createdAt } }] })

test('each state has one name, and the one that most needs a person wins', () => {
  const table: [RolloutFacts, boolean, string | undefined][] = [
    [facts('idle'), false, undefined],
    [facts('idle', { stoppedByHand: true }), true, undefined],
    [facts('unreadable', open('rollback')), true, 'unreadable'],
    [facts('stepping'), false, 'stepping'],
    [facts('stepping', open('share')), false, 'stepping'],
    [facts('stepping', open('rollback')), true, 'rolling-back'],
    [facts('stepping', { stoppedByHand: true }), true, 'stuck'],
    [facts('stepping', { stoppedByHand: true }), false, 'stopped'],
    [facts('by-hand'), false, 'by-hand'],
    [facts('finishing-version'), false, 'finishing'],
    [facts('finishing-weights', open('finish-weights')), false, 'finishing'],
  ]
  for (const [given, isStuck, expected] of table) assert.equal(rolloutState(given, isStuck), expected)
})

test('a rollout is as old as its oldest open pull request', () => {
  assert.equal(openSince(facts('stepping')), undefined)
  assert.equal(openSince(facts('stepping', open('share', 7))), 7)
})
