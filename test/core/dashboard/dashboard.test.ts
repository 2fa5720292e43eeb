/** The line of a rollout in the issue that lists all of them, after Perch took its steps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DoneSteps, listRollout } from '../../../src/core/dashboard/dashboard.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import type { RolloutFacts } from '../../../src/core/rollout/transition.ts'
import { pullRequest, sample } from '../samples.ts'

const NOTHING: DoneSteps = { opened: undefined, closed: [], stuck: undefined }

const step = (number: number, share = 25) => pullRequest(number, `canary/production/api-service/${share}`)

/** A rollout at a share with the pull requests of steps open, and what Perch did about them. */
function lineAt(share: number, open: readonly number[], done: Partial<DoneSteps>) {
  const facts: RolloutFacts = {
    standing: standingOf(sample(100 - share, share)),
    open: open.map((number) => ({ pull: step(number), kind: 'share', fits: true })),
    stoppedByHand: false,
    rollbackRefused: false,
  }
  const line = listRollout(facts, { ...NOTHING, ...done })
  return line && [line.state, line.pulls]
}

test('a rollout lists its open pull requests: those that stayed, and then the one that Perch has just opened', () => {
  assert.deepEqual(lineAt(5, [7], {}), ['stepping', [7]])
  assert.deepEqual(lineAt(5, [7, 8], { closed: [7] }), ['stepping', [8]])
  assert.deepEqual(lineAt(5, [7], { opened: step(9) }), ['stepping', [7, 9]])
  assert.deepEqual(lineAt(5, [7], { closed: [7], opened: step(9) }), ['stepping', [9]])
})

test('a pull request that Perch planned again is listed once', () => {
  assert.deepEqual(lineAt(5, [7, 8], { opened: step(7) }), ['stepping', [8, 7]])
})

test('while a rollback that Perch has just opened is open, the rollout is rolling back', () => {
  assert.deepEqual(lineAt(5, [7], { closed: [7], opened: step(9, 0) }), ['rolling-back', [9]])
})

test('a rollout begins while its first pull request is open, and is not listed once Perch closed that', () => {
  assert.deepEqual(lineAt(0, [7], {}), ['beginning', [7]])
  assert.equal(lineAt(0, [7], { closed: [7] }), undefined)
  assert.deepEqual(lineAt(0, [], { stuck: 'no' }), ['stuck', []])
  assert.deepEqual(lineAt(0, [7], { stuck: 'no' }), ['beginning', [7]])
})
