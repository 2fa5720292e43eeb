import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KeptAnswer, keptAnswers } from '../../../src/adapters/github/client/kept-answers.ts'

const answer = (data: unknown): KeptAnswer => ({ etag: 'W/"x"', status: 200, data, link: undefined })

test('answers are kept by what was asked, and those used last stay', () => {
  const kept = keptAnswers({ count: 2, size: 1_000 })
  kept.keep('a', answer('a'))
  kept.keep('b', answer('b'))
  assert.equal(kept.get('a')?.data, 'a')
  kept.keep('c', answer('c'))
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => kept.get(key)?.data),
    ['a', undefined, 'c'],
  )
})

test('what is kept has a bound in size, and one answer above it is not kept', () => {
  const kept = keptAnswers({ count: 100, size: 100 })
  kept.keep('small', answer('x'.repeat(60)))
  kept.keep('other', answer('x'.repeat(60)))
  assert.equal(kept.get('small'), undefined)
  kept.keep('large', answer('x'.repeat(200)))
  assert.equal(kept.get('large'), undefined)
  kept.keep('other', answer('y'))
  assert.equal(kept.get('other')?.data, 'y')
})
