/** After an edit, only the changed entries of a document are parsed again. So an edit of a large file takes no longer than one of a small file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Path } from '../../../src/core/manifest/data.ts'
import { byParent, contextOf, planWrites } from '../../../src/core/manifest/edit/plan.ts'
import { isExact } from '../../../src/core/manifest/edit/verify.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'

type Write = readonly [Path, string | number | undefined]

/**
 * Whether writes are verified although each `☐` of the text outside of the changed entries is an unclosed bracket by then. Before, it is
 * a number.
 */
function isVerified(text: string, ...writes: readonly Write[]): boolean {
  const manifest = parseManifest('a.yaml', text.replaceAll('☐', '0'))
  assert.ok(manifest.ok)
  const [source] = manifest.value.documents
  assert.ok(source !== undefined)
  const changes = byParent(writes.map(([path, value]) => ({ path, value }))).map(({ parent, writes: own }) => {
    const planned = planWrites(contextOf(source), parent, own)
    assert.ok(planned.ok, JSON.stringify(planned))
    return planned.value
  })
  assert.ok(isExact(source, changes))
  return isExact({ ...source, piece: { ...source.piece, text: text.replaceAll('☐', '[') } }, changes)
}

test('an entry of a map is parsed without those around it', () => {
  const text = 'a: ☐\nb: 1\nc: # about d\n  d: 2 # why\n  e: x\n  f:\n      g: 3\n      h: 4\n  i: ☐\nj: ☐\n'
  for (const path of [['b'], ['c', 'd'], ['c', 'e'], ['c', 'f', 'g'], ['c', 'f', 'h']]) {
    assert.ok(isVerified(text, [path, path.includes('e') ? 'yy' : 100]), path.join('.'))
    assert.ok(isVerified(text.replaceAll('\n', '\r\n'), [path, path.includes('e') ? 'yy' : 100]), path.join('.'))
  }
  assert.ok(isVerified('\uFEFFa: 1\nb: ☐\n', [['a'], 22]))
  assert.ok(isVerified('a: ☐\nb: 1', [['b'], 22]))
  assert.ok(isVerified('---\na: ☐\nb:\n  c: 1\n', [['b', 'c'], 22]))
})

test('an item of a list is parsed without those around it', () => {
  const text = 'a: ☐\nb:\n  - c: ☐\n  - c: 1\n    d: {e: 2, f: 3}\n    g: [4, 5]\n  - c: ☐\nh: ☐\n'
  for (const path of [
    ['b', 1, 'c'],
    ['b', 1, 'd', 'e'],
    ['b', 1, 'd', 'f'],
    ['b', 1, 'g', 1],
  ])
    assert.ok(isVerified(text, [path, 100]), path.join('.'))
  const top = '- ☐\n-   a: 1\n    b: ☐\n- - ☐\n  - 2\n-\n  c: 3\n- ☐\n'
  for (const path of [
    [1, 'a'],
    [2, 1],
    [3, 'c'],
  ])
    assert.ok(isVerified(top, [path, 100]), path.join('.'))
})

test('new and removed keys are parsed with their map alone', () => {
  const text = 'a: ☐\nb:\n  c: 1\n  d: 2\ne:\nf: {g: 1}\nh: ☐\n'
  assert.ok(isVerified(text, [['b', 'x'], 'new']))
  assert.ok(isVerified(text, [['b', 'c'], undefined]))
  assert.ok(isVerified(text, [['b', 'c'], 5], [['b', 'd'], 6], [['b', 'x'], 7]))
  assert.ok(isVerified(text, [['e', 'x', 'y'], 'new']))
  assert.ok(isVerified(text, [['f', 'x'], 'new']))
})

test('of several changes, each is parsed alone', () => {
  const text = 'a: 1\nb: ☐\nc:\n  - d: 2\n  - d: ☐\n  - d: 3\ne: ☐\n'
  assert.ok(isVerified(text, [['a'], 10], [['c', 0, 'd'], 20], [['c', 2, 'd'], 30]))
})

test('a document with an alias, and an entry that another one may change, are parsed as a whole', () => {
  assert.ok(!isVerified('a: ☐\nb: &x 1\nc: *x\nd: 2\n', [['d'], 3]))
  assert.ok(!isVerified('a: ☐\n? b\n: 1\n', [['b'], 3]))
  assert.ok(!isVerified('{a: ☐, b: 1}\n', [['b'], 3]))
})

test('a change that does anything else than its effect is not exact', () => {
  const text = 'a: 1 # one\nb:\n  c: 2 # two\n  d: 3\n# last\n'
  const manifest = parseManifest('a.yaml', text)
  assert.ok(manifest.ok)
  const [source] = manifest.value.documents
  assert.ok(source !== undefined)
  const isExactWith = (old: string, now: string, value: unknown): boolean => {
    const start = text.indexOf(old)
    const splices = [{ start, end: start + old.length, text: now }]
    return isExact(source, [{ splices, effects: [{ kind: 'set', path: ['b', 'c'], value }] }])
  }
  assert.ok(isExactWith('2', '7', 7))
  const others: readonly (readonly [string, string])[] = [
    ['2', '8'],
    ['2', "'7'"],
    ['2', '7\n  e: 1'],
    ['2', '7\n---\nc: 7'],
    ['2', '7: x'],
    ['2', '[7'],
    ['c: 2 # two\n  d: 3', 'd: 3 # two\n  c: 7'],
    ['2 # two\n  d: 3\n', '7 # two\n'],
    ['1', '7'],
  ]
  for (const [old, now] of others) assert.ok(!isExactWith(old, now, 7), `${old} → ${now}`)
})
