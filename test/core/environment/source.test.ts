import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSource } from '../../../src/core/environment/source.ts'

test('a kustomization of a mebibyte is read, and a larger one is refused unread', () => {
  const text = (length: number): string => `resources: []\n${'#'.repeat(length - 14)}`
  const read = parseSource(text(1024 * 1024))
  assert.ok(read.ok)
  assert.deepEqual(
    read.documents.map(({ data }) => data),
    [{ resources: [] }],
  )
  assert.deepEqual(parseSource(text(1024 * 1024 + 1)), { ok: false, line: 1 })
})
