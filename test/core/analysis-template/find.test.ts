/** Which template counts: the one that the environment builds, or else the only one with its name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationRule, targetOf, virtualService } from '../samples.ts'
import { Config } from '../../../src/core/config/schema.ts'
import { readSnapshot } from '../../../src/core/rollout/snapshot.ts'
import { recordOf } from '../../../src/core/manifest/data.ts'

const template = (name: string, { namespace = '', metric = 'a', kind = 'AnalysisTemplate' } = {}): string =>
  `apiVersion: argoproj.io/v1alpha1
kind: ${kind}
metadata: { name: ${name}${namespace === '' ? '' : `, namespace: ${namespace}`} }
spec: { metrics: [{ name: ${metric} }] }
`

const ROUTE = { 'app/vs.yaml': virtualService(75, 25), 'app/dr.yaml': destinationRule('v1', 'v2') }

/** The metric's name and the file of the template `rate`, or why no template counts. */
function found(files: Readonly<Record<string, string>>, analysis: object = {}): string {
  const services = { 'api-service': { analysis: { template: 'rate', ...analysis } } }
  const { template: lookup } = targetOf({ ...ROUTE, ...files }, { services }).settings
  assert.ok(lookup !== undefined)
  if (!lookup.ok) return lookup.error.code
  const [metric] = JSON.stringify(recordOf(lookup.value.spec)['metrics']).match(/"name":"[^"]*"/) ?? []
  return `${metric} ${lookup.value.place.file}:${lookup.value.place.line}`
}

test("the template of the environment's folder comes before others", () => {
  assert.equal(
    found({ 'app/rate.yaml': template('rate'), 'more/rate.yaml': template('rate', { metric: 'b' }) }),
    '"name":"a" app/rate.yaml:1',
  )
  assert.equal(
    found({ 'app/all.yaml': `${template('other')}---\n${template('rate', { metric: 'c' })}` }),
    '"name":"c" app/all.yaml:6',
  )
})

test('the only template of the repository', () => {
  assert.equal(
    found({ 'more/rate.yaml': template('rate', { metric: 'b', namespace: 'shop' }) }),
    '"name":"b" more/rate.yaml:1',
  )
  assert.equal(found({ 'more/rate.yaml': template('other') }), 'not-found')
  assert.equal(found({}), 'not-found')
})

test("of several templates, the one in the route's namespace counts, and never one of two", () => {
  const two = {
    'more/a.yaml': template('rate', { metric: 'a', namespace: 'shop' }),
    'more/b.yaml': template('rate', { metric: 'b', namespace: 'default' }),
  }
  assert.equal(found(two), '"name":"b" more/b.yaml:1')
  const both = { 'more/a.yaml': template('rate', { metric: 'a' }), 'some/b.yaml': template('rate', { metric: 'b' }) }
  assert.equal(found(both), 'found-twice')
  // Two with the same content are not ambiguous.
  assert.equal(found({ ...both, 'some/b.yaml': template('rate', { metric: 'a' }) }), '"name":"a" more/a.yaml:1')
})

test('a ClusterAnalysisTemplate counts only if the config says so', () => {
  const cluster = { 'more/c.yaml': template('rate', { metric: 'c', kind: 'ClusterAnalysisTemplate' }) }
  assert.equal(found(cluster), 'not-found')
  assert.equal(
    found({ ...cluster, 'app/rate.yaml': template('rate') }, { clusterScope: true }),
    '"name":"c" more/c.yaml:1',
  )
  assert.equal(found({ 'more/c.yaml': template('rate').replace('argoproj.io', 'example.com') }), 'not-found')
})

test('a number that JSON cannot express does not crash Perch', () => {
  const files = { 'app/rate.yaml': template('rate').replace('name: a', 'name: a, count: 99999999999999999999') }
  assert.equal(found(files), '"name":"a" app/rate.yaml:1')
  const { settings } = targetOf(
    { ...ROUTE, ...files },
    { services: { 'api-service': { analysis: { template: 'rate' } } } },
  )
  assert.ok(JSON.stringify(settings).includes('"99999999999999999999"'))
})

test('an unreadable file may contain the template', () => {
  assert.equal(found({ 'more/a.yaml': `${template('rate')}  x: [` }), 'unreadable')
})

const KUSTOMIZED = {
  'base/kustomization.yaml': 'resources: [rate.yaml]\n',
  'base/rate.yaml': template('rate'),
}

test('a template counts as kustomize builds it: patched, with its built name or the one in its file', () => {
  const resources = 'resources: [vs.yaml, dr.yaml, ../base]\n'
  const patch = `patches:\n- target: { kind: AnalysisTemplate }\n  patch: '[{ op: replace, path: /spec/metrics/0/name, value: patched }]'\n`
  assert.equal(
    found({ ...KUSTOMIZED, 'app/kustomization.yaml': `${resources}${patch}` }),
    '"name":"patched" base/rate.yaml:1',
  )
  assert.equal(
    found({ ...KUSTOMIZED, 'app/kustomization.yaml': `${resources}nameSuffix: -x\n` }),
    '"name":"a" base/rate.yaml:1',
  )
  assert.equal(
    found({ ...KUSTOMIZED, 'app/kustomization.yaml': `${resources}nameSuffix: -x\n` }, { template: 'rate-x' }),
    '"name":"a" base/rate.yaml:1',
  )
})

test('services that name one template search the files once', () => {
  const names = Array.from({ length: 60 }, (_, index) => `s${index}`)
  const files: Record<string, string> = { 'more/rate.yaml': template('rate') }
  for (const name of names)
    files[`${name}/vs.yaml`] = virtualService(75, 25).replace('name: api-service', `name: ${name}`)
  const services = Object.fromEntries(names.map((name) => [name, { analysis: { template: 'rate' } }]))
  const texts = new Map<string, string>()
  let reads = 0
  for (const [path, text] of Object.entries(files)) texts.set(path, text)
  const counted = new Proxy(texts, {
    get(map, key) {
      if (key === Symbol.iterator) reads += 1
      const value: unknown = Reflect.get(map, key, map)
      return typeof value === 'function' ? value.bind(map) : value
    },
  })
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const { snapshot } = readSnapshot({ entries, texts: counted, config: Config.parse({ services }) })
  assert.equal(snapshot.targets.filter(({ settings }) => settings.template?.ok === true).length, names.length)
  assert.ok(reads < 20, `${reads} times`)
})
