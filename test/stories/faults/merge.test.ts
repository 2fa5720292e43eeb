/** The cost of a merge while other steps are open. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn } from '../world.ts'
import { waitingRollouts } from './waiting.ts'

const SERVICES = Array.from({ length: 5 }, (_, index) => `web-${index}`)

test('a merge causes requests about another step only if something that step depends on changes', async () => {
  const story = await aStory({ files: waitingRollouts(SERVICES) })
  const repo = story.repository()
  const alice = story.person('alice')
  const stepOf = (service: string, share: number): ReturnType<typeof repo.pulls>[number] | undefined =>
    repo.pulls('open').find(({ head }) => head.ref === `canary/production/${service}/${share}`)
  const gateOf = (service: string, share: number): string => {
    const step = stepOf(service, share)
    return step === undefined ? '-' : checksOn(repo, step.head.sha).gate
  }
  await story.until('all steps', () => SERVICES.every((name) => gateOf(name, 50) === 'action_required'))
  // The webhooks about their opening are handled a little later.
  await story.pass(30_000)

  const mark = story.box.requests.mark()
  alice.merge(stepOf('web-0', 50)?.number ?? 0, { method: 'squash' })
  await story.until('the next step', () => gateOf('web-0', 100) === 'action_required')
  await story.quiet()
  const { api, records } = story.box.requestsSince(mark, 'perch')
  assert.ok(api <= 10, records.map(({ method, path }) => `${method} ${path}`).join('\n'))

  // The bake of web-1 is over as soon as its step is live. The config on the base branch has its length.
  const [landed] = repo.log()
  alice.setStatus(landed?.sha ?? '', { context: 'flux/apps', state: 'success' })
  await story.quiet()
  assert.equal(gateOf('web-1', 50), 'action_required')
  const config = repo.file('.github/canary.yml') ?? ''
  alice.push('main', {
    '.github/canary.yml': config.replace(
      'web-1: { steps: [25, 50, 100], bake: 1m }',
      'web-1: { steps: [25, 50, 100], bake: 0s }',
    ),
  })
  await story.quiet()
  assert.equal(gateOf('web-1', 50), 'success')
  assert.equal(gateOf('web-2', 50), 'action_required')
})
