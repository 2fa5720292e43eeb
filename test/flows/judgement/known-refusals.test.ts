/**
 * Environments that Perch does not render: a note if a pull request does not change them, and red if the effect of the change is
 * unknown.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { refusalProblem } from '../../../src/core/problem/files.ts'
import { sortIncomplete, unreadOf } from '../../../src/flows/judgement/comparison/known-refusals.ts'
import { DR, VS as IDLE } from '../../layouts/repository.ts'
import { type Files, NO_TEXT, reviewed, SUBMODULE, SYMLINK } from './reviewing.ts'

const KUSTOMIZATION = 'web/kustomization.yaml'
const REMOTE = 'https://github.com/acme/shop//deploy'
const SPLIT = IDLE.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\n'

/** A root with a base from the network. */
function remote(tag: string, ...files: readonly string[]): string {
  return `resources: [${[...files, `${REMOTE}?ref=${tag}`].join(', ')}]\n`
}

const ROOT: Files = { [KUSTOMIZATION]: remote('v1.0.0', 'map.yaml'), 'web/map.yaml': MAP }
const SAID = `remote ${KUSTOMIZATION}`

/** The verdict on the root alone: its name for a note, `red` for a problem. */
async function verdict(before: Files, changed: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { problems, notes } = await reviewed(before, changed)
  const isOf = (words: string): boolean => words === SAID
  return `${problems.filter(isOf).length} red, ${notes.filter(isOf).length} noted`
}

const NOTED = '0 red, 1 noted'
const RED = '1 red, 0 noted'

test('a root that was not rendered before is a note while its files do not concern traffic', async () => {
  assert.equal(await verdict(ROOT, { 'web/map.yaml': MAP.replace('name: web', 'name: other') }), NOTED)
  assert.equal(await verdict(ROOT, { [KUSTOMIZATION]: `${ROOT[KUSTOMIZATION]}namespace: web\n` }), NOTED)
  assert.equal(await verdict(ROOT, { [KUSTOMIZATION]: remote('v1.0.1-rc.1', 'map.yaml') }), NOTED)
  assert.equal(await verdict(ROOT, { [KUSTOMIZATION]: remote('a'.repeat(40), 'map.yaml') }), NOTED)
  assert.equal(await verdict(ROOT, { [KUSTOMIZATION]: remote('main', 'map.yaml') }), NOTED)
})

test('a file about traffic in such a root is red, on either side', async () => {
  const route = { [KUSTOMIZATION]: remote('v1.0.0', 'map.yaml', 'dr.yaml') }
  assert.equal(await verdict(ROOT, { ...route, 'web/dr.yaml': DR }), RED)
  assert.equal(await verdict({ ...ROOT, ...route, 'web/dr.yaml': DR }, { 'web/dr.yaml': DR.replace('v2', 'v3') }), RED)
  assert.equal(await verdict({ ...ROOT, ...route, 'web/dr.yaml': DR }, { 'web/dr.yaml': MAP }), RED)
  assert.equal(await verdict({ ...ROOT, ...route, 'web/dr.yaml': MAP }, { 'web/dr.yaml': DR }), RED)
  assert.equal(await verdict({ ...ROOT, ...route, 'web/dr.yaml': DR }, { ...ROOT, 'web/dr.yaml': undefined }), RED)
})

test('an entry that brings a file about traffic to such a root, or takes it away, is red, although the file stays', async () => {
  const [without, listed] = [remote('v1.0.0', 'map.yaml'), remote('v1.0.0', 'map.yaml', 'dr.yaml')]
  const patched = `${without}patches: [{ path: dr.yaml }]\n`
  const files = { ...ROOT, 'web/dr.yaml': DR }
  for (const [before, after] of [
    [without, listed],
    [listed, without],
    [without, patched],
    [patched, without],
  ] as const)
    assert.equal(await verdict({ ...files, [KUSTOMIZATION]: before }, { [KUSTOMIZATION]: after }), RED, after)
  const calm = { ...ROOT, 'web/more.yaml': MAP.replace('name: web', 'name: more') }
  assert.equal(await verdict(calm, { [KUSTOMIZATION]: remote('v1.0.0', 'map.yaml', 'more.yaml') }), NOTED)
})

for (const [code, entry, files] of [
  ['helm', 'helmCharts: [{ name: redis, version: 1.2.3, repo: "https://charts.example.com" }]', {}],
  ['plugin', 'helmChartInflationGenerator: [{ chartName: redis }]', {}],
  ['symlink', 'patches: [{ path: link.yaml }]', { 'web/link.yaml': SYMLINK }],
  ['submodule', 'components: [more]', { 'web/more': SUBMODULE }],
] as const)
  test(`a root that Perch does not build because of a ${code} is a note while it stays, and red when it comes`, async () => {
    const root: Files = { 'web/map.yaml': MAP, ...files, [KUSTOMIZATION]: `resources: [map.yaml]\n${entry}\n` }
    const standing = await reviewed(root, { 'web/map.yaml': MAP.replace('web', 'other') })
    assert.deepEqual([standing.problems, standing.notes], [[], [`${code} ${KUSTOMIZATION}`]])
    const brought = await reviewed({ ...root, [KUSTOMIZATION]: 'resources: [map.yaml]\n' }, root)
    assert.deepEqual([brought.problems, brought.notes], [[`${code} ${KUSTOMIZATION}`], []])
  })

test('an unreadable file of such a root is red, and a removed one is not', async () => {
  const pair = { ...ROOT, [KUSTOMIZATION]: remote('v1.0.0', 'map.yaml', 'more.yaml'), 'web/more.yaml': MAP }
  assert.equal(await verdict(pair, { 'web/more.yaml': NO_TEXT }), RED)
  assert.equal(await verdict({ ...pair, 'web/more.yaml': NO_TEXT }, { 'web/more.yaml': MAP }), RED)
  assert.equal(
    await verdict(pair, { [KUSTOMIZATION]: remote('v1.0.0', 'map.yaml'), 'web/more.yaml': undefined }),
    NOTED,
  )
  assert.equal(await verdict(pair, { 'web/map.yaml': MAP.replace('web', 'x'), 'README.md': NO_TEXT }), NOTED)
})

test('next to a split, the same version of a base is a note, and another one is red', async () => {
  const files = { ...ROOT, [KUSTOMIZATION]: remote('v1.0.0', 'map.yaml', 'vs.yaml', 'dr.yaml') }
  const split = { ...files, 'web/vs.yaml': SPLIT, 'web/dr.yaml': DR }
  assert.equal(await verdict(split, { 'web/map.yaml': MAP.replace('web', 'other') }), NOTED)
  assert.equal(await verdict(split, { [KUSTOMIZATION]: remote('v1.0.1', 'map.yaml', 'vs.yaml', 'dr.yaml') }), RED)
})

test('another base, one in another file, and one that another root reads too are red', async () => {
  assert.equal(await verdict(ROOT, { [KUSTOMIZATION]: `resources: [map.yaml, "${REMOTE}-more?ref=v1.0.0"]\n` }), RED)
  assert.equal(await verdict({ ...ROOT, [KUSTOMIZATION]: 'resources: [map.yaml]\n' }, ROOT), RED)
  const moved = await reviewed(ROOT, {
    [KUSTOMIZATION]: 'resources: [map.yaml, below]\n',
    'web/below/kustomization.yaml': remote('v1.0.0'),
  })
  assert.deepEqual(moved.problems, ['remote web/below/kustomization.yaml'])
  const staging = { ...ROOT, 'staging/kustomization.yaml': 'resources: [../web]\n' }
  const production = { 'production/kustomization.yaml': 'resources: [../web]\n' }
  assert.equal(await verdict({ ...staging, ...production }, { 'web/map.yaml': MAP.replace('web', 'x') }), NOTED)
  assert.equal(await verdict(staging, production), RED)
})

test('versions of one base are versions, and other numbers in its address are not', async () => {
  const at = (address: string): Files => ({ ...ROOT, [KUSTOMIZATION]: `resources: [map.yaml, "https://${address}"]\n` })
  const same = [
    ['github.com/acme/shop/1.2//deploy', 'github.com/acme/shop/1.3//deploy'],
    ['github.com/acme/shop/v1.2.3-rc.1+b2//deploy', 'github.com/acme/shop/v1.2.3//deploy'],
    ['github.com/acme/shop//deploy?ref=', 'github.com/acme/shop//deploy?ref=main'],
    ['github.com/acme/shop//deploy?timeout=9&ref=a&x=1', 'github.com/acme/shop//deploy?timeout=9&ref=b&x=1'],
    [`github.com/acme/shop/${'a'.repeat(40)}//deploy`, `github.com/acme/shop/${'b'.repeat(40)}//deploy`],
  ] as const
  for (const [old, now] of same) assert.equal(await verdict(at(old), at(now)), NOTED, now)
  const other = [
    ['github.com/acme/shop.5//deploy', 'github.com/acme/shop.6//deploy'],
    ['github.com/acme/v1.a//deploy', 'github.com/acme/v2.a//deploy'],
    ['github.com/acme/5//deploy', 'github.com/acme/6//deploy'],
    ['github.com/acme/1.2-//deploy', 'github.com/acme/1.2//deploy'],
    ['github.com/acme/shop//deploy?ref=a&x=1', 'github.com/acme/shop//deploy?ref=a&x=2'],
    [`github.com/acme/${'a'.repeat(41)}//deploy`, `github.com/acme/${'b'.repeat(41)}//deploy`],
  ] as const
  for (const [old, now] of other) assert.equal(await verdict(at(old), at(now)), RED, now)
})

test('a mistake of its own stays red, whether or not it was there before', async () => {
  const broken = { ...ROOT, [KUSTOMIZATION]: 'resources: [map.yaml, none.yaml]\n' }
  const { problems, notes } = await reviewed(broken, { 'web/map.yaml': MAP.replace('web', 'x') })
  assert.deepEqual([...problems, ...notes], [`missing ${KUSTOMIZATION}`])
})

const CHART: Files = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'chart/templates/map.yaml': `${MAP}data: { key: "{{ .Values.key }}" }\n`,
  'chart/values.yaml': 'key: a\n',
}

/** A release of the chart with a file of values. */
function release(values: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: web, server: https://kubernetes.default.svc }
  source:
    repoURL: https://github.com/acme/shop
    path: chart
    helm: { valueFiles: [${values}] }
`
}

test('a release without its values is a note, unless it was rendered before', async () => {
  const missing = { ...CHART, 'apps/web.yaml': release('none.yaml') }
  const changed = { 'chart/values.yaml': 'key: b\n' }
  const standing = await reviewed(missing, changed)
  assert.deepEqual([standing.problems, standing.notes], [[], ['helm-values apps/web.yaml']])
  const brought = await reviewed(CHART, { 'apps/web.yaml': release('none.yaml') })
  assert.deepEqual([brought.problems, brought.notes], [[], ['helm-values apps/web.yaml']])
  const broken = await reviewed(
    { ...missing, 'apps/web.yaml': release('values.yaml') },
    { 'apps/web.yaml': release('none.yaml') },
  )
  assert.deepEqual(broken.problems, ['helm-values apps/web.yaml'])
})

function objectsIn(...names: readonly string[]): readonly RenderedObject[] {
  const read = parseRendered(names.map((name) => MAP.replace('web', name)).join('---\n'), new Map())
  assert.ok(read.ok)
  return read.objects
}

test('a repaired file counts as if its content had been there before, unless another file has it', () => {
  const broken = (file: string) => ({ file, text: 'x', problem: 'unparsable', line: 1 }) as never
  const unread = (before: readonly string[], after: readonly string[], files: readonly string[]) =>
    unreadOf('production', {
      before: { leftOut: before.map(broken) },
      after: {
        leftOut: after.map(broken),
        objectsIn: (wanted) => (wanted.has('a.yaml') ? objectsIn('one', 'two') : []),
        files,
      },
      objects: { before: objectsIn('one', 'three'), after: objectsIn('one', 'two', 'three') },
    })
  const names = (objects: readonly RenderedObject[]): string => objects.map(({ name }) => name).join(' ')
  const mended = unread(['a.yaml'], [], ['a.yaml'])
  assert.deepEqual(
    [names(mended.presumed.before), mended.isAnyGone, mended.isAnyMissing, mended.notes.map(({ file }) => file)],
    ['one three two', false, false, ['a.yaml']],
  )
  const gone = unread(['a.yaml', 'b.yaml'], [], ['a.yaml'])
  assert.deepEqual([gone.isAnyGone, gone.isAnyMissing, gone.notes.length], [true, true, 1])
  const still = unread(['a.yaml'], ['a.yaml'], ['a.yaml'])
  assert.deepEqual(
    [names(still.presumed.before), still.isAnyGone, still.isAnyMissing, still.notes],
    ['one three', false, true, []],
  )
})

test('a release that disappears from a render is red, and one that was never in it is a note', () => {
  const left = (file: string) => refusalProblem({ code: 'helm-values', file, line: 1, entry: 'x' })
  const nested = [{ place: { file: 'a.yaml', line: 1 } }, { place: { file: 'b.yaml', line: 1 } }] as never
  const parts = (...skipped: readonly string[]) => ({ skipped: skipped.map(left), leftOut: [] })
  const files = ({ problems, notes }: ReturnType<typeof sortIncomplete>) => ({
    red: problems.map(({ file }) => file),
    noted: notes.map(({ file }) => file),
  })
  const after = parts('a.yaml', 'b.yaml', 'new.yaml')
  assert.deepEqual(files(sortIncomplete('production', nested, { before: parts('b.yaml'), after })), {
    red: ['a.yaml'],
    noted: ['b.yaml', 'new.yaml'],
  })
  assert.deepEqual(files(sortIncomplete('production', undefined, { before: parts(), after: parts('a.yaml') })), {
    red: [],
    noted: ['a.yaml'],
  })
})

test('an unreadable file is red if it is new or changed, and a note if it is unchanged', () => {
  const leftOut = (...files: readonly string[]) =>
    files.map((text) => ({ file: text.split(' ')[0] ?? '', text, line: 1, problem: { code: 'not-yaml' } }))
  const before = { skipped: [], leftOut: leftOut('a.yaml [', 'b.yaml [') as never }
  const after = { skipped: [], leftOut: leftOut('a.yaml [', 'b.yaml {', 'c.yaml [') as never }
  const { problems, notes } = sortIncomplete('production', [], { before, after })
  assert.deepEqual(
    [problems, notes].map((some) => some.map(({ file }) => file)),
    [['b.yaml', 'c.yaml'], ['a.yaml']],
  )
})
