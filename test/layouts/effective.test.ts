import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readConfig } from '../../src/core/config/read.ts'
import { differences } from '../../src/core/layer/compare.ts'
import { layeredIn } from '../../src/core/layer/layered.ts'
import { readSnapshot } from '../../src/core/rollout/snapshot.ts'
import { drawnCount } from '../drawn.ts'
import { renderOne, repository } from './repository.ts'

/** A build takes a process. So there are few, but each has a chain of three kustomizations with up to nine patches. */
const BUILDS = drawnCount(12, 60)

const weight = fc.integer({ min: 0, max: 100 })
const route = fc.tuple(weight, weight).map(([stable, canary]) => [
  { destination: { host: 'web', subset: 'stable' }, weight: stable },
  { destination: { host: 'web', subset: 'canary' }, weight: canary },
])
const key = fc.constantFrom('perch.dev/pr', 'perch.dev/steps', 'team')
const annotations = fc.dictionary(key, fc.constantFrom('5', 'x'), { maxKeys: 2 })

const spec = fc.oneof(
  fc.record({ http: route.map((entries) => [{ name: 'main', route: entries }]) }),
  fc.record({ hosts: fc.constantFrom(['web'], ['web', 'web.example.com']) }),
  fc.constant({ gateways: null }),
  fc.constant({ exportTo: ['.'] }),
)
const merge = fc.record({ spec, annotations }).map(({ spec: own, annotations: notes }) => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web', annotations: notes },
  spec: own,
}))

/** Only operations that cannot fail on any of the objects above: a list of one rule with two destinations is always there. */
const operation = fc.oneof(
  weight.map((value) => ({ op: 'replace', path: '/spec/http/0/route/0/weight', value })),
  weight.map((value) => ({ op: 'add', path: '/spec/http/0/route/1/weight', value })),
  route.map((value) => ({ op: 'replace', path: '/spec/http/0/route', value })),
  route.map(([first]) => ({ op: 'add', path: '/spec/http/0/route/-', value: first })),
  route.map(([first]) => ({ op: 'add', path: '/spec/http/0/route/0', value: first })),
  fc.constant({ op: 'add', path: '/metadata/annotations', value: { 'perch.dev/pr': '9' } }),
  fc.constant({ op: 'test', path: '/spec/http/0/route/0/destination/host', value: 'web' }),
  fc.constant({ op: 'add', path: '/spec/http/0/timeout', value: '5s' }),
)
const target = fc.constantFrom<Record<string, string>>(
  { kind: 'VirtualService' },
  { kind: 'VirtualService', name: 'web' },
  { kind: 'Virtual.*', name: 'w.*|other' },
  { group: 'networking.istio.io', name: 'we' },
  { kind: 'DestinationRule' },
)

const patches = fc.record({
  patchesStrategicMerge: fc.array(
    merge.map((patch) => stringify(patch)),
    { maxLength: 1 },
  ),
  patches: fc.array(
    fc.oneof(
      merge.map((patch) => ({ patch: stringify(patch) })),
      fc
        .tuple(target, fc.array(operation, { minLength: 1, maxLength: 3 }))
        .map(([own, operations]) => ({ target: own, patch: stringify(operations) })),
    ),
    { maxLength: 2 },
  ),
  namePrefix: fc.constantFrom('', 'p-'),
  namespace: fc.constantFrom('', 'shop'),
})

test('for any patches of base, middle and overlay, Perch reads the object that kustomize renders', async () => {
  const config = readConfig(undefined)
  assert.ok(config.ok)
  let compared = 0
  await fc.assert(
    fc.asyncProperty(patches, patches, patches, async (base, middle, overlay) => {
      const files = repository(
        { production: stringify({ resources: ['../../middle'], ...overlay }) },
        {
          'base/kustomization.yaml': stringify({ resources: ['vs.yaml', 'dr.yaml'], ...base }),
          'middle/kustomization.yaml': stringify({ resources: ['../base'], ...middle }),
        },
      )
      // A selector by kind alone would also change the DestinationRule, which has other paths, so the build would fail.
      const rendered = await renderOne(files, 'overlays/production')
      if (rendered === undefined) return
      const entries = [...files.keys()].map((path) => ({ path, type: 'file' as const }))
      const { snapshot } = readSnapshot({ entries, texts: files, config: config.value })
      const [found] = snapshot.targets
      assert.ok(found !== undefined)
      const layered = layeredIn(found.layout, 'production', found.object)
      assert.ok(layered !== undefined && layered.unclear === undefined)
      const { name, namespace } = layered.rendered
      const object = rendered.find((known) => known.kind === 'VirtualService')
      assert.deepEqual([object?.name, object?.namespace], [name, namespace ?? ''])
      const { metadata, ...data } = layered.object.data
      const { metadata: other, ...own } = Object(object?.data)
      assert.deepEqual(differences(data, own), [])
      assert.deepEqual(differences(Object(metadata).annotations ?? {}, other.annotations ?? {}), [])
      compared += 1
    }),
    { numRuns: BUILDS },
  )
  assert.ok(compared > BUILDS / 4, `only ${compared} builds did not fail`)
})
