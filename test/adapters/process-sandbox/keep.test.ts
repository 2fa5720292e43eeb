import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keeper } from '../../../src/adapters/process-sandbox/keep.ts'

/** A keeper of two texts, and work that ends when the test says so. */
function aKeeper() {
  const keep = keeper<string>({ maxEntries: 2, maxSize: 10, sizeOf: ({ length }) => (length > 5 ? undefined : length) })
  const begun: string[] = []
  const once = (key: string, outcome: Promise<string> = Promise.resolve(key)): Promise<string> =>
    keep(key, () => {
      begun.push(key)
      return outcome
    })
  return { once, begun }
}

test('the same work is done once, however many ask for it while it runs or later', async () => {
  const { once, begun } = aKeeper()
  assert.deepEqual(await Promise.all([once('a'), once('a'), once('b')]), ['a', 'a', 'b'])
  assert.equal(await once('a'), 'a')
  assert.deepEqual(begun, ['a', 'b'])
})

test('work that runs is shared, also if more runs than is kept', async () => {
  const { once, begun } = aKeeper()
  const slow = Promise.withResolvers<string>()
  const first = once('slow', slow.promise)
  for (const key of ['a', 'b', 'c']) await once(key)
  const second = once('slow', slow.promise)
  slow.resolve('done')
  assert.deepEqual(await Promise.all([first, second]), ['done', 'done'])
  assert.deepEqual(begun, ['slow', 'a', 'b', 'c'])
})

test('the results that nobody has used for longest are dropped, and so is what is too large or has failed', async () => {
  const { once, begun } = aKeeper()
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await once(key)
  assert.deepEqual(begun.splice(0), ['a', 'b', 'c', 'b'])
  for (const key of ['too long', 'too long']) await once(key)
  assert.deepEqual(begun.splice(0), ['too long', 'too long'])
  await assert.rejects(once('x', Promise.reject(new Error('No'))))
  assert.equal(await once('x'), 'x')
})
