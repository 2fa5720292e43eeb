/**
 * Objects of Flagger and Argo Rollouts in common layouts: a limit changes one of them, and the real kustomize and helm prove it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { argoRollout, flaggerCanary } from '../owners.ts'
import { command, linesChanged, refusal, VS } from './repository.ts'
import { needsHelm, needsKustomize } from '../tools.ts'

/** The lines that a command changes. */
async function changed(files: Readonly<Record<string, string>>, line: string): Promise<readonly string[]> {
  const now = new Map(Object.entries(files))
  const before = new Map(now)
  await command(now, line)
  return linesChanged(before, now)
}

const CANARY = flaggerCanary({ analysis: '    interval: 1m\n    stepWeights: [5, 20, 50]   # percent\n' })
const OVERLAYS = {
  'base/kustomization.yaml': 'resources: [canary.yaml]\n',
  'base/canary.yaml': CANARY,
  'overlays/staging/kustomization.yaml': 'resources: [../../base]\nnamespace: staging\n',
  'overlays/production/kustomization.yaml': 'resources: [../../base]\nnamespace: production\n',
}

test(
  'a Canary that environments share is changed for one of them by a patch, and for all in its file',
  needsKustomize,
  async () => {
    const one = await changed(OVERLAYS, '/canary 20 web --env production')
    assert.deepEqual(
      one.filter((line) => /value/.test(line)),
      ['+      - {op: replace, path: /spec/analysis/stepWeights/2, value: 20}'],
    )
    assert.deepEqual(await changed(OVERLAYS, '/canary 20 web --env all'), [
      'base/canary.yaml',
      '-    stepWeights: [5, 20, 50]   # percent',
      '+    stepWeights: [5, 20, 20]   # percent',
    ])
  },
)

test('a limit is changed in the patch that sets it', needsKustomize, async () => {
  const patch =
    'apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: { name: web }\nspec: { analysis: { stepWeights: [10, 40] } }\n'
  const files = {
    ...OVERLAYS,
    'overlays/production/kustomization.yaml':
      'resources: [../../base]\nnamespace: production\npatches: [{ path: limit.yaml }]\n',
    'overlays/production/limit.yaml': patch,
  }
  assert.deepEqual(await changed(files, '/canary 30 web --env production'), [
    'overlays/production/limit.yaml',
    '-spec: { analysis: { stepWeights: [10, 40] } }',
    '+spec: { analysis: { stepWeights: [10, 30] } }',
  ])
})

test('a Rollout of a chart takes its limit from the values', needsHelm, async () => {
  const files = {
    '.github/canary.yml': 'environments: { shop: { helm: { chart: charts/web, release: shop, namespace: shop } } }\n',
    'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
    'charts/web/values.yaml': 'first: 20\nsecond: 50\n',
    'charts/web/templates/rollout.yaml': argoRollout({
      steps:
        '        - setWeight: {{ .Values.first }}\n        - pause: {}\n        - setWeight: {{ .Values.second }}\n',
    }),
  }
  assert.deepEqual(await changed(files, '/canary 30 web'), ['charts/web/values.yaml', '-second: 50', '+second: 30'])
})

const ROUTE = (name: string): string =>
  `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [${name}]
  http: [{ route: [{ destination: { host: web }, weight: 100 }, { destination: { host: web-canary }, weight: 0 }] }]
`
const STEP = (percent: number): string => `        - setWeight: ${percent}\n        - pause: {}\n`
const GUIDE = {
  'guide/first.yaml': `${argoRollout({ steps: STEP(20) })}---\n${ROUTE('first')}`,
  'guide/second.yaml': `${argoRollout({ steps: STEP(40) })}---\n${ROUTE('second')}`,
}

test('if files of one route in a folder each have a Rollout, the one in the meant file is changed', async () => {
  assert.deepEqual(await changed(GUIDE, '/canary 30 first'), [
    'guide/first.yaml',
    '-        - setWeight: 20',
    '+        - setWeight: 30',
  ])
  assert.deepEqual(await changed(GUIDE, '/canary 30 second'), [
    'guide/second.yaml',
    '-        - setWeight: 40',
    '+        - setWeight: 30',
  ])
})

test('a Rollout that is in another file of the route is not changed: the route is there several times', async () => {
  const files = new Map(Object.entries({ ...GUIDE, 'guide/first.yaml': ROUTE('first') }))
  const refused = await refusal(files, '/canary 30 first')
  assert.ok(refused.code === 'listed-twice', JSON.stringify(refused))
  assert.deepEqual(
    [refused.service, refused.files],
    ['VirtualService default/web', ['guide/first.yaml', 'guide/second.yaml']],
  )
})

test('a Rollout of a name that other files of a guide have too is changed where its route is', async () => {
  const files = {
    'guide/other.yaml': argoRollout({ steps: STEP(40) }),
    'guide/whole.yaml': `${ROUTE('web')}---\n${argoRollout({ steps: STEP(20) })}`,
  }
  assert.deepEqual(await changed(files, '/canary 30'), [
    'guide/whole.yaml',
    '-        - setWeight: 20',
    '+        - setWeight: 30',
  ])
})

test('a route is moved in its file although the file has a route too that other files of the guide have', async () => {
  const other = VS.replaceAll('web', 'api')
  const files = { 'guide/all.yaml': `${VS}---\n${other}`, 'guide/api.yaml': other, 'guide/later.yaml': other }
  assert.deepEqual(await changed(files, '/canary 25 web'), [
    'guide/all.yaml',
    '+  annotations:',
    '+    perch.dev/canary-percentage: "25"',
    '+    perch.dev/canary-version: "canary"',
    '+    perch.dev/steps: "5,25,50,100"',
    '-          weight: 100',
    '+          weight: 75',
    '-          weight: 0',
    '+          weight: 25',
  ])
})

test('a Rollout that a folder has twice is reported as duplicate', async () => {
  const files = new Map(
    Object.entries({
      'guide/route.yaml': ROUTE('web'),
      'guide/first.yaml': argoRollout({ steps: STEP(20) }),
      'guide/second.yaml': argoRollout({ steps: STEP(40) }),
    }),
  )
  assert.match(plainWords(explainRefusal(await refusal(files, '/canary 30 web'))), /has Rollout web twice\. Remove one/)
})
