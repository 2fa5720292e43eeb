/** Neither an outage nor a lost webhook loses a command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { badGateway, type FaultRequest } from '../../../src/sandbox/wire/faults.ts'
import { aRollout, openReviewed, say } from './commanding.ts'
import { aStory } from '../world.ts'

/** Jobs are retried once before they count as failing for longer, so that a story's outage takes seconds. */
const IMPATIENT = { retryLimit: 1 }

const COMMIT = { path: 'graphql:createCommitOnBranch' } as const

test('an abort is completed after an outage in which its step was closed but its rollback could not be opened', async () => {
  const story = await aRollout(IMPATIENT)
  const outage = story.box.faults.add({ match: COMMIT, times: 4, kind: badGateway({ isDone: false }) })
  const words = await say(story, 'alice', '/canary abort', story.step)
  assert.equal(outage.struck(), 4)
  assert.match(words, new RegExp(`🛑 Closed #${story.step}\\. Merge #\\d+ to send all traffic back`))
  const open = story.repository().pulls('open')
  assert.deepEqual(
    open.map(({ head }) => head.ref).filter((ref) => ref.startsWith('canary/production/')),
    ['canary/production/api-service/0'],
  )
})

test('a raise is completed after an outage of GraphQL', async () => {
  const story = await aStory(IMPATIENT)
  const pull = await openReviewed(story, 'outage')
  const isGraphql = ({ path }: FaultRequest): boolean => path === '/api/graphql'
  const outage = story.box.faults.add({ match: isGraphql, times: 4, kind: badGateway({ isDone: false }) })
  assert.match(await say(story, 'alice', '/canary 25 --env production', pull), /0% → \*\*25%\*\*/)
  assert.equal(outage.struck(), 4)
})
