/** The branches of promotions, and what they say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flowOf, isPromotion, promotionBranch } from '../../../src/core/promotion/branch.ts'

const MAIN = { ref: 'main', isDefault: true }
const ENVIRONMENTS = ['staging', 'production', 'eu/west']
const SERVICES = ['web', 'shop/api']

test('a promotion is read back from its branch, on the default branch or another one', () => {
  const table = [
    [MAIN, { from: 'staging', to: 'production', service: undefined }, 'promote/staging/production'],
    [MAIN, { from: 'staging', to: 'production', service: 'web' }, 'promote/staging/production/web'],
    [MAIN, { from: 'eu/west', to: 'production', service: 'shop/api' }, 'promote/eu=2Fwest/production/shop=2Fapi'],
    [
      { ref: 'release/1', isDefault: false },
      { from: 'production', to: 'eu/west', service: 'web' },
      'promote/@release=2F1/production/eu=2Fwest/web',
    ],
  ] as const
  for (const [base, flow, branch] of table) {
    assert.equal(promotionBranch(base, flow), branch)
    assert.deepEqual(flowOf(branch, ENVIRONMENTS, SERVICES), flow)
  }
})

test('a branch between environments that do not exist is no promotion, and an unknown service keeps its written name', () => {
  const flow = (branch: string) => flowOf(branch, ENVIRONMENTS, SERVICES)
  assert.equal(flow('promote/gone/production'), undefined)
  assert.equal(flow('promote/staging/gone'), undefined)
  assert.equal(flow('promote/staging'), undefined)
  assert.equal(flow('promote/staging/production/web/more'), undefined)
  assert.deepEqual(flow('promote/staging/production/gone'), { from: 'staging', to: 'production', service: 'gone' })
})

test('a promotion is a pull request of Perch from a branch of this repository', () => {
  const head = { ref: 'promote/staging/production', isFork: false }
  const author = { login: 'perch[bot]' }
  assert.equal(isPromotion({ head, author }, 'perch[bot]'), true)
  assert.equal(isPromotion({ head, author: { login: 'alice' } }, 'perch[bot]'), false)
  assert.equal(isPromotion({ head: { ...head, isFork: true }, author }, 'perch[bot]'), false)
  assert.equal(isPromotion({ head: { ...head, ref: 'canary/staging/web/5' }, author }, 'perch[bot]'), false)
})
