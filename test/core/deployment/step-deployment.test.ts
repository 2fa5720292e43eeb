/** The deployments that GitHub shows for a rollout, by its state. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DEPLOYMENT_STATES,
  deployedEnvironments,
  isFurther,
  shownAfter,
  type ShownStep,
  type StepNow,
} from '../../../src/core/deployment/step-deployment.ts'

const at = (share: StepNow['share'], more: Partial<StepNow> = {}): StepNow => ({
  commit: share === 0 ? undefined : `c${share}`,
  share,
  isRollingBack: false,
  hasOneVersion: false,
  ...more,
})

/** Runs several looks one after the other. Returns what GitHub is asked to show in each. */
function play(...looks: readonly StepNow[]): readonly string[] {
  let shown: ShownStep | undefined
  return looks.map((look) => {
    const { states, next } = shownAfter(shown, look)
    shown = next
    return states.map(({ commit, state }) => `${commit} ${state}`).join(', ')
  })
}

test('each step is shown once, and the last one stays when the rollout has finished', () => {
  assert.deepEqual(play(at(5), at(5), at(100), at(100, { commit: 'flip' }), at(0, { hasOneVersion: true })), [
    'c5 in_progress',
    '',
    'c100 in_progress',
    'flip in_progress',
    '',
  ])
})

test('a rollback is a failure of its step when it is opened, and the step is over when it merges', () => {
  assert.deepEqual(play(at(25), at(25, { isRollingBack: true }), at(25, { isRollingBack: true }), at(0)), [
    'c25 in_progress',
    'c25 failure',
    '',
    'c25 inactive',
  ])
  assert.deepEqual(play(at(100), at(100, { isRollingBack: true }), at(0)).slice(1), ['c100 failure', 'c100 inactive'])
  assert.deepEqual(play(at(25, { isRollingBack: true })), ['c25 in_progress, c25 failure'])
})

test('a step that somebody sets back to 0 is over, also from 100 while there are two versions', () => {
  assert.deepEqual(play(at(25), at(0), at(0)), ['c25 in_progress', 'c25 inactive', ''])
  assert.deepEqual(play(at(100), at(0)), ['c100 in_progress', 'c100 inactive'])
})

test('an unknown state changes nothing', () => {
  assert.deepEqual(play(at(25), at('unknown'), at(50, { commit: undefined }), at(50)), [
    'c25 in_progress',
    '',
    '',
    'c50 in_progress',
  ])
})

test('a deployment never goes back to an earlier state', () => {
  for (const [index, to] of DEPLOYMENT_STATES.entries()) {
    assert.ok(isFurther(undefined, to))
    for (const [before, from] of DEPLOYMENT_STATES.entries()) assert.equal(isFurther(from, to), before < index)
  }
})

test('each environment is shown separately, unless there are many', () => {
  const names = Array.from({ length: 11 }, (_, index) => `eu-${index}`)
  assert.deepEqual(deployedEnvironments({ environment: 'eu+us', environments: ['eu', 'us'] }), ['eu', 'us'])
  assert.deepEqual(deployedEnvironments({ environment: 'all', environments: names }), ['all'])
})
