import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberPlaces, wordPlaces, withReplaced } from '../../../src/core/layer/feed.ts'
import { asSeen } from '../../../src/core/layer/seen.ts'

/** Numbers in texts of any format, and objects with the values that were rendered. */

test('a number is found if it stands alone: in YAML, in quotes, after an equals sign, not in names, paths and longer numbers', () => {
  const text = 'a: 20\nb: "20"\nc=20\nd: [20,200]\n/spec/20/x v20 20m 1.20 web-20 $20\n'
  const places = numberPlaces(new Map([['x', text]]), new Set([20]))
  assert.deepEqual(
    places.map(({ at }) => text.slice(at - 1, at + 3)),
    [' 20\n', '"20"', '=20\n', '[20,'],
  )
})

test('numbers are written where they were found, whatever their lengths', () => {
  const texts = new Map([['x', 'a: 5\nb: 5\n']])
  const [first, second] = numberPlaces(texts, new Set([5]))
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(
    [
      ...withReplaced(texts, [
        [first, 100],
        [second, 0],
      ]),
    ],
    [['x', 'a: 100\nb: 0\n']],
  )
})

test('an object has the rendered numbers, and names without the prefix or suffix of the render', () => {
  const written = { kind: 'A', metadata: { name: 'web' }, spec: { list: [{ host: 'web', weight: 1 }] } }
  const rendered = {
    kind: 'A',
    metadata: { name: 'web-prod', annotations: { team: 'shop' } },
    spec: { list: [{ host: 'web-prod', weight: 9 }], more: 'x' },
  }
  assert.deepEqual(asSeen(written, rendered), {
    kind: 'A',
    metadata: { name: 'web', annotations: { team: 'shop' } },
    spec: { list: [{ host: 'web', weight: 9 }], more: 'x' },
  })
})

test('words are found as values, and not in longer words or as keys', () => {
  const texts = new Map([
    ['a.yaml', 'stable: { tag: stable, "stable": 1 }\nimage: web:1.0\nmore: [1.0, x1.0, 1.0-rc]\nstable:\n'],
  ])
  const places = wordPlaces(texts, new Set(['stable', '1.0', 'web:1.0']))
  assert.deepEqual(
    places.map(({ text }) => text),
    ['stable', 'web:1.0', '1.0'],
  )
})
