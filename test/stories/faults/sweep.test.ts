/** What a sweep costs when nothing is new. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn } from '../world.ts'
import { waitingRollouts } from './waiting.ts'

const SWEEP_MS = 600_000

const SERVICES = Array.from({ length: 8 }, (_, index) => `web-${index}`)

test('of a sweep over 8 waiting rollouts and 50 quiet pull requests at most one request counts, while the token is the same', async (t) => {
  const story = await aStory({ files: waitingRollouts(SERVICES), env: { reconcileSeconds: SWEEP_MS / 1_000 } })
  const repo = story.repository()
  const alice = story.person('alice')
  await story.until('all steps', () => repo.pulls('open').length === SERVICES.length)
  for (let index = 0; index < 50; index += 1)
    alice.openPullRequest({ branch: `docs-${index}`, title: `docs ${index}`, files: { [`docs/${index}.md`]: 'x\n' } })
  await story.until('all judged', () => repo.pulls('open').every(({ head }) => checksOn(repo, head.sha).gate !== '-'))
  const sweep = async (): Promise<number> => {
    const mark = story.box.requests.mark()
    await story.pass(SWEEP_MS)
    const { api, counted } = story.box.requestsSince(mark, 'perch')
    t.diagnostic(`${api} requests, ${counted} counted`)
    return counted
  }
  // Another token has other ETags: then each thing is asked for once. Two sweeps look at what has just happened.
  await story.pass(3_600_000)
  await sweep()
  await sweep()
  assert.ok((await sweep()) <= 1)
  assert.ok((await sweep()) <= 1)

  // What is new is seen all the same.
  const [step] = repo.pulls('open').filter(({ head }) => head.ref.startsWith('canary/'))
  const comment = alice.comment(step?.number ?? 0, '/canary status')
  await story.until('an answer', () =>
    repo.comments(step?.number ?? 0).find(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
})
