import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Edit, editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'

const vs = (route: string, meta = '{name: web}', pre = '') =>
  `${pre}apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: ${meta}\nspec:\n  http:\n  - route:\n${route}`
const S = 'destination: {host: web, subset: stable}',
  C = 'destination: {host: web, subset: canary}'
const FILES = {
  tag: vs(`    - {${S}, weight: !!int "90"}\n    - {${C}, weight: 10}\n`),
  octal: vs(`    - {${S}, weight: 010}\n    - {${C}, weight: 10}\n`),
  hex: vs(`    - {${S}, weight: 0x1f}\n    - {${C}, weight: 10}\n`),
  exp: vs(`    - {${S}, weight: 1e1}\n    - {${C}, weight: 10}\n`),
  quoted: vs(`    - {${S}, weight: "90"}\n    - {${C}, weight: 10}\n`),
  float: vs(`    - {${S}, weight: 90.0}\n    - {${C}, weight: 10}\n`),
  tmplWeight: vs(`    - ${S}\n      weight: {{ .Values.stable }}\n    - {${C}, weight: 10}\n`),
  tmplBlockParse: vs(`    - ${S}\n      weight: {{ stable }}\n    - {${C}, weight: 10}\n`),
  tmplMeta: vs(
    `    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`,
    '{name: web, namespace: "{{ .Release.Namespace }}"}',
  ),
  tmplList: vs(
    `    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`,
    '{name: web, finalizers: [perch.dev/a, "{{ .b }}"]}',
  ),
  tmplLine: `{{- if .x }}\n` + vs(`    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n{{- end }}\n`),
  alias: vs(`    - {${S}, weight: *w}\n    - {${C}, weight: 10}\n`, '{name: web, labels: {x: &w 90}}'),
  anchored: vs(`    - {${S}, weight: &w 90}\n    - {${C}, weight: *w}\n`),
  anchorUnused: vs(`    - {${S}, weight: &w 90}\n    - {${C}, weight: 10}\n`),
  merge: vs(`    - ${S}\n      <<: *d\n    - <<: *d\n      ${C}\n`, '{name: web}', 'x-d: &d {weight: 50}\n'),
  mergeAnchored: vs(
    `    - &i\n      ${S}\n      <<: *d\n    - <<: *d\n      ${C}\n  - route: [*i]\n`,
    '{name: web}',
    'x-d: &d {weight: 50}\n',
  ),
  metaMerge: vs(
    `    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`,
    '\n  <<: *m\n  name: web',
    'x-m: &m {annotations: {a: b}}\n',
  ),
  annAlias: vs(
    `    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`,
    '\n  name: web\n  annotations: *m',
    'x-m: &m {a: b}\n',
  ),
  routeAnchored: vs(`    - &r {${S}, weight: 90}\n    - {${C}, weight: 10}\n  - route: [*r]\n`),
  dup: vs(`    - {${S}, weight: 90, weight: 80}\n    - {${C}, weight: 10}\n`),
  json: '{\n  "apiVersion": "networking.istio.io/v1",\n  "kind": "VirtualService",\n  "metadata": {\n    "name": "web"\n  },\n  "spec": {"http": [{"route": [\n    {"destination": {"host": "web", "subset": "stable"}, "weight": 90},\n    {"destination": {"host": "web", "subset": "canary"}, "weight": 10}\n  ]}]}\n}\n',
  annComment: vs(
    `    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`,
    '\n  name: web\n  annotations: # ours\n    # mine\n    perch.dev/pr: "3" # x',
  ),
  flowNull: vs(`    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`, '{name: web, annotations: null}'),
  block: vs(`    - ${S}\n      weight: |\n        90\n    - {${C}, weight: 10}\n`),
  explicitKey: vs(
    `    - ? destination\n      : {host: web, subset: stable}\n      ? weight\n      : 90\n    - {${C}, weight: 10}\n`,
  ),
  nextLine: vs(`    - ${S}\n      weight:\n        90 # x\n    - {${C}, weight: 10}\n`),
  lastBlock: vs(
    `    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`,
    '\n  name: web\n  annotations:\n    a: |+\n      x\n\n',
  ),
  seqLast: vs(`    - {${S}, weight: 90}\n    - {${C}, weight: 10}\n`, '\n  name: web\n  finalizers:\n  - a # x\n  # y'),
} as const

/** The result of an edit of both weights and one annotation: a refusal, or the original bytes after the reverse edit. */
const EXPECTED: Record<keyof typeof FILES, string> = {
  tag: 'odd-number',
  octal: 'odd-number',
  hex: 'odd-number',
  exp: 'odd-number',
  quoted: 'odd-number',
  float: 'odd-number',
  tmplWeight: 'template',
  tmplBlockParse: 'template',
  tmplMeta: 'template',
  tmplList: 'template',
  tmplLine: 'template in line 1',
  alias: 'literals instead of the alias',
  anchored: 'anchored',
  anchorUnused: 'back',
  merge: 'own keys over the merge',
  mergeAnchored: 'anchored',
  metaMerge: 'aliased',
  annAlias: 'aliased',
  routeAnchored: 'anchored',
  dup: 'not-yaml in line 7',
  json: 'back',
  annComment: 'comments go with what they are about',
  flowNull: 'no-place',
  block: 'block-text',
  explicitKey: 'back',
  nextLine: 'back',
  lastBlock: 'back',
  seqLast: 'back',
}

function edits(weights: readonly [number, number], note: string | undefined): readonly Edit[] {
  const weight = (index: number, value: number): Edit => ({
    kind: 'set',
    document: 0,
    path: ['spec', 'http', 0, 'route', index, 'weight'],
    value,
  })
  return [
    weight(0, weights[0]),
    weight(1, weights[1]),
    { kind: 'set', document: 0, path: ['metadata', 'annotations', 'perch.dev/pr'], value: note },
  ]
}

test('a number that is equal in octal and decimal can be changed: 00 is 0', () => {
  const after = (weight: string): string | undefined => {
    const manifest = parseManifest('web.yaml', vs(`    - {${S}, weight: 100}\n    - {${C}, weight: ${weight}}\n`))
    const edited = manifest.ok ? editManifest(manifest.value, edits([75, 25], undefined)) : manifest
    return edited.ok ? edited.value.split('\n').find((line) => line.includes(C)) : edited.error.code
  }
  for (const weight of ['00', '000', '05', '07']) assert.equal(after(weight), `    - {${C}, weight: 25}`)
  for (const weight of ['08', '010', '0100']) assert.equal(after(weight), 'odd-number')
})

for (const [name, text] of Object.entries(FILES)) {
  const expected = Object.entries(EXPECTED).find(([key]) => key === name)?.[1]
  test(`${name}: ${expected}`, () => {
    const manifest = parseManifest('web.yaml', text)
    if (!manifest.ok) return assert.equal(`${manifest.error.code} in line ${manifest.error.line}`, expected)
    const there = editManifest(manifest.value, edits([75, 25], '12'))
    if (!there.ok) return assert.equal(there.error.code, expected)
    const between = parseManifest('web.yaml', there.value)
    const back = between.ok ? editManifest(between.value, edits([90, 10], undefined)) : between
    assert.ok(back.ok)
    if (expected === 'back') return assert.equal(back.value, text)
    const lost = text.split('\n').filter((line) => !back.value.split('\n').includes(line))
    if (name === 'alias') assert.deepEqual(lost, ['    - {destination: {host: web, subset: stable}, weight: *w}'])
    else if (name === 'merge') assert.deepEqual(lost, [])
    else assert.deepEqual(lost, ['  annotations: # ours', '    # mine', '    perch.dev/pr: "3" # x'])
  })
}

test('a bomb is a refusal: of depth, of aliases, of size, of errors', () => {
  const many = (text: string, size = 300_000): string => text.repeat(Math.floor(size / text.length))
  const aliases = Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(10)}]\n`).join('')
  const chain = Array.from({ length: 3_000 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]\n`).join('')
  const bombs: readonly [text: string, code: string][] = [
    [many('['), 'not-yaml'],
    [many('- '), 'not-yaml'],
    [many('? '), 'not-yaml'],
    [many('{a: '), 'not-yaml'],
    [`a0: &a0 [x]\n${aliases}`, 'alias-bomb'],
    [`a0: &a0 [x]\n${chain}`, 'alias-bomb'],
    ['a: &a\n  b: *a\n', 'alias-bomb'],
    ['a: *b\n', 'not-yaml'],
    [many('&a '), 'not-yaml'],
    [many('[]'), 'not-yaml'],
    [many('"'), 'not-yaml'],
    [many('---\n'), 'too-large'],
    [many('...\n'), 'too-large'],
    [many('\n', 1_000_000), 'too-large'],
    ['x'.repeat(6 * 1024 * 1024), 'too-large'],
  ]
  for (const [text, code] of bombs) {
    const manifest = parseManifest('bomb.yaml', text)
    const found = manifest.ok ? 'ok' : manifest.error.code
    assert.ok(code === found, `${text.slice(0, 12)}: ${found}`)
  }
})

test('a file may have two hundred levels, whether they are written or aliases', () => {
  const chain = (length: number): string =>
    `a0: &a0 [x]\n${Array.from({ length }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]\n`).join('')}`
  const nested = (levels: number): string => `a: ${'['.repeat(levels)}${']'.repeat(levels)}\n`
  const isRead = (text: string): boolean => parseManifest('deep.yaml', text).ok
  for (const deep of [chain, nested])
    assert.deepEqual(
      [198, 199].map((levels) => isRead(deep(levels))),
      [true, false],
    )
})

test('signs that would begin a directive or end a document do not count within a line', () => {
  const many = `a: "${'%... --- '.repeat(20_001)}"\n`
  assert.ok(parseManifest('a.yaml', many).ok)
  const percent = parseManifest('a.yaml', 'kind: A\na: 50%\n---\nkind: B\n', /kind: B/)
  assert.ok(percent.ok)
  assert.equal(percent.value.documents.length, 1)
})

test('with `wanted`, a bundle of megabytes is read for the documents that matter, and lines stay those of the file', () => {
  const crd = `kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\nmetadata: {name: x}\nspec:\n${'  a: {type: string}\n'.repeat(1_000)}`
  const text = `${crd}---\n`.repeat(150) + FILES.json.replaceAll('\n', ' ')
  assert.equal(parseManifest('bundle.yaml', text).ok, false)
  const manifest = parseManifest('bundle.yaml', text, /\bVirtualService\b/)
  assert.ok(manifest.ok)
  assert.deepEqual(
    manifest.value.objects.map(({ kind, line }) => [kind, line]),
    [['VirtualService', text.split('\n').length]],
  )
  const edited = editManifest(manifest.value, edits([75, 25], '12'))
  assert.ok(edited.ok && edited.value.startsWith(`${crd}---\n`.repeat(150)) && edited.value.includes('"weight": 75'))
})

test('definitions of the kinds that are wanted are not read, however large, and neither is a file beyond 5 MiB without one', () => {
  const crd = `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: virtualservices.networking.istio.io}\nspec:\n  names: {kind: VirtualService}\n${'  # the VirtualService\n'.repeat(100_000)}`
  const manifest = parseManifest('crds.yaml', `${crd}---\n`.repeat(3), /\bVirtualService\b/)
  assert.ok(manifest.ok)
  assert.deepEqual(manifest.value.objects, [])
})

test('a key may be there twice among the labels of an object, or with one value, and nowhere else', () => {
  const read = (more: string): string => {
    const manifest = parseManifest('a.yaml', `kind: A\napiVersion: v1\n${more}\n`)
    return manifest.ok
      ? JSON.stringify(manifest.value.documents[0]?.data)
      : `${manifest.error.code} ${manifest.error.line}`
  }
  const twice = (key: string): string => read(`${key}:\n    a: x\n    a: y`)
  assert.match(twice('metadata:\n  labels'), /"labels":\{"a":"y"\}/)
  for (const key of ['metadata:\n  annotations', 'spec:\n  labels', 'metadata: {}\nlabels']) {
    const line = 5 + (key.match(/\n/g) ?? []).length
    assert.equal(twice(key), `not-yaml ${line}`, key)
  }
  assert.match(read('spec:\n  a: {b: [1]}\n  a: {b: [1]}'), /"spec":\{"a":\{"b":\[1\]\}\}/)
  assert.match(read('spec:\n  a:\n  a: 1'), /"spec":\{"a":1\}/)
  assert.equal(read('spec:\n  a: 1\n  a:'), 'not-yaml 5')
})

test('a key with the name of the prototype is a key like any other', () => {
  const manifest = parseManifest(
    'a.yaml',
    'kind: A\napiVersion: v1\n__proto__: {a: 1}\nb: &x {__proto__: {c: 2}}\nd: *x\n',
  )
  assert.ok(manifest.ok)
  const data = manifest.value.documents[0]?.data
  const written =
    '{"kind":"A","apiVersion":"v1","__proto__":{"a":1},"b":{"__proto__":{"c":2}},"d":{"__proto__":{"c":2}}}'
  assert.equal(JSON.stringify(data), written)
  assert.deepEqual(data, JSON.parse(written))
})
