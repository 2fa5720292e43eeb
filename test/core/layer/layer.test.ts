import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyPatch } from '../../../src/core/layer/step.ts'
import { readKustomization } from '../../../src/core/environment/kustomization.ts'
import { layerOf } from '../../../src/core/layer/kustomization.ts'
import { edited, operationsFor } from '../../../src/core/layer/operations.ts'
import { placeEdits } from '../../../src/core/layer/place.ts'
import { chainsTo, manifestIn, rootOf } from '../../../src/core/layer/layout.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { snapshotOf, targetOf, virtualService } from '../samples.ts'

/** The effect of JSON patches on an object (RFC 6902), as far as Perch reads them. */

const OBJECT = { metadata: { name: 'web', 'a/b': 1, 'c~d': 2 }, spec: { list: [1, 2, 3] } }

function applied(...operations: readonly string[]): unknown {
  const text = `patches:\n- target: {kind: VirtualService}\n  patch: |-\n${operations.map((op) => `    - ${op}\n`).join('')}`
  const [patch] = layerOf(readKustomization(text, 'kustomization.yaml'), () => undefined)?.patches ?? []
  assert.ok(patch !== undefined, text)
  return applyPatch(OBJECT, patch)?.data
}

function list(...operations: readonly string[]): unknown {
  const data = applied(...operations)
  return data === undefined ? undefined : JSON.parse(JSON.stringify(data)).spec.list
}

test('a patch may add an item right after the last one of a list, and not later', () => {
  assert.deepEqual(list('{op: add, path: /spec/list/3, value: 4}'), [1, 2, 3, 4])
  assert.deepEqual(list('{op: add, path: /spec/list/-, value: 4}'), [1, 2, 3, 4])
  assert.deepEqual(list('{op: add, path: /spec/list/1, value: 4}'), [1, 4, 2, 3])
  assert.deepEqual(list('{op: add, path: /spec/list/0, value: 4}'), [4, 1, 2, 3])
  for (const place of ['4', '5', '01', '1a', '-1'])
    assert.equal(list(`{op: add, path: /spec/list/${place}, value: 4}`), undefined, place)
})

test('a patch replaces and removes only existing values, and a failed test stops it', () => {
  assert.deepEqual(list('{op: replace, path: /spec/list/2, value: 4}'), [1, 2, 4])
  assert.deepEqual(list('{op: remove, path: /spec/list/0}'), [2, 3])
  assert.deepEqual(list('{op: test, path: /spec/list/0, value: 1}', '{op: remove, path: /spec/list/1}'), [1, 3])
  assert.equal(list('{op: test, path: /spec/list/0, value: 2}', '{op: remove, path: /spec/list/1}'), undefined)
  assert.equal(list('{op: replace, path: /spec/list/3, value: 4}'), undefined)
  assert.equal(list('{op: remove, path: /spec/list/3}'), undefined)
  assert.equal(list('{op: replace, path: /spec/other, value: 4}'), undefined)
  assert.equal(list('{op: add, path: /spec/other/name, value: 4}'), undefined)
  assert.equal(list('{op: add, path: spec/list/0, value: 4}'), undefined)
})

test('a key with a slash or a tilde is escaped as in RFC 6901', () => {
  const data = applied('{op: replace, path: /metadata/a~1b, value: 8}', '{op: replace, path: /metadata/c~0d, value: 9}')
  assert.deepEqual(data, { ...OBJECT, metadata: { name: 'web', 'a/b': 8, 'c~d': 9 } })
})

test('a patch may be in a file with a colon in its name, or in the kustomization itself', () => {
  const patch = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {version: v2}}\n'
  const indented = patch.replaceAll(/^/gm, '    ').trimEnd()
  const text = `patchesStrategicMerge:\n  - team:web.yaml\n  - |\n${indented}\n`
  const kustomization = readKustomization(text, 'base/kustomization.yaml')
  assert.deepEqual(
    kustomization.references.map(({ entry }) => entry),
    ['team:web.yaml'],
  )
  const read = (file: string) => {
    const manifest = parseManifest(file, patch)
    return file === 'base/team:web.yaml' && manifest.ok ? manifest.value : undefined
  }
  const { patches = [] } = layerOf(kustomization, read) ?? {}
  assert.deepEqual(
    patches.map(({ holder, data }) => [holder.file, data]),
    ['base/team:web.yaml', 'base/kustomization.yaml'].map((file) => [file, patches[0]?.data]),
  )
})

test('a patch with a target changes no name, kind or namespace, whatever it is called itself', () => {
  const text = `patches:
- target: {kind: VirtualService, name: web}
  patch: |-
    apiVersion: any/v1
    kind: Any
    metadata: {name: any, namespace: elsewhere, labels: {a: b}}
`
  const [patch] = layerOf(readKustomization(text, 'kustomization.yaml'), () => undefined)?.patches ?? []
  assert.ok(patch !== undefined)
  const object = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'web', namespace: 'shop' },
  }
  assert.deepEqual(applyPatch(object, patch)?.data, { ...object, metadata: { ...object.metadata, labels: { a: 'b' } } })
})

test('a patch that replaces the whole route or moves a rule away leaves the weights unknown until a render shows them', () => {
  const route = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [web]
  http:
    - match: [{ headers: { x-canary: { exact: "1" } } }]
      route: [{ destination: { host: web, subset: canary } }]
    - route:
        - { destination: { host: web, subset: stable }, weight: 95 }
        - { destination: { host: web, subset: canary }, weight: 5 }
`
  const whyUnclear = (operation: string): string | undefined => {
    const patch = `patches:\n- target: { kind: VirtualService }\n  patch: "[${operation}]"\n`
    const { targets } = snapshotOf({
      'base/web.yaml': route,
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'production/kustomization.yaml': `resources: [../base]\n${patch}`,
    })
    return targets[0]?.unclear?.why
  }
  assert.equal(whyUnclear("{op: replace, path: '', value: {spec: {hosts: [other]}}}"), 'patch')
  assert.equal(whyUnclear('{op: move, from: /spec/http/1, path: /spec/old}'), 'patch')
  assert.equal(whyUnclear('{op: copy, from: /spec/http/1/route, path: /spec/http/0/route}'), 'patch')
  assert.equal(whyUnclear('{op: copy, from: /spec/http/0/match, path: /spec/http/1/match}'), 'patch')
  assert.equal(whyUnclear('{op: copy, from: /spec/http/0/match, path: /spec/old}'), undefined)
})

test('a replacement of the whole spec, or of whose requests a rule takes, leaves the weights unknown until a render shows them', () => {
  const whyUnclear = (field: string): string | undefined => {
    const source = `{ kind: VirtualService, name: other, fieldPath: ${field} }`
    const targets = `[{ select: { kind: VirtualService, name: api-service }, fieldPaths: [${field}] }]`
    const snapshot = snapshotOf({
      'web.yaml': virtualService(95, 5),
      'kustomization.yaml': `resources: [web.yaml]\nreplacements: [{ source: ${source}, targets: ${targets} }]\n`,
    })
    return snapshot.targets[0]?.unclear?.why
  }
  assert.equal(whyUnclear('spec'), 'replacement')
  assert.equal(whyUnclear('spec.http.0.match'), 'replacement')
  assert.equal(whyUnclear('spec.http.0.route'), 'replacement')
  assert.equal(whyUnclear('spec.http.0.timeout'), undefined)
})

test('of more than eight ways to build a route, those that patch it are among the ones that are read', () => {
  const weightsWith = (count: number): readonly (number | undefined)[] => {
    const ways = Array.from({ length: count }, (_, index) => `way-${index}`)
    const patch =
      "{ target: { kind: VirtualService }, patch: '[{ op: replace, path: /spec/http/1/route/1/weight, value: 50 }]' }"
    const files = ways.map((way, index) => [
      `${way}/kustomization.yaml`,
      `namePrefix: ${way}-\nresources: [../base]\n${index === count - 1 ? `patches: [${patch}]\n` : ''}`,
    ])
    const { targets } = snapshotOf({
      ...Object.fromEntries(files),
      'base/web.yaml': virtualService(95, 5),
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'app/kustomization.yaml': `resources: [${ways.map((way) => `../${way}`).join(', ')}]\n`,
    })
    return targets.map(({ route }) => route.rules[1]?.destinations[1]?.weight)
  }
  assert.deepEqual(weightsWith(3), [5, 5, 50])
  assert.deepEqual(weightsWith(8), [5, 5, 5, 5, 5, 5, 5, 50])
  assert.deepEqual(weightsWith(9), [5, 50, 5, 5, 5, 5, 5, 5])
})

test('each file of a commit is read once, even if many routes ask for it', () => {
  const { layout } = targetOf({
    'web.yaml': virtualService(95, 5),
    'kustomization.yaml': 'namePrefix: eu-\nresources: [web.yaml]\n',
  })
  const [environment = ''] = layout.environments.map(({ name }) => name)
  for (const read of [
    () => manifestIn(layout, 'web.yaml'),
    () => rootOf(layout, environment),
    () => chainsTo(layout, environment, 'web.yaml'),
  ])
    assert.equal(read(), read())
})

test('a patch for one environment is refused in a kustomization that another one builds on', () => {
  const files = {
    'base/web.yaml': virtualService(95, 5),
    'base/kustomization.yaml': 'resources: [web.yaml]\n',
    'prod/kustomization.yaml': 'resources: [../base]\n',
    'eu/kustomization.yaml': 'resources: [../prod]\n',
    'us/kustomization.yaml': 'resources: [../base]\n',
  }
  const { layout } = targetOf(files, {
    environments: { prod: { path: 'prod' }, eu: { path: 'eu' }, us: { path: 'us' } },
  })
  const spot = { file: 'base/web.yaml', document: 0, at: [] }
  const edits = [{ kind: 'set', document: 0, path: ['spec', 'http', 1, 'route', 1, 'weight'], value: 25 }] as const
  const placed = (environments: readonly string[], wanted = environments): unknown => {
    const made = placeEdits({ layout, spot, environments, wanted }, edits)
    return made.ok ? [...made.value.keys()] : [made.error.code, 'users' in made.error && made.error.users]
  }
  assert.deepEqual(placed(['us']), ['us/kustomization.yaml'])
  assert.deepEqual(placed(['eu']), ['eu/kustomization.yaml'])
  assert.deepEqual(placed(['eu', 'us']), ['eu/kustomization.yaml', 'us/kustomization.yaml'])
  assert.deepEqual(placed(['prod']), ['no-layer', ['eu', 'prod']])
  assert.deepEqual(placed(['prod'], ['prod', 'eu']), ['prod/kustomization.yaml'])
  assert.deepEqual(placed(['prod', 'eu', 'us']), ['base/web.yaml'])
})

test('a number that the environment’s own file shares with another field is refused, and not patched', () => {
  const text = `${virtualService(95, 5).replace('weight: 95', 'weight: &w 95')}  other: *w\n`
  const { layout } = targetOf({ 'web.yaml': text, 'kustomization.yaml': 'resources: [web.yaml]\n' })
  const environments = layout.environments.map(({ name }) => name)
  const spot = { file: 'web.yaml', document: 0, at: [] }
  const path = ['spec', 'http', 1, 'route', 0, 'weight']
  const made = placeEdits({ layout, spot, environments, wanted: environments }, [
    { kind: 'set', document: 0, path, value: 75 },
  ])
  assert.equal(made.ok ? [...made.value.keys()].join() : made.error.code, 'anchored')
})

test('a transformer that may write any field leaves the weights unknown until a render shows them', () => {
  const whyWith = (kind: string): string | undefined =>
    targetOf({
      'web.yaml': virtualService(95, 5),
      'kustomization.yaml': 'resources: [web.yaml]\ntransformers: [t.yaml]\n',
      't.yaml': `apiVersion: builtin\nkind: ${kind}\nmetadata: {name: a}\n`,
    }).unclear?.why
  for (const what of ['Patch', 'PatchStrategicMerge', 'PatchJson6902', 'Replacement', 'ValueAdd'])
    assert.equal(whyWith(`${what}Transformer`), 'transformer', what)
  for (const kind of ['PrefixTransformer', 'NamespaceTransformer', 'LabelTransformer'])
    assert.equal(whyWith(kind), undefined, kind)
})

test('of several new items of one list, a patch adds the last one first', () => {
  const data = { list: [{ name: 'a' }, { name: 'b' }] }
  const copies = [0, 1].map((index) => {
    return {
      kind: 'copy',
      document: 0,
      path: ['list', index],
      values: [{ path: ['name'], value: `new-${index}` }],
    } as const
  })
  const added = operationsFor(data, copies).filter(({ op }) => op === 'add')
  assert.deepEqual(
    added.map(({ path }) => path),
    ['/list/2', '/list/1'],
  )
  assert.deepEqual(edited(data, copies), { list: ['a', 'new-0', 'b', 'new-1'].map((name) => ({ name })) })
})

test('an environment may build on others with the old field `bases`, and everything that it adds counts', () => {
  const target = targetOf({
    'base/vs.yaml': virtualService(95, 5),
    'base/kustomization.yaml': 'resources: [vs.yaml]\n',
    'shop/kustomization.yaml': 'bases: [../base]\nnamespace: shop\n',
  })
  assert.deepEqual([target.environment, target.route.namespace], ['shop', 'shop'])
})
