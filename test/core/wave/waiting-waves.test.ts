/** Which rollouts wait while another environment of their service is rolled back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { targetName } from '../../../src/core/rollout/target.ts'
import type { RolloutFacts } from '../../../src/core/rollout/transition.ts'
import { withWaitingWaves } from '../../../src/core/wave/convoy.ts'
import { destinationRule, pullRequest, targetsOf, virtualService } from '../samples.ts'

const NAMES = ['api-service', 'web']

function rollouts(rolledBack: string): readonly RolloutFacts[] {
  const notes = { 'canary-percentage': '5', pr: '7' }
  const files = ['a', 'b'].flatMap((environment) =>
    NAMES.flatMap((name) => [
      [`${environment}/${name}.yaml`, virtualService(95, 5, notes).replaceAll('api-service', name)] as const,
      [`${environment}/${name}-versions.yaml`, destinationRule('v1', 'v2').replaceAll('api-service', name)] as const,
    ]),
  )
  const config = {
    environments: { a: { path: 'a' }, b: { path: 'b' } },
    services: Object.fromEntries(NAMES.map((name) => [name, { waves: [['a'], ['b']] }])),
    annotationPrefix: 'gitops.example.com',
  }
  return targetsOf(Object.fromEntries(files), config).map((target) => {
    const rollback = { pull: pullRequest(9, 'canary/a/web/0'), kind: 'rollback', fits: true } as const
    const open = targetName(target) === rolledBack ? [rollback] : []
    return { standing: standingOf(target), open, stoppedByHand: false, rollbackRefused: false }
  })
}

test('a rollback in one environment makes the other waves of its service wait, and no other service', () => {
  const waiting = withWaitingWaves(rollouts('a/web')).map(({ standing, turn }) => {
    return `${targetName(standing.target)} ${turn?.kind === 'waits' ? `waits for ${turn.waitsFor.join()}` : 'goes on'}`
  })
  assert.deepEqual(waiting.sort(), [
    'a/api-service goes on',
    'a/web waits for a',
    'b/api-service goes on',
    'b/web waits for a',
  ])
})
