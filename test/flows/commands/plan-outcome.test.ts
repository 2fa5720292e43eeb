/** `/canary plan` shows the plan of the only rollout that can be meant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOutcome } from '../../../src/flows/commands/handlers/plan-outcome.ts'
import { targetsOf, virtualService } from '../../core/samples.ts'

const TARGETS = targetsOf({
  'staging/web.yaml': virtualService(100, 0).replaceAll('api-service', 'web'),
  'staging/api.yaml': virtualService(95, 5),
  'production/api.yaml': virtualService(75, 25),
})
const ROLLOUTS = TARGETS.map((target) => ({ target, share: 5, proposed: 25 }))

function outcomeOf(service: string | undefined, environment: string | undefined): string {
  const outcome = planOutcome(ROLLOUTS, { service, environment })
  if (outcome.code === 'plan') return `${outcome.name} ${outcome.share} ${outcome.proposed}`
  return outcome.code === 'refused' ? outcome.refusal.code : outcome.code
}

test('a plan is shown if service and environment leave one rollout', () => {
  assert.equal(outcomeOf('web', undefined), 'staging/web 5 25')
  assert.equal(outcomeOf(undefined, 'production'), 'production/api-service 5 25')
  assert.equal(outcomeOf('api-service', 'staging'), 'staging/api-service 5 25')
  assert.equal(outcomeOf('web', 'production'), 'no-rollout')
  assert.equal(outcomeOf('other', undefined), 'no-rollout')
  for (const [service, environment] of [
    [undefined, undefined],
    ['api-service', undefined],
    [undefined, 'staging'],
  ] as const)
    assert.match(outcomeOf(service, environment), /^ambiguous/)
})
