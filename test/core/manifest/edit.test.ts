import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Edit, editManifest } from '../../../src/core/manifest/edit.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'

function edited(text: string, ...edits: Omit<Edit, 'document'>[]): string {
  const manifest = parseManifest('web.yaml', text)
  assert.ok(manifest.ok, JSON.stringify(manifest))
  const result = editManifest(
    manifest.value,
    edits.map((edit) => ({ document: 0, ...edit })),
  )
  return result.ok ? result.value : result.error.code
}

const annotation = (name: string, value: string | undefined): Omit<Edit, 'document'> => ({
  path: ['metadata', 'annotations', `perch.dev/${name}`],
  value,
})

test('a weight is replaced and its comment, spacing and neighbours stay', () => {
  const text = 'route:\n- {destination: {host: a}, weight:   90 }   # keep\n- weight: 10\n'
  assert.equal(
    edited(text, { path: ['route', 0, 'weight'], value: 75 }, { path: ['route', 1, 'weight'], value: 25 }),
    'route:\n- {destination: {host: a}, weight:   75 }   # keep\n- weight: 25\n',
  )
})

test('an annotation is added to a block map, after its last line', () => {
  assert.equal(
    edited('metadata:\n  name: web\n  annotations:\n    a: b # why\nspec: {}\n', annotation('pr', '12')),
    'metadata:\n  name: web\n  annotations:\n    a: b # why\n    perch.dev/pr: "12"\nspec: {}\n',
  )
})

test('annotations are made where there are none, {}, null or a flow map', () => {
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
    'metadata:\n  annotations:\n    perch.dev/pr: "1"\n  name: web\n',
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
})

test('taking the last annotation away takes the map away, and there and back gives the same bytes', () => {
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

test('an anchored, an aliased and a block value are refused by name', () => {
  const at: Omit<Edit, 'document'> = { path: ['a'], value: 20 }
  assert.equal(edited('a: &w 10\nb: *w\n', at), 'anchored')
  assert.equal(edited('b: &w 10\na: *w\n', at), 'aliased')
  assert.equal(edited('a: |\n  10\n', at), 'block-text')
})

test('an empty value gets its blank, and quotes stay as they were', () => {
  assert.equal(edited('a:\nb: 1\n', { path: ['a'], value: 20 }), 'a: 20\nb: 1\n')
  assert.equal(edited("a: 'x'\n", { path: ['a'], value: "it's" }), "a: 'it''s'\n")
})
