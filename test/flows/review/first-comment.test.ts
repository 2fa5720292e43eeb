/** A pull request with a new canary version is told once how to begin its rollout. */
import assert from 'node:assert/strict'
import { subsetsFile, withCanaryVersion } from '../../simulate/repository.ts'
import { aNewVersion, aPull, aRollout, aWorld, comments, says, shareOn, textOn, type World } from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const SUBSETS = subsetsFile('production', 'web')

test('a new canary version gets one comment with the command to paste, and the same comment tells the rollout', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const [comment = '', ...others] = comments(world, pull)
  assert.deepEqual(others, [])
  assert.match(
    comment,
    /^<!-- perch:summary -->\n\n\*\*New canary version: `production\/web v2 → v3`\*\* · no traffic yet/,
  )
  assert.match(comment, /5% → 25% → 100%/)
  const [, command = ''] = /```text\n(.*)\n```/.exec(comment) ?? []
  await says(world, 'alice', pull, command)
  assert.equal(shareOn(world, pull.head.ref), 5)
  const now = comments(world, pull).filter((body) => body.startsWith('<!-- perch:summary'))
  assert.equal(now.length, 1)
  assert.match(now[0] ?? '', /production\/web 0% → 5%/)
})

test('unrelated pushes, and lost memory, do not change the comment', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const before = world.state.comments.map((one) => ({ ...one }))
  world.alice.push(pull.head.ref, { 'README.md': '# More\n' })
  await world.settle()
  world.service.crash('memo')
  await world.service.start()
  await world.sweep()
  assert.deepEqual(world.state.comments, before)
  world.alice.push(pull.head.ref, { [SUBSETS]: textOn(world, 'main', SUBSETS) })
  await world.settle()
  assert.equal(comments(world, pull).length, 1)
  assert.match(comments(world, pull)[0] ?? '', /No canary traffic changes/, 'it does not ask for what is gone')
})

test('if two processes wrote the comment at the same time, the first one is kept up to date', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const first = world.state.comments.find(({ author }) => author.isBot)
  assert.ok(first !== undefined)
  const second = { ...first, id: first.id + 1_000 }
  world.state.comments.push(second)
  const { body } = second
  await says(world, 'alice', pull, '/canary 5')
  assert.notEqual(world.state.comments.find(({ id }) => id === first.id)?.body, body)
  assert.equal(world.state.comments.find(({ id }) => id === second.id)?.body, body)
})

/** The requests after the base branch moves under an open pull request. */
async function costOfMove(open: (world: World) => Promise<unknown>): Promise<number> {
  const world = await aWorld()
  await open(world)
  world.bob.push('main', { 'README.md': '# Other\n' })
  await world.settle()
  await world.sweep()
  const { requests } = world.network
  world.bob.push('main', { 'README.md': '# Another\n' })
  await world.settle()
  await world.sweep()
  return world.network.requests - requests
}

test('when the base branch moves, a pull request with the comment costs no request', async () => {
  const withoutTraffic = await costOfMove((world) => aPull(world, { 'docs/a.md': 'x\n' }))
  assert.equal(await costOfMove((world) => aNewVersion(world)), withoutTraffic)
})

test('when the base branch moves, a stacked pull request that is in conflict with it costs no request', async () => {
  const withoutTraffic = await costOfMove((world) => aPull(world, { 'docs/a.md': 'x\n' }))
  const cost = await costOfMove(async (world) => {
    const first = await aPull(world, { 'docs/first.md': '# First\n' })
    world.alice.push('second', { 'docs/a.md': 'x\n' }, { from: first.head.ref })
    world.alice.open('second', 'Second', first.head.ref)
    await world.settle()
    world.bob.push('main', { 'docs/a.md': 'y\n' })
    await world.settle()
  })
  assert.equal(cost, withoutTraffic)
})

test('a running rollout gets no such comment, and neither do Perch’s own pull requests', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const text = withCanaryVersion(textOn(world, 'main', SUBSETS), 'v4')
  const pull = await aPull(world, { [SUBSETS]: text })
  assert.doesNotMatch(comments(world, pull).join('\n'), /New canary version/)
  assert.doesNotMatch(comments(world, step).join('\n'), /New canary version/)
})

test('with `start: never` there is no comment', async () => {
  const world = await aWorld({ config: { start: 'never' } })
  const pull = await aNewVersion(world)
  assert.deepEqual(comments(world, pull), [])
})

test('a version for several environments in order begins with the first', async () => {
  const world = await aWorld({ environments: ['staging', 'production'], config: { isOrdered: true } })
  const files = ['staging', 'production'].map((name) => {
    const path = subsetsFile(name, 'web')
    return [path, withCanaryVersion(textOn(world, 'main', path), 'v3')] as const
  })
  const pull = await aPull(world, Object.fromEntries(files))
  const [comment = ''] = comments(world, pull)
  assert.deepEqual(comment.match(/```text\n.*\n```/g), ['```text\n/canary 5 web --env staging\n```'])
  assert.match(comment, /`production\/web` can start after that/)
})
