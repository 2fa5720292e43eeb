import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oncePer } from '../../src/core/cached.ts'

test('work is done once for each object', () => {
  const done: object[] = []
  const numberOf = oncePer((one: object) => done.push(one))
  const [one, other] = [{}, {}]
  assert.deepEqual([numberOf(one), numberOf(other), numberOf(one), numberOf(other)], [1, 2, 1, 2])
})
