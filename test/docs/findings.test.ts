import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { WORST_GRADES } from '../../src/core/finding/grade.ts'

test('the page of findings has every code with its worst grade, and no other', () => {
  const text = readFileSync('docs/findings.md', 'utf8')
  const rows = [...text.matchAll(/^\| `([\w-]+)` \| (\w+) \|/gm)].map(([, code = '', grade]) => [code, grade])
  assert.deepEqual(Object.fromEntries(rows), WORST_GRADES)
})
