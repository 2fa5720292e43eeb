/** The key by which pull requests are found that were judged with other stops. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { stopsKey } from '../../../src/flows/stop/stops-key.ts'

const seal = (text: string): string => createHash('sha256').update(text).digest('hex')

test('the key of a set of stops is short, whatever their number, and distinguishes any two sets', () => {
  const [one, two] = ['1'.repeat(40), '2'.repeat(40)]
  const many = Array.from({ length: 5_000 }, (_, n) => [`refs/heads/perch/hold/production/${n}`, one] as const)
  const sets = [[], many, many.slice(1), many.slice(0, 1), [[many[0]?.[0] ?? '', two] as const]]
  const keys = sets.map((set) => stopsKey({ seal }, new Map(set)))
  assert.equal(new Set(keys).size, sets.length)
  assert.ok(keys.every((key) => key.length <= 32))
  assert.equal(stopsKey({ seal }, new Map(many.toReversed())), keys[1])
  for (const branch of ['main', 'perch/onboarding', 'perch/limit/production/web/25'])
    assert.equal(stopsKey({ seal }, new Map([[`refs/heads/${branch}`, one]])), keys[0], branch)
})
