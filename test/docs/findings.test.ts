import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SEVERITIES } from '../../src/core/finding/finding.ts'

test('the page of findings has every code with its severity, and no other', () => {
  const text = readFileSync('docs/findings.md', 'utf8')
  const rows = [...text.matchAll(/^\| `([\w-]+)` \| (\w+) \|/gm)].map(([, code = '', severity]) => [code, severity])
  assert.deepEqual(Object.fromEntries(rows), SEVERITIES)
})
