/** Several callers who need the server's state at the same time share one request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedFetch } from '../../../src/adapters/git/shared-fetch.ts'

function server() {
  const asked: (readonly string[])[] = []
  const replies: (() => void)[] = []
  let last: Promise<unknown> = Promise.resolve()
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work)
    last = mine.catch(() => undefined)
    return mine
  }
  const fetch = sharedFetch(alone, async (refs) => {
    asked.push(refs)
    await new Promise<void>((resolve) => replies.push(resolve))
    return new Map(refs.filter((ref) => !ref.endsWith('gone')).map((ref) => [ref, `${asked.length}`]))
  })
  const reply = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    replies.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { fetch, asked, reply }
}

const main = 'refs/heads/main'
const one = 'refs/heads/one'
const two = 'refs/heads/two'
const gone = 'refs/heads/gone'

test('callers who come during a fetch share the next one, and each gets its own refs', async () => {
  const { fetch, asked, reply } = server()
  const first = fetch([main])
  await new Promise((resolve) => setImmediate(resolve))
  const others = [fetch([main, one]), fetch([main, two, gone])]
  await reply()
  assert.deepEqual([...(await first)], [[main, '1']])
  await reply()
  assert.deepEqual(
    (await Promise.all(others)).map((found) => [...found]),
    [
      [
        [main, '2'],
        [one, '2'],
      ],
      [
        [main, '2'],
        [two, '2'],
      ],
    ],
  )
  assert.deepEqual(asked, [[main], [main, one, two, gone]])
})

test('an invalid name fails only for its caller, and a pattern is fetched alone', async () => {
  const { fetch, asked, reply } = server()
  const good = fetch([main])
  await assert.rejects(fetch(['--upload-pack=x']), TypeError)
  const all = fetch(['refs/heads/canary/*'])
  await reply()
  assert.deepEqual([...(await good)], [[main, '1']])
  await reply()
  await all
  assert.deepEqual(asked, [[main], ['refs/heads/canary/*']])
})
