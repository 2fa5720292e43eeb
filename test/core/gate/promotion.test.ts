/** The gates of a promotion: those of a raise in its target, and that its source is live. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Liveness } from '../../../src/core/gate/live.ts'
import {
  judgePromotionFacts,
  mergedPromotions,
  type PromotionFacts,
  unknownPromotion,
} from '../../../src/core/gate/promotion.ts'
import { sample } from '../samples.ts'

const LIVE: Liveness = { state: 'live', since: 1, parts: [] }
const UNRESTRAINED = { stops: [], windows: [], freezesAt: undefined, approvals: undefined }

function verdicts(over: Partial<PromotionFacts>): readonly string[] {
  const flow = { from: 'staging', to: 'production', service: 'web' }
  const facts = { flow, after: 'staging', liveness: LIVE, running: undefined, restraints: UNRESTRAINED, ...over }
  return judgePromotionFacts(facts, 0).verdicts.map(({ gate, target, state, reason, until }) =>
    `${gate} ${target} ${state} ${reason.code} ${until ?? ''}`.trim(),
  )
}

test('a promotion waits for its source, and may not skip the environment that must come first', () => {
  assert.deepEqual(verdicts({}), ['order production/web pass source-live'])
  assert.deepEqual(verdicts({ after: undefined }), ['order production/web pass source-live'])
  assert.deepEqual(verdicts({ liveness: { state: 'not-yet', until: 9, parts: [] } }), [
    'order production/web wait source-live 9',
  ])
  assert.deepEqual(verdicts({ liveness: { state: 'failed', parts: [] } }), ['order production/web block source-live'])
  assert.deepEqual(verdicts({ after: 'test' }), ['order production/web block skips'])
  const flow = { from: 'staging', to: 'production', service: undefined }
  assert.deepEqual(verdicts({ flow }), ['order production pass source-live'])
})

test('a promotion waits for a rollout in its target, for approvals, and for what people and the config stop', () => {
  const stop = { kind: 'freeze', by: 'olga', reason: undefined, until: 7 } as const
  const window = { environment: 'production', until: 8, reason: undefined }
  const restraints = { ...UNRESTRAINED, stops: [stop], windows: [window], approvals: { wanted: 2, has: 1 } }
  assert.deepEqual(verdicts({ running: { share: 25, target: sample(75, 25) }, restraints }), [
    'order production/web pass source-live',
    'conflict production/web wait rolling',
    'approvals production/web wait approvals',
    'freeze production/web wait frozen 7',
    'freeze production/web wait window 8',
  ])
})

test('several promotions of a merge group have the gates of all, until the first of them closes', () => {
  const one = { name: 'a → b', verdicts: unknownPromotion('promote/a/b').verdicts, freezesAt: 9 }
  const two = { name: 'b → c', verdicts: [], freezesAt: 5 }
  const { name, verdicts: all, freezesAt } = mergedPromotions([one, two, { name: 'x', verdicts: [] }]) ?? {}
  assert.deepEqual(
    [name, all?.map(({ gate, state, reason }) => `${gate} ${state} ${reason.code}`), freezesAt],
    ['a → b, b → c, x', ['order block no-flow'], 5],
  )
  assert.equal(mergedPromotions([{ name: 'x', verdicts: [] }])?.freezesAt, undefined)
  assert.equal(mergedPromotions([]), undefined)
})
