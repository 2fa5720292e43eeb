import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CopyItem, editManifest, type SetValue } from '../../../src/core/manifest/edit/edit.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'

type EditInText = Omit<SetValue, 'document'> | Omit<CopyItem, 'document'>

function edited(text: string, ...edits: EditInText[]): string {
  const manifest = parseManifest('web.yaml', text)
  assert.ok(manifest.ok, JSON.stringify(manifest))
  const result = editManifest(
    manifest.value,
    edits.map((edit) => ({ document: 0, ...edit })),
  )
  return result.ok ? result.value : result.error.code
}

const annotation = (name: string, value: string | undefined): Omit<SetValue, 'document'> => ({
  kind: 'set',
  path: ['metadata', 'annotations', `perch.dev/${name}`],
  value,
})

test('a weight is replaced and its comment, spacing and neighbours stay', () => {
  const text = 'route:\n- {destination: {host: a}, weight:   90 }   # keep\n- weight: 10\n'
  assert.equal(
    edited(
      text,
      { kind: 'set', path: ['route', 0, 'weight'], value: 75 },
      { kind: 'set', path: ['route', 1, 'weight'], value: 25 },
    ),
    'route:\n- {destination: {host: a}, weight:   75 }   # keep\n- weight: 25\n',
  )
})

test('an annotation is added to a block map, after its last line', () => {
  assert.equal(
    edited('metadata:\n  name: web\n  annotations:\n    a: b # why\nspec: {}\n', annotation('pr', '12')),
    'metadata:\n  name: web\n  annotations:\n    a: b # why\n    perch.dev/pr: "12"\nspec: {}\n',
  )
})

test('annotations are added if there are none, {}, null or a flow map', () => {
  assert.equal(
    edited('metadata:\n    name: web\nspec: 1', annotation('pr', '1')),
    'metadata:\n    name: web\n    annotations:\n        perch.dev/pr: "1"\nspec: 1',
  )
  assert.equal(
    edited('metadata:\n  name: web\n  annotations: {}\n', annotation('pr', '1')),
    'metadata:\n  name: web\n  annotations: {perch.dev/pr: "1"}\n',
  )
  assert.equal(
    edited('metadata:\n  annotations:\n  name: web\n', annotation('pr', '1')),
    'metadata:\n  annotations: # empty\n    perch.dev/pr: "1"\n  name: web\n',
  )
  assert.equal(
    edited('metadata: {name: web}\n', annotation('pr', '1')),
    'metadata: {name: web, annotations: {perch.dev/pr: "1"}}\n',
  )
  assert.equal(
    edited('metadata:\n  annotations: { a: b }\n', annotation('pr', '1')),
    'metadata:\n  annotations: { a: b, perch.dev/pr: "1" }\n',
  )
})

test('CRLF, a missing final newline and several new keys at once are kept and written in the file’s way', () => {
  assert.equal(
    edited('metadata:\r\n  name: web', annotation('pr', '1'), annotation('steps', '5,25')),
    'metadata:\r\n  name: web\r\n  annotations:\r\n    perch.dev/pr: "1"\r\n    perch.dev/steps: "5,25"',
  )
  // In a file with both kinds of line breaks, a new line gets that of the line above it.
  assert.equal(
    edited('metadata:\n  annotations:\n    a: b\r\nspec: {}\n', annotation('pr', '1')),
    'metadata:\n  annotations:\n    a: b\r\n    perch.dev/pr: "1"\r\nspec: {}\n',
  )
})

test('removing the last annotation removes the map, and adding and removing restores the bytes', () => {
  for (const text of [
    'metadata:\n  name: web\nspec: {}\n',
    'metadata:\r\n  name: web\r\nspec: {}\r\n',
    'metadata:\n  name: web',
    'metadata:\n  name: web\n  annotations:\n    a: "b"\n\n# a comment\nspec: {}\n',
    'metadata: {name: web}',
    'metadata: { name: web, annotations: { a: b } }\n',
    'metadata:\n  annotations:\n    text: |\n      long\n      text\n  name: web\n',
  ]) {
    const there = edited(text, annotation('pr', '1'), annotation('steps', '5,25'))
    assert.notEqual(there, 'no-place', text)
    assert.equal(edited(there, annotation('pr', undefined), annotation('steps', undefined)), text)
  }
})

test('a comment is removed with its annotations, and stays with others', () => {
  const gone = (text: string): string => edited(text, annotation('pr', undefined), annotation('steps', undefined))
  const map = (lines: string): string => `metadata:\n  name: web\n  annotations:\n${lines}spec: {}\n`
  const ours = '    perch.dev/pr: "1" # here\n    perch.dev/steps: "5,25"\n'
  const table: readonly (readonly [before: string, after: string])[] = [
    // Right above Perch's annotations, up to the next comment.
    [
      map(`    owner: a\n    # the rollout\n    # (see the wiki)\n${ours}    # who pays\n    team: b\n`),
      map('    owner: a\n    # who pays\n    team: b\n'),
    ],
    [map(`    # the rollout\n${ours}\n    team: b\n`), map('\n    team: b\n')],
    // Above other annotations too.
    [map(`    # all of these\n    perch.dev/pr: "1"\n    team: b\n`), map('    # all of these\n    team: b\n')],
    [map(`    # all of these\n    team: b\n${ours}`), map('    # all of these\n    team: b\n')],
    // Separated from them.
    [map(`    # until May\n\n${ours}    team: b\n`), map('    # until May\n\n    team: b\n')],
    // The map is removed, and the comment above its key belongs to it.
    [
      `metadata:\r\n  name: web\r\n  # the rollout\r\n  annotations:\r\n    perch.dev/pr: "1"\r\nspec: {}\r\n`,
      'metadata:\r\n  name: web\r\nspec: {}\r\n',
    ],
    [
      'metadata:\n  # who and how\n  annotations:\n    perch.dev/pr: "1"\n  name: web\nspec: {}\n',
      'metadata:\n  # who and how\n  name: web\nspec: {}\n',
    ],
    [map(`    # the rollout\n${ours}  # about the spec\n`), 'metadata:\n  name: web\n  # about the spec\nspec: {}\n'],
  ]
  for (const [before, after] of table) assert.equal(gone(before), after)
})

test('a comment in a value stays there when new keys follow', () => {
  const text = 'metadata:\n  name: web\n  labels:\n    app: web\n    # more come from kustomize\n  # of all\nspec: {}\n'
  const there = edited(text, annotation('pr', '1'))
  assert.equal(
    there,
    'metadata:\n  name: web\n  labels:\n    app: web\n    # more come from kustomize\n  annotations:\n    perch.dev/pr: "1"\n  # of all\nspec: {}\n',
  )
  assert.equal(edited(there, annotation('pr', undefined)), text)
})

const weights = (...values: readonly (readonly [string, number])[]): readonly EditInText[] =>
  values.map(([key, value]) => ({
    kind: 'set',
    path: key.split('.').map((step) => (/^\d/.test(step) ? Number(step) : step)),
    value,
  }))

test('a number that aliases repeat is changed at its anchor if all of them get the same value', () => {
  assert.equal(edited('a: &w 10 # why\nb: *w\n', ...weights(['a', 25], ['b', 25])), 'a: &w 25 # why\nb: *w\n')
  const rules = 'x: &route\n  - {to: a, weight: 90}\n  - {to: b, weight:  10}\ny: *route\n'
  const all = weights(['x.0.weight', 75], ['x.1.weight', 25], ['y.0.weight', 75], ['y.1.weight', 25])
  assert.equal(edited(rules, ...all), rules.replace('90', '75').replace('10', '25'))
  assert.equal(
    edited(`metadata: {name: web}\n${rules}`, ...all, annotation('pr', '1')),
    `metadata: {name: web, annotations: {perch.dev/pr: "1"}}\n${rules.replace('90', '75').replace('10', '25')}`,
  )
})

test('a number that other places share, or that would become two numbers, stays', () => {
  assert.equal(edited('a: &w 10\nb: *w\nc: *w\n', ...weights(['a', 25], ['b', 25])), 'anchored')
  assert.equal(edited('a: &w 50\nb: *w\n', ...weights(['a', 75], ['b', 25])), 'anchored')
  const rules = 'x: &route\n  - {to: a, weight: 90}\n  - {to: b, weight: 10}\ny: *route\nz: *route\n'
  assert.equal(edited(rules, ...weights(['x.0.weight', 75], ['y.0.weight', 75])), 'anchored')
  assert.equal(edited(rules, ...weights(['x.0.weight', 75], ['y.0.weight', 75], ['z.0.weight', 70])), 'anchored')
  assert.equal(edited('a: &w "10"\nb: *w\n', ...weights(['a', 25], ['b', 25])), 'anchored')
})

test('an anchored value and a block value are refused by name; an alias gives way to a literal', () => {
  const at: Omit<SetValue, 'document'> = { kind: 'set', path: ['a'], value: 20 }
  assert.equal(edited('a: &w 10\nb: *w\n', at), 'anchored')
  assert.equal(edited('a: &w 10\nb: 1\n', at), 'a: &w 20\nb: 1\n')
  assert.equal(edited('b: &w 10\na: *w # why\n', at), 'b: &w 10\na: 20 # why\n')
  assert.equal(edited('a: |\n  10\n', at), 'block-text')
})

test('an empty value gets its blank, and quotes stay as they were', () => {
  assert.equal(edited('a:\nb: 1\n', { kind: 'set', path: ['a'], value: 20 }), 'a: 20\nb: 1\n')
  assert.equal(edited("a: 'x'\n", { kind: 'set', path: ['a'], value: "it's" }), "a: 'it''s'\n")
})

test('a variable with a number as its default stays without quotes, and other text gets them', () => {
  const written = (value: string, old = '${WEIGHT:=5}'): string =>
    edited(`a: ${old}\n`, { kind: 'set', path: ['a'], value }).trimEnd()
  for (const value of ['${WEIGHT:=25}', '${W=0}', '${W:-100}']) assert.equal(written(value), `a: ${value}`)
  for (const value of ['${WEIGHT}', '${W:=}', '${:=5}', 'x${W:=5}', '${W:=5}x', '${W:=x}'])
    assert.equal(written(value), `a: "${value}"`)
  assert.equal(written('${WEIGHT:=25}', 'weight'), 'a: "${WEIGHT:=25}"')
})

const copy = (index: number, stable: number): EditInText => ({
  kind: 'copy',
  path: ['route', index],
  values: [
    { path: ['destination', 'subset'], value: 'canary' },
    { path: ['weight'], value: stable },
  ],
})

test('an item is copied in its own style, without its comments, while its own weight changes', () => {
  const weight: EditInText = { kind: 'set', path: ['route', 0, 'weight'], value: 90 }
  assert.equal(
    edited(
      'route:\n  # the only one\n  - destination: # where\n      host: web\n      # a\n      subset: stable # b\n    weight: 100 # all\n  # end\nx: 1\n',
      weight,
      copy(0, 10),
    ),
    'route:\n  # the only one\n  - destination: # where\n      host: web\n      # a\n      subset: stable # b\n    weight: 90 # all\n  - destination:\n      host: web\n      subset: canary\n    weight: 10\n  # end\nx: 1\n',
  )
  assert.equal(
    edited('route:\r\n- {destination: {host: web, subset: stable}} # why', weight, copy(0, 10)),
    'route:\r\n- {destination: {host: web, subset: stable}, weight: 90} # why\r\n- {destination: {host: web, subset: canary}, weight: 10}',
  )
  assert.equal(
    edited('route:\r\n- destination: {host: web, subset: stable} # why\r\n', weight, copy(0, 10)),
    'route:\r\n- destination: {host: web, subset: stable} # why\r\n  weight: 90\r\n- destination: {host: web, subset: canary}\r\n  weight: 10\r\n',
  )
  assert.equal(
    edited('route: [{destination: {host: web, subset: stable}, weight: 100}]\n', weight, copy(0, 10)),
    'route: [{destination: {host: web, subset: stable}, weight: 90}, {destination: {host: web, subset: canary}, weight: 10}]\n',
  )
  assert.equal(
    edited('route: [\n  {destination: {host: web}}, # a\n  {destination: {host: b}} # b\n]\n', copy(1, 10), copy(0, 5)),
    'route: [\n  {destination: {host: web}}, # a\n  {destination: {host: web, subset: "canary"}, weight: 5},\n  {destination: {host: b}}, # b\n  {destination: {host: b, subset: "canary"}, weight: 10}\n]\n',
  )
  assert.equal(
    edited('route:\n- destination:\n    host: web\n  weight: 100', weight, {
      kind: 'copy',
      path: ['route', 0],
      values: [{ path: ['weight'], value: undefined }],
    }),
    'route:\n- destination:\n    host: web\n  weight: 90\n- destination:\n    host: web',
  )
  assert.equal(
    edited('route:\n- weight: 100\n  destination: {host: web}\n', {
      kind: 'copy',
      path: ['route', 0],
      values: [{ path: ['weight'], value: undefined }],
    }),
    'route:\n- weight: 100\n  destination: {host: web}\n- destination: {host: web}\n',
  )
})

test('removing an annotation from a flow map removes its comma and one space, at any place', () => {
  const without = (map: string, ...names: string[]): string =>
    edited(`metadata: {annotations: ${map}}\n`, ...names.map((name) => annotation(name, undefined)))
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `perch.dev/${name}: "1"`)
  const map = (...pairs: (string | undefined)[]): string => `metadata: {annotations: {${pairs.join(', ')}}}\n`
  assert.equal(without(`{${a}, ${b}, ${c}}`, 'a'), map(b, c))
  assert.equal(without(`{${a}, ${b}, ${c}}`, 'b'), map(a, c))
  assert.equal(without(`{${a}, ${b}, ${c}}`, 'c'), map(a, b))
  assert.equal(without(`{${a}, ${b}, ${c}}`, 'a', 'b'), map(c))
  assert.equal(without(`{${a}, ${b}, ${c}}`, 'b', 'c'), map(a))
  assert.equal(without(`{${a}, ${b}, ${c}}`, 'a', 'c'), map(b))
  assert.equal(without(`{ ${a},  ${b} , ${c} }`, 'b'), `metadata: {annotations: { ${a}, ${c} }}\n`)
  assert.equal(without(`{${a}, ${b}, }`, 'b'), `metadata: {annotations: {${a}, }}\n`)
})
