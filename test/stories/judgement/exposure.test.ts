/** Pull requests that send a canary more traffic than their weights say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judged } from './judging.ts'
import { aStory, DR, FAST, gitops, type Story, VS } from '../world.ts'

/** A repository whose canary has 5 %, and is not live yet. */
async function atFive(): Promise<Story> {
  return aStory({ files: gitops(FAST, [95, 5]) })
}

function edited(story: Story, path: string, from: string | RegExp, to: string): Record<string, string> {
  const text = story.repository().file(path) ?? ''
  assert.notEqual(text.replace(from, to), text)
  return { [path]: text.replace(from, to) }
}

test('a weight in octal counts as what Kubernetes reads', async () => {
  const story = await atFive()
  const files = edited(story, VS, /weight: 95(.*)([^]*)weight: 5$/m, 'weight: 0$1$2weight: 0144')
  const { gate, words } = await judged(story, files)
  assert.notEqual(gate, 'success')
  assert.match(words, /production\/api-service 5% → 100%/)
})

test('a weight that is text is red, and counts as nothing less', async () => {
  const story = await atFive()
  const { validate, gate } = await judged(story, edited(story, VS, 'weight: 5\n', 'weight: "50"\n'))
  assert.deepEqual({ validate, gate }, { validate: 'failure', gate: 'failure' })
})

test('roles that the pull request swaps are not swapped', async () => {
  const story = await atFive()
  const [path, text] = Object.entries(
    edited(story, VS, /weight: 95(.*)([^]*)weight: 5$/m, 'weight: 5$1$2weight: 95'),
  )[0] ?? ['', '']
  const roles = 'gitops.example.com/roles: stable=canary,canary=stable\n    gitops.example.com/canary-version'
  const { gate, words } = await judged(story, { [path]: text.replace('gitops.example.com/canary-version', roles) })
  assert.notEqual(gate, 'success')
  assert.match(words, /the same destinations have other roles/)
})

test('a rule before the weighted one that everybody fits is a raise', async () => {
  const story = await atFive()
  const rule =
    '    - match:\n        - method: { exact: GET }\n      route:\n        - destination: { host: api-service, subset: canary }\n    - name: main\n'
  const { gate, words } = await judged(story, edited(story, VS, '    - name: main\n', rule))
  assert.notEqual(gate, 'success')
  assert.match(words, /rule `http\[1\]` of `VirtualService api-service` sends requests to the canary, 5% → 100%/)
})

test('a stable subset without labels picks the canary too, and is red', async () => {
  const story = await aStory()
  const { validate, gate, words } = await judged(story, edited(story, DR, 'labels:\n        version: v1', 'labels: {}'))
  assert.deepEqual({ validate, gate }, { validate: 'failure', gate: 'failure' })
  assert.match(
    words,
    /Nobody can tell how many requests rule `main` .* sends to the canary of `production\/api-service`/,
  )
  assert.match(words, /labels or a selector that only the pods of its own version have/)
})

test('a rule for testers stays what it is while the share is lowered', async () => {
  const story = await atFive()
  const files = edited(story, VS, /weight: 95(.*)([^]*)weight: 5$/m, 'weight: 100$1$2weight: 0')
  const { validate, gate, words } = await judged(story, files)
  assert.deepEqual({ validate, gate }, { validate: 'success', gate: 'success' })
  assert.match(words, /5% → 0%/)
})
