/** The waves of a service whose config names none: the steps of the ApplicationSet that deploys its environments. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetAsBase } from '../../../src/core/rollout/as-base.ts'
import { narrowed } from '../../../src/core/rollout/read-target.ts'
import { destinationRule, snapshotOf, virtualService } from '../samples.ts'

const FIRST = '{ matchExpressions: [{ key: ring, operator: In, values: [first] }] }'
const REST = '{ matchExpressions: [{ key: ring, operator: In, values: [rest, last] }] }'
const STEPS = `[${FIRST}, ${REST}]`
const RINGS = { a: 'first', b: 'rest', c: 'rest' }

interface Fleet {
  readonly rings?: Readonly<Record<string, string>>
  readonly steps?: string
  readonly label?: string
  readonly more?: string
  readonly name?: string
}

function applicationSet({ rings = RINGS, steps = STEPS, label = '{{ .ring }}', more = '', name = 'web' }: Fleet) {
  const elements = Object.entries(rings).map(([place, ring]) => `{ place: ${place}, ring: ${ring} }`)
  return `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: ${name}, namespace: argocd }
spec:
  goTemplate: true
  ${more}
  generators: [{ list: { elements: [${elements.join(', ')}] } }]
  strategy: { type: RollingSync, rollingSync: { steps: ${steps} } }
  template:
    metadata: { name: "${name}-{{ .place }}", labels: { ring: "${label}" } }
    spec: { source: { path: "{{ .place }}" }, destination: { name: "{{ .place }}" } }
`
}

function filesOf(sets: readonly string[], places: readonly string[] = ['a', 'b', 'c']) {
  const files = places.flatMap((name) => [
    [`${name}/kustomization.yaml`, 'resources: [vs.yaml, dr.yaml]\n'],
    [`${name}/vs.yaml`, virtualService(100, 0)],
    [`${name}/dr.yaml`, destinationRule('v1', 'v2')],
  ])
  return Object.fromEntries([...files, ...sets.map((text, index) => [`argocd/${index}.yaml`, text])])
}

/** `a, b+c by ApplicationSet argocd/web`: the waves of each environment's rollout, if all agree. */
function waves(fleet: Fleet | readonly string[], config: unknown = {}, places?: readonly string[]): string {
  const sets = isTexts(fleet) ? fleet : [applicationSet(fleet)]
  const { targets } = snapshotOf(filesOf(sets, places), config)
  const found = targets.map(({ environment, settings: { wave } }) =>
    wave === undefined
      ? `${environment} alone`
      : `${wave.all.map((names) => names.join('+')).join(', ')} by ${wave.by ?? 'the config'}`,
  )
  return [...new Set(found)].join('; ')
}

function isTexts(given: Fleet | readonly string[]): given is readonly string[] {
  return Array.isArray(given)
}

const ORDERED = 'a, b+c by ApplicationSet argocd/web'
const ALONE = 'a alone; b alone; c alone'

test('the steps of an ApplicationSet are waves', () => {
  assert.equal(waves({}), ORDERED)
  const [first] = snapshotOf(filesOf([applicationSet({})])).targets
  assert.deepEqual(first?.settings.wave?.name, 'a')
})

test('steps select as Argo CD does: the first that matches counts, and without the label NotIn matches and In does not', () => {
  const notFirst = '{ matchExpressions: [{ key: ring, operator: NotIn, values: [first] }] }'
  const notThere = '{ matchExpressions: [{ key: zone, operator: NotIn, values: [eu] }] }'
  const zone = '{ matchExpressions: [{ key: zone, operator: In, values: [eu] }] }'
  const both =
    '{ matchExpressions: [{ key: ring, operator: In, values: [rest] }, { key: zone, operator: In, values: [eu] }] }'
  assert.equal(waves({ steps: `[${notFirst}, ${FIRST}]` }), 'b+c, a by ApplicationSet argocd/web')
  assert.equal(waves({ steps: `[${FIRST}, ${notThere}]` }), ORDERED)
  assert.equal(waves({ steps: `[${zone}, ${FIRST}, ${REST}]` }), ORDERED, 'a step that selects none')
  assert.equal(waves({ steps: `[${FIRST}, ${both}]` }), ALONE, 'all expressions of a step must match')
})

test('an environment that no step selects is in no wave, and one step is no order', () => {
  assert.equal(waves({ rings: { ...RINGS, c: 'other' } }), 'a, b by ApplicationSet argocd/web; c alone')
  assert.equal(waves({ rings: { a: 'rest', b: 'rest', c: 'last' } }), ALONE)
  assert.equal(waves([applicationSet({}).replace('RollingSync', 'AllAtOnce')]), ALONE)
})

test('an order that only Argo CD knows is not taken', () => {
  assert.equal(waves({ label: '{{ .unknown }}' }), ALONE)
  assert.equal(waves({ steps: `[${FIRST}, ${REST.replace('In', 'Exists')}]` }), ALONE)
  assert.equal(waves({ more: 'templatePatch: "{ metadata: { labels: { ring: first } } }"' }), ALONE)
  const two = [
    applicationSet({ rings: { a: 'first', b: 'rest' } }),
    applicationSet({ rings: { c: 'rest' }, name: 'x' }),
  ]
  assert.equal(waves(two), ALONE, 'two sets order the environments')
  const shared = applicationSet({}).replace('place: c, ring: rest', 'place: a, ring: rest')
  assert.equal(waves([shared], {}, ['a', 'b']), 'a alone; b alone', 'two clusters in different steps deploy one folder')
})

test('the config comes first: with `waves`, even if empty, and with `after`', () => {
  const service = (written: unknown) => ({ services: { 'api-service': { waves: written } } })
  assert.equal(waves({}, service([['c'], ['a', 'b']])), 'c, a+b by the config')
  assert.equal(waves({}, service([])), ALONE)
  const environments = { a: { path: 'a' }, b: { path: 'b', after: 'a' }, c: { path: 'c' } }
  assert.equal(waves({}, { environments }), ALONE)
})

test('an environment without the service is in no wave, unless it cannot be read', () => {
  const places = ['a', 'b']
  const files = filesOf([applicationSet({})], places)
  const all = (more: Readonly<Record<string, string>>): string =>
    JSON.stringify(snapshotOf({ ...files, ...more }).targets[0]?.settings.wave?.all)
  assert.equal(
    all({ 'c/kustomization.yaml': 'resources: [map.yaml]\n', 'c/map.yaml': 'kind: ConfigMap\n' }),
    '[["a"],["b"]]',
  )
  assert.equal(
    all({ 'c/kustomization.yaml': 'resources: [vs.yaml]\n', 'c/vs.yaml': `${virtualService(100, 0)}  broken: [\n` }),
    '[["a"],["b","c"]]',
  )
})

test('a pull request cannot take its environments out of the order of the base branch', () => {
  const base = snapshotOf(filesOf([applicationSet({})]))
  const head = snapshotOf(filesOf([]))
  const [target] = head.targets
  assert.ok(target !== undefined)
  assert.equal(target.settings.wave, undefined)
  assert.equal(targetAsBase(base.targets, target).settings.wave?.by, 'ApplicationSet argocd/web')
})

test('environments that share a file are in the last of their waves, and one of them alone is in its own', () => {
  const places = ['a', 'b', 'c']
  const own = places.map((name) => [`${name}/kustomization.yaml`, 'resources: [../base]\n'])
  const base = {
    'base/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n',
    'base/vs.yaml': virtualService(100, 0),
    'base/dr.yaml': destinationRule('v1', 'v2'),
  }
  const { targets, config } = snapshotOf({ ...base, ...Object.fromEntries(own), 'argocd/0.yaml': applicationSet({}) })
  const [target] = targets
  assert.ok(target !== undefined)
  assert.equal(target.settings.wave?.index, 1)
  assert.equal(narrowed(config, target, ['a']).settings.wave?.index, 0)
})
