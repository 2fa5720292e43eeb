/**
 * Whole conversations with GitHub's merge queue: groups that fail, groups that move, and commits that belong to a group and a
 * pull request.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headOf, moveBranch, person } from '../../memory/github/github.ts'
import { CONFIG, routeFile, withShare } from '../../simulate/repository.ts'
import { aNewVersion, aPull, aRollout, queue, says, textOn } from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')

test('a group that cannot be judged turns red, one that is gone is forgotten, and a lost one is found', async () => {
  const world = await aTranscribedWorld({ config: { live: 'status' } })
  const { step } = await aRollout(world)
  world.network.outages.set('git', world.now() + 5 * 60_000)
  await queue(world, [step])
  await world.pass(10)
  await world.sweep()
  const ref = [...world.state.refs.keys()].find((one) => one.includes('gh-readonly-queue')) ?? ''
  world.state.refs.delete(ref)
  await world.sweep()
  world.hears = false
  const words = await aPull(world, { 'README.md': '# Words\n' })
  await world.sweep()
  await queue(world, [words, step])
  await world.sweep()
  world.hears = true
  await assertConversation(world, 'groups-lost')
})

test('groups with a commit that is also a pull request, with a broken config, and for a branch that is not deployed', async () => {
  const world = await aTranscribedWorld()
  const first = await aNewVersion(world)
  await says(world, 'alice', first, '/canary 5')
  world.alice.push('second', { [ROUTE]: withShare(textOn(world, first.head.ref, ROUTE), 25) }, { from: first.head.ref })
  const second = world.alice.open('second', 'By hand')
  assert.ok(second !== undefined)
  await world.settle()
  const { sha } = await queue(world, [first])
  world.alice.push('release', { 'docs/r.md': 'x\n' })
  moveBranch(world.state, 'same', { sha, by: person('bob') })
  const same = world.bob.open('same', 'The commit of the queue')
  await world.settle()
  if (same !== undefined) world.bob.close(same)
  await world.settle()
  await queue(world, [second])
  const config = textOn(world, 'main', CONFIG)
  world.bob.push('main', { [CONFIG]: config.replace('bake: 10m', 'bake: long') })
  await world.settle()
  await queue(world, [first])
  world.bob.push('main', { [CONFIG]: `branches: [release]\n${config}` })
  await world.settle()
  await queue(world, [first])
  await world.sweep()
  const base = headOf(world.state, 'main') ?? ''
  world.state.refs.set(`refs/heads/gh-readonly-queue/main/pr-9-${base}`, base)
  await world.sweep()
  await assertConversation(world, 'groups')
})
