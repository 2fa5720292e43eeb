/** Which files Argo CD uses in a folder without a kustomization, and which elements of a set one Application comes from. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directoryOptions, takesFile } from '../../../src/core/delivery/directory.ts'
import { fillingOf, paramsNow } from '../../../src/core/delivery/generators/elements.ts'

test('an Application uses the files of its folder that its patterns include and do not exclude', () => {
  const taken = (written: unknown, ...paths: readonly string[]): readonly string[] =>
    paths.filter((path) => takesFile(directoryOptions(written), path))
  const all = ['a.yaml', 'b.yml', 'c.json', 'more/d.yaml']
  assert.deepEqual(taken(undefined, ...all), ['a.yaml', 'b.yml', 'c.json'])
  assert.deepEqual(taken({ recurse: true }, ...all), all)
  assert.deepEqual(taken({ recurse: 'true' }, ...all), ['a.yaml', 'b.yml', 'c.json'])
  assert.deepEqual(taken({ include: '*.yaml' }, ...all), ['a.yaml'])
  assert.deepEqual(taken({ include: '**.yaml', recurse: true }, ...all), ['a.yaml', 'more/d.yaml'])
  assert.deepEqual(taken({ include: '{a,b}.{yaml,yml}' }, ...all, 'a.yml'), ['a.yaml', 'b.yml', 'a.yml'])
  assert.deepEqual(taken({ include: 'a{}.yaml' }, ...all, 'a{}.yaml'), ['a.yaml'])
  assert.deepEqual(taken({ include: 'a{,b}.yaml' }, ...all, 'ab.yaml'), ['a.yaml', 'ab.yaml'])
  assert.deepEqual(taken({ exclude: '*.yaml' }, ...all), ['b.yml', 'c.json'])
  assert.deepEqual(taken({ include: '*.yaml', exclude: 'a.*' }, ...all, 'e.yaml'), ['e.yaml'])
})

test('a pattern that is not understood includes and excludes nothing by itself', () => {
  for (const pattern of ['[a]*', 'a?.yaml', '!a.yaml', 'a\\*', '*'.repeat(7), `{${'x,'.repeat(50)}x}.yaml`]) {
    assert.equal(takesFile(directoryOptions({ include: pattern }), 'a.yaml'), true, pattern)
    assert.equal(takesFile(directoryOptions({ exclude: pattern }), 'a.yaml'), true, pattern)
  }
  const most = `{${'x,'.repeat(49)}x}.yaml`
  assert.equal(takesFile(directoryOptions({ include: most }), 'a.yaml'), false)
  assert.equal(takesFile(directoryOptions({ include: '*a*a*a*a*a*a' }), 'b'), false)
})

test('an Application of a set comes from the elements that agree with all of its parameters', () => {
  const template = { metadata: { name: 'web-{{env}}' } }
  const setOf = (...elements: readonly object[]) => ({ spec: { generators: [{ list: { elements } }], template } })
  const [one, two] = [
    { env: 'a', ns: 'shop' },
    { env: 'b', ns: 'shop' },
  ]
  const filling = fillingOf(setOf(one, two).spec, one, { files: [], texts: new Map() })
  assert.deepEqual(
    filling.elements.map(({ params }) => params),
    [one],
  )
  const now = (...elements: readonly object[]) => paramsNow(setOf(...elements), filling, new Map())
  assert.deepEqual(now(two, one), one)
  assert.deepEqual(now({ ...one, ns: 'test' }, two), { ...one, ns: 'test' })
  assert.deepEqual(now(two), {})
})
