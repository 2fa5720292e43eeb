/**
 * The canary's share after a change removes the controller of its route: the share in Git, in the rules that the controller
 * replaced.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leavingOwner } from '../../../src/core/gate/leaving-owner.ts'
import { type Standing, standingOf } from '../../../src/core/rollout/standing.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import { targetOf, virtualService } from '../samples.ts'

function standing(canary: number | string, owner = ''): Standing {
  const stable = typeof canary === 'number' ? 100 - canary : 100
  const text = virtualService(stable, 0, {}).replace('weight: 0\n', `weight: ${canary}\n`)
  return standingOf(targetOf({ 'app/all.yaml': `${text.replaceAll('api-service', 'web')}---\n${owner}` }))
}

/** The share that counts after a change, for a route with a rule that sends testers to the canary. */
function left(canary: number | string, before: string, after?: string): number | 'unknown' | undefined {
  return leavingOwner(standing(canary, before), standing(canary, after))?.share
}

test('the weights in Git count if a controller is removed, and nothing changes if it stays or never existed', () => {
  assert.equal(left(30, argoRollout()), 30)
  assert.equal(left(0, argoRollout()), undefined)
  assert.equal(left(30, argoRollout(), argoRollout()), undefined)
  assert.equal(left(30, ''), undefined)
  assert.equal(left(30, '', argoRollout()), undefined)
  assert.equal(leavingOwner(undefined, standing(30)), undefined)
})

test('an unreadable weight may be any', () => {
  assert.equal(left('many', argoRollout()), 'unknown')
})

test('Flagger replaces every rule, so a rule for testers reaches the cluster with the others', () => {
  assert.equal(left(0, flaggerCanary()), 100)
  assert.equal(left(30, flaggerCanary()), 100)
})
