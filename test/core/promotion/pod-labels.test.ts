/** Labels that kustomizations add to pods are compared, because promoted subsets and Services find pods by them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leftOutWords } from '../../../src/core/message/pull-request/left-out.ts'
import { stayingFields } from '../../../src/core/promotion/carry-kustomization.ts'
import { environmentNames } from '../../../src/core/promotion/environment-names.ts'

type Data = Readonly<Record<string, unknown>>

/** The labels that a promotion names, as `what`. */
function named(source: Data, target: Data): readonly string[] {
  const side = (data: Data) => ({ folder: '', path: 'production/kustomization.yaml', text: '', data })
  const pair = { source: side(source), target: side(target) }
  const left = stayingFields(pair, environmentNames(['staging'], ['production']))
  return left.filter(({ why }) => why === 'pod-labels').map(({ what }) => what)
}

const added = (pairs: Data, more: Data = { includeSelectors: true }) => ({ labels: [{ pairs, ...more }] })

test('a label of pods with another value is named with both', () => {
  const expected = ['version: v1, in the source v2']
  assert.deepEqual(named(added({ version: 'v2' }), added({ version: 'v1' })), expected)
  assert.deepEqual(named({ commonLabels: { version: 'v2' } }, added({ version: 'v1' })), expected)
  assert.deepEqual(named(added({ version: 'v2' }, { includeTemplates: true }), added({ version: 'v1' })), expected)
})

test('a label of pods that only one environment adds is named', () => {
  assert.deepEqual(named(added({ tier: 'web' }), {}), ['tier: none, in the source web'])
  assert.deepEqual(named({}, added({ tier: 'web' })), ['tier: web, in the source none'])
})

test('labels that are equal, that pods do not get, or that name an environment are not', () => {
  assert.deepEqual(named(added({ app: 'web' }), { commonLabels: { app: 'web' } }), [])
  assert.deepEqual(named(added({ team: 'a' }, {}), added({ team: 'b' }, {})), [])
  assert.deepEqual(named(added({ env: 'staging' }), added({ env: 'production' })), [])
})

test('the pull request says what to check', () => {
  const left = [
    { file: 'production/kustomization.yaml', what: 'version: v1, in the source v2', why: 'pod-labels' } as const,
  ]
  assert.equal(
    leftOutWords(left, 1_000),
    '- These labels of pods differ. Check that the promoted subsets and selectors find the pods of the target: `production/kustomization.yaml` `version: v1, in the source v2`.',
  )
})
