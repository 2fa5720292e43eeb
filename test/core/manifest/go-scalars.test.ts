import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDocuments } from '../../../src/core/manifest/yaml/documents.ts'
import { editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'

function read(text: string): unknown {
  const reading = readDocuments(text, { budget: 10_000 })
  return reading.ok ? reading.documents.map(({ data }) => data) : reading.problem.detail
}

test('an address that ends in a colon is text in brackets, as Go reads it', () => {
  assert.deepEqual(read('a: [2001:db8::]\n'), [{ a: ['2001:db8::'] }])
  assert.deepEqual(read('a: [2001:db8::, ::, "::", x]\n'), [{ a: ['2001:db8::', '::', '::', 'x'] }])
  assert.deepEqual(read('a: [2001:db8::/32]\n'), [{ a: ['2001:db8::/32'] }])
  assert.deepEqual(read('a: {b:}\nc: [d: 1]\n'), [{ a: { b: null }, c: [{ d: 1 }] }])
})

test('a quoted text may go on without being indented deeper, as Go reads it', () => {
  assert.deepEqual(read('a: "one\ntwo"\nb: 1\n'), [{ a: 'one two', b: 1 }])
  assert.deepEqual(read("k:\n  a: 'it''s\n  one'\n  b: 1\n"), [{ k: { a: "it's   one", b: 1 } }])
})

test('a comment may follow quotes and brackets without a space, as Go reads it', () => {
  assert.deepEqual(read("a: 'x'# why\nb: [1]# why\nc: {d: 1}#why\ne: f# g\n"), [
    { a: 'x', b: [1], c: { d: 1 }, e: 'f# g' },
  ])
})

test('a quote that never ends is still an error', () => {
  assert.match(String(read('a: "never\nclosed\n')), /Missing closing/)
  assert.match(String(read('a: "x" y\n')), /Unexpected/)
})

test('lines stay those of the file, and an edit beside such a text changes its own bytes only', () => {
  const text =
    'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: web\n  annotations:\n    note: "one\n    two"\nspec:\n  addresses: [2001:db8::]\n  weight: 5 # percent\n  note: "x"# why\n'
  const manifest = parseManifest('a.yaml', text)
  assert.ok(manifest.ok)
  assert.equal(manifest.value.line(0, ['spec', 'weight']), 10)
  const edited = editManifest(manifest.value, [{ kind: 'set', document: 0, path: ['spec', 'weight'], value: 25 }])
  assert.ok(edited.ok, JSON.stringify(edited))
  assert.equal(edited.value, text.replace('weight: 5', 'weight: 25'))
})
