import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { rowsOf } from '../../../src/core/diff/review.ts'
import type { TrafficRow } from '../../../src/core/gate/review.ts'
import { withoutPlacesIn, withPlaces } from '../../../src/core/gate/weight-places.ts'
import { destinationRule, snapshotOf, virtualService } from '../samples.ts'

/** A map that counts how often its texts are read. */
class CountedTexts extends Map<string, string> {
  reads = 0

  override get(key: string): string | undefined {
    this.reads += 1
    return super.get(key)
  }
}

test('large values are searched once, however many rules a pull request moves', () => {
  const files = (weight: number): CountedTexts =>
    new CountedTexts([['values.yaml', `replicas: 2\nweight: ${weight}\n`]])
  const [before, after] = [files(5), files(25)]
  const rows = Array.from({ length: 50 }, (_, index) => ({
    environment: 'production',
    route: `VirtualService default/web-${index}`,
    rule: 'main',
    before: [{ name: 'canary', share: 5 }],
    after: [{ name: 'canary', share: 25 }],
  }))
  const placed = withPlaces(rows, { environment: 'production', objects: [], targets: [], texts: { before, after } })
  const places = placed.flatMap((row) => row.after ?? []).map(({ place }) => place)
  assert.deepEqual(
    places,
    rows.map(() => ({ file: 'values.yaml', line: 2 })),
  )
  assert.equal(before.reads, 1)
})

type Files = Readonly<Record<string, string>>

function objectsOf(yaml: string) {
  const parsed = parseRendered(yaml)
  assert.ok(parsed.ok)
  return parsed.objects
}

/** The weights after a change and their places: `canary 25 at app/vs.yaml:25`. */
function placed(
  { before, after, environment = 'production' }: { before: Files; after: Files; environment?: string },
  renders: { readonly before: string; readonly after: string },
): readonly string[] {
  const environments = { environments: { production: { path: 'app' }, staging: { path: 'test' } } }
  const [old, now] = [snapshotOf(before, environments), snapshotOf(after, environments)]
  const objects = { before: objectsOf(renders.before), after: objectsOf(renders.after) }
  const targets = { before: old.targets, after: now.targets }
  const rows = rowsOf(environment, objects, { config: now.config, targets })
  const texts = { before: new Map(Object.entries(before)), after: new Map(Object.entries(after)) }
  return wordsOf(withPlaces(rows, { environment, objects: objects.after, targets: now.targets, texts }))
}

function wordsOf(rows: readonly TrafficRow[]): readonly string[] {
  return rows
    .flatMap((row) => row.after ?? [])
    .map(
      ({ name, share, place }) =>
        `${name} ${share} at ${place === undefined ? 'no place' : `${place.file}:${place.line}`}`,
    )
}

const RULE = destinationRule('v1', 'v2')
const OTHERS: Files = { 'test/vs.yaml': virtualService(90, 10), 'test/dr.yaml': RULE }

test('a weight is at its line in the file of its route, in its own environment', () => {
  const files = (canary: number): Files => ({
    ...OTHERS,
    'app/dr.yaml': RULE,
    'app/vs.yaml': `# a comment\n${virtualService(100 - canary, canary)}`,
  })
  const [old, now] = [virtualService(95, 5), virtualService(75, 25)]
  assert.deepEqual(placed({ before: files(5), after: files(25) }, { before: old, after: now }), [
    'stable 75 at app/vs.yaml:21',
    'canary 25 at app/vs.yaml:25',
  ])
})

test('a weight in a patch is at its line in the patch', () => {
  const patch = (canary: number): string =>
    `- op: replace\n  path: /spec/http/1/route/0/weight\n  value: ${100 - canary}\n- op: replace\n  path: /spec/http/1/route/1/weight\n  value: ${canary}\n`
  const files = (canary: number): Files => ({
    ...OTHERS,
    'base/vs.yaml': virtualService(100, 0),
    'base/kustomization.yaml': 'resources: [vs.yaml]\n',
    'app/patch.yaml': patch(canary),
    'app/kustomization.yaml':
      'resources: [../base]\npatches:\n  - path: patch.yaml\n    target: { kind: VirtualService, name: api-service }\n',
  })
  const [old, now] = [virtualService(95, 5), virtualService(75, 25)]
  assert.deepEqual(placed({ before: files(5), after: files(25) }, { before: old, after: now }), [
    'stable 75 at app/patch.yaml:3',
    'canary 25 at app/patch.yaml:6',
  ])
})

test('a weight in a variable of Flux is at the line that gives the variable its value, whatever else changes in the same way', () => {
  const variables = (canary: number): string =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec:
  path: ./app
  postBuild:
    substitute:
      OTHER: "${canary}"
      STABLE: "${100 - canary}"
      CANARY: "${canary}"
`
  const route = virtualService(90, 10)
    .replace('weight: 90', 'weight: ${STABLE}')
    .replace('weight: 10', 'weight: ${CANARY}')
  const files = (canary: number): Files => ({
    ...OTHERS,
    'app/kustomization.yaml': 'resources: [vs.yaml]\n',
    'app/vs.yaml': route,
    'flux.yaml': variables(canary),
  })
  const [old, now] = [virtualService(95, 5), virtualService(75, 25)]
  assert.deepEqual(placed({ before: files(5), after: files(25) }, { before: old, after: now }), [
    'stable 75 at flux.yaml:9',
    'canary 25 at flux.yaml:10',
  ])
})

test('a weight that only a render shows is at the only number that changed like it, or nowhere', () => {
  const values = (canary: number, more = ''): string => `stable: ${100 - canary}\nweight: ${canary}\n${more}`
  const places = (before: string, after: string): readonly string[] =>
    placed(
      { before: { 'app/values.yaml': before }, after: { 'app/values.yaml': after } },
      { before: virtualService(95, 5), after: virtualService(75, 25) },
    )
  const both = ['stable 75 at app/values.yaml:1', 'canary 25 at app/values.yaml:2']
  assert.deepEqual(places(values(5), values(25)), both)
  assert.deepEqual(places(values(5, 'replicas: 2\n'), values(25, 'replicas: 3\n')), both)
  // Two numbers changed in the same way.
  assert.deepEqual(places(values(5, 'other: 5\n'), values(25, 'other: 25\n')), [both[0], 'canary 25 at no place'])
  // The annotation has the share too, and is no weight.
  const note = (share: number): string => `gitops.example.com/canary-percentage: ${share}\n`
  assert.deepEqual(places(values(5, note(5)), values(25, note(25))), both)
  // Lines that differ in more than a number, or that moved, are not compared.
  assert.deepEqual(places('weight: 5\n', 'share: 25\n'), ['stable 75 at no place', 'canary 25 at no place'])
  assert.deepEqual(places(values(5), values(25, 'more: 1\n')), ['stable 75 at no place', 'canary 25 at no place'])
  // A part of a name, of a version or of another number is no weight.
  assert.deepEqual(places('image: web-5\na: 1.5\n', 'image: web-25\na: 1.25\n'), [
    'stable 75 at no place',
    'canary 25 at no place',
  ])
})

test('a place in a file that a merge moves is left out', () => {
  const row = { environment: 'production', route: 'VirtualService default/web', rule: 'main', before: undefined }
  const shares = [
    { name: 'stable', share: 75, place: { file: 'a.yaml', line: 1 } },
    { name: 'canary', share: 25, place: { file: 'b.yaml', line: 2 } },
    { name: 'other', share: 0 },
  ]
  const rows = withoutPlacesIn(
    [
      { ...row, after: shares },
      { ...row, after: undefined },
    ],
    new Set(['b.yaml']),
  )
  assert.deepEqual(wordsOf(rows), ['stable 75 at a.yaml:1', 'canary 25 at no place', 'other 0 at no place'])
})
