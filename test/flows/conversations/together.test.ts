/** Whole conversations about several pull requests at the same time: the merge queue, shared commits, branches and drafts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG, routeFile, subsetsFile, withShare } from '../../simulate/repository.ts'
import { memoryPerson } from '../../memory/github/person.ts'
import { withCanaryVersion } from '../../simulate/repository.ts'
import { aPull, aRollout, flux, merges, openSteps, queue, says, textOn } from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')

test('groups of the merge queue, with an override, a freeze, a signal and a moving base', async () => {
  const world = await aTranscribedWorld({ config: { live: 'status' } })
  const { step } = await aRollout(world)
  const words = await aPull(world, { 'README.md': '# Words\n' })
  await queue(world, [words, step])
  await flux(world, 'success')
  await world.pass(11)
  await says(world, 'olga', step, '/freeze production')
  await says(world, 'olga', step, '/canary override freeze we know')
  await world.sweep()
  await queue(world, [step, words])
  world.bob.push('main', { 'docs/a.md': 'x\n' })
  await world.settle()
  await world.sweep()
  await assertConversation(world, 'merge-queue')
})

test('two pull requests of one commit, a draft, a new base and a reopened pull request', async () => {
  const world = await aTranscribedWorld()
  world.alice.push('release', { 'docs/r.md': 'x\n' })
  const pull = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) }, 'By hand')
  const second = world.bob.open(pull.head.ref, 'The same for the release', 'release')
  assert.ok(second !== undefined)
  await world.settle()
  world.alice.setDraft(pull, true)
  await world.settle()
  world.alice.close(pull)
  await world.settle()
  world.alice.reopen(pull)
  await world.settle()
  world.alice.setDraft(pull, false)
  await world.settle()
  world.alice.push(pull.head.ref, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 6) })
  await world.settle()
  await merges(world, 'bob', pull)
  await assertConversation(world, 'one-commit-two-pulls')
})

test('a bot brings versions, in a pull request and by a push, and rollouts begin by themselves', async () => {
  const world = await aTranscribedWorld({ config: { start: 'first-step', automation: ['flux'], steps: [5, 100] } })
  const subsets = subsetsFile('production', 'web')
  const bot = memoryPerson(world.state, 'renovate[bot]', 'write')
  bot.push('update-v3', { [subsets]: withCanaryVersion(textOn(world, 'main', subsets), 'v3') })
  const pull = bot.open('update-v3', 'Update web to v3')
  assert.ok(pull !== undefined)
  await world.settle()
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  await merges(world, 'bob', rollback)
  const image = memoryPerson(world.state, 'flux', 'write')
  image.push('main', { [subsets]: withCanaryVersion(textOn(world, 'main', subsets), 'v4') })
  await world.settle()
  await world.sweep()
  await assertConversation(world, 'automation')
})

test('a step is shown as a deployment and announced in a channel', async () => {
  const config = `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web: { steps: [5, 100], bake: 10m }
deployments: true
notify: [{ to: team }]
`
  const told: string[] = []
  const world = await aTranscribedWorld({
    files: { [CONFIG]: config },
    notifier: {
      destinations: () => ['team'],
      async send(to, { text, news }) {
        told.push(`${to}: ${text} ${JSON.stringify(news)}`)
        return 'sent'
      },
    },
  })
  const { step } = await aRollout(world)
  await world.pass(15)
  await merges(world, 'bob', step)
  await says(world, 'alice', step, '/canary abort')
  for (const one of openSteps(world)) await merges(world, 'bob', one)
  await world.pass(15)
  await world.sweep()
  await assertConversation(world, 'deployments')
  assert.deepEqual(told, [
    'team: production/web: the rollout of v3 has started at 5%. {"event":"started","environment":"production","service":"web","share":5,"version":"v3","pull":1}',
    'team: production/web: the step at 5% of v3 is live. {"event":"live","environment":"production","service":"web","share":5,"version":"v3","pull":2}',
    'team: production/web: the rollout of v3 waits at 5%. Every gate of #2 passes: merge it. {"event":"waiting","environment":"production","service":"web","share":5,"version":"v3","pull":2,"waitsFor":"merge"}',
    'team: production/web: the rollout of v3 waits at 100%. Every gate of #4 passes: merge it. {"event":"waiting","environment":"production","service":"web","share":100,"version":"v3","pull":4,"waitsFor":"merge"}',
    'team: production/web: the rollout has ended. All traffic is on the stable version. {"event":"rolled-back","environment":"production","service":"web","pull":1}',
  ])
})

test('a promotion is requested twice, planned again, held and merged', async () => {
  const world = await aTranscribedWorld({ environments: ['staging', 'production'], config: { isOrdered: true } })
  const [staging, production] = [routeFile('staging', 'web'), routeFile('production', 'web')]
  const slow = (text: string, seconds: number): string =>
    text.replace(/ {4}- (?:timeout: \d+s\n {6})?route:/, `    - timeout: ${seconds}s\n      route:`)
  world.alice.push('main', { [staging]: slow(textOn(world, 'main', staging), 3) })
  await world.settle()
  const pull = await aPull(world, { 'README.md': 'Please promote.\n' }, 'Ask')
  await says(world, 'alice', pull, '/promote staging production --dry-run')
  await says(world, 'alice', pull, '/promote staging production')
  await says(world, 'alice', pull, '/promote staging production')
  world.alice.push('main', { [staging]: slow(textOn(world, 'main', staging), 4) })
  await world.settle()
  await says(world, 'olga', pull, '/freeze production sale')
  await world.pass(5)
  await says(world, 'olga', pull, '/unfreeze production')
  world.alice.push('main', { [production]: slow(textOn(world, 'main', production), 4) })
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production')
  await assertConversation(world, 'a-promotion')
})
