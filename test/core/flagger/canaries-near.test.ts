/** Which of Flagger's Canaries a pull request is about, and whether they ask Perch. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asksPerch, canariesNear } from '../../../src/core/flagger/canaries-near.ts'
import { argoRollout, askingCanary, flaggerCanary } from '../../owners.ts'
import { targetOf, targetsOf } from '../samples.ts'

test('a pull request is about the Canaries in the folders that it changes, or else about those of its environments', () => {
  const rolled = argoRollout().replaceAll('web', 'rolled')
  const targets = targetsOf(
    {
      'a/api/canary.yaml': flaggerCanary().replaceAll('web', 'api'),
      'a/web/canary.yaml': flaggerCanary(),
      'a/web/rollout.yaml': rolled,
      'a/settings.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n',
      'b/web/canary.yaml': flaggerCanary(),
    },
    { environments: { a: { path: 'a' }, b: { path: 'b' } } },
  )
  const near = (...changed: readonly string[]): readonly string[] =>
    canariesNear(targets, changed).map(({ environment, service }) => `${environment}/${service}`)
  assert.deepEqual(near('a/web/canary.yaml'), ['a/web'])
  assert.deepEqual(near('a/web/new.yaml'), [])
  assert.deepEqual(near('a/settings.yaml'), ['a/api', 'a/web'])
  assert.deepEqual(near('a/settings.yaml', 'a/api/new.yaml'), ['a/api'])
  assert.deepEqual(near('b/web/canary.yaml', 'a/api/canary.yaml'), ['a/api', 'b/web'])
  assert.deepEqual(near('readme.md'), [])
})

test('a Canary asks Perch if a webhook of that type leads to it', () => {
  const asked = (text: string): readonly boolean[] =>
    (['confirm-', 'rollback'] as const).map((about) => asksPerch(targetOf({ 'app/canary.yaml': text }), about))
  const asking = askingCanary()
  assert.deepEqual(asked(asking), [true, true])
  assert.deepEqual(asked(asking.replace('  analysis:', '  canaryAnalysis:')), [true, true])
  assert.deepEqual(asked(asking.replace('type: rollback', 'type: event')), [true, false])
  assert.deepEqual(asked(asking.replace('type: confirm-traffic-increase', 'type: pre-rollout')), [false, true])
  assert.deepEqual(asked(asking.replaceAll('/api/flagger/', '/other/')), [false, false])
  assert.deepEqual(asked(flaggerCanary()), [false, false])
  assert.equal(asksPerch({ owner: undefined }, 'confirm-'), false)
})
