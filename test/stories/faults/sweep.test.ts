/** The cost of a sweep when nothing is new. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn } from '../world.ts'
import { waitingRollouts } from './waiting.ts'

const SWEEP_MS = 600_000

const TOKENS = '/app/installations/{installation_id}/access_tokens'

const SERVICES = Array.from({ length: 8 }, (_, index) => `web-${index}`)

test('a sweep over 8 waiting rollouts and 50 quiet pull requests costs at most one counted request while the token is the same', async (t) => {
  const story = await aStory({ files: waitingRollouts(SERVICES), env: { reconcileSeconds: SWEEP_MS / 1_000 } })
  const repo = story.repository()
  const alice = story.person('alice')
  await story.until('all steps', () => repo.pulls('open').length === SERVICES.length)
  for (let index = 0; index < 50; index += 1)
    alice.openPullRequest({ branch: `docs-${index}`, title: `docs ${index}`, files: { [`docs/${index}.md`]: 'x\n' } })
  await story.until('all judged', () => repo.pulls('open').every(({ head }) => checksOn(repo, head.sha).gate !== '-'))
  const sweep = async (): Promise<readonly string[]> => {
    const mark = story.box.requests.mark()
    await story.pass(SWEEP_MS)
    const { api, tokens, records } = story.box.requestsSince(mark, 'perch')
    // Creating a token counts against no limit.
    const asked = records.filter(({ kind, route }) => kind === 'graphql' || (kind === 'rest' && route !== TOKENS))
    const counted = asked.filter(({ status }) => status !== 304)
    t.diagnostic(`${api} requests, ${tokens} tokens, ${counted.length} counted`)
    return counted.map(({ method, path }) => `${method} ${path}`)
  }
  // A new token has new ETags, so everything is requested once. Two sweeps still look at recent events.
  await story.pass(3_600_000)
  await sweep()
  await sweep()
  for (let turn = 0; turn < 2; turn += 1) {
    const counted = await sweep()
    assert.ok(counted.length <= 1, counted.join('\n'))
  }

  // Changes are still noticed.
  const [step] = repo.pulls('open').filter(({ head }) => head.ref.startsWith('canary/'))
  const comment = alice.comment(step?.number ?? 0, '/canary status')
  await story.until('an answer', () =>
    repo.comments(step?.number ?? 0).find(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
})
