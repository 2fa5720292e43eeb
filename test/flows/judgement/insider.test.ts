/** Attempts of somebody with write access to raise a canary without the gates. */
import assert from 'node:assert/strict'
import { commandTrailer } from '../../../src/core/marker/trailer.ts'
import type { Pull } from '../../memory/github/github.ts'
import { CONFIG, routeFile, subsetsFile, withShare } from '../../simulate/repository.ts'
import { CANARY_FILE, imagesRepository, STABLE_FILE, versionFile } from '../../images.ts'
import { recordedIn } from '../recorded/account.ts'
import {
  aBuiltWorld,
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  branches,
  checkOf,
  gateOf,
  merges,
  openSteps,
  queue,
  says,
  shareOn,
  textOn,
  type World,
} from '../world.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')
const SUBSETS = subsetsFile('production', 'web')

test('a commit with a forged command trailer does not keep the command from being carried out', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const first = world.alice.comment(pull.number, 'Comments are numbered upwards.')
  const trailers = Array.from({ length: 60 }, (_, index) => commandTrailer(`${first + 1 + index}.0`))
  world.bob.push(pull.head.ref, { 'README.md': '# x\n' }, { message: ['Raise', '', ...trailers].join('\n') })
  await world.settle()
  await says(world, 'alice', pull, '/canary 5')
  const command = world.state.comments.find(({ body }) => body === '/canary 5')?.id ?? Infinity
  assert.ok(command > first && command <= first + 60, 'the forged commit names the comment')
  assert.equal(shareOn(world, pull.head.ref), 5)
})

test('roles cannot be swapped first, so that a later change could lower the stable version', async () => {
  const world = await aWorld()
  await aRollout(world)
  const text = textOn(world, 'main', ROUTE)
  const swapped = text.replace(/^( *)(\S+\/)canary-percentage:/m, '$1$2roles: stable=canary,canary=stable\n$&')
  assert.notEqual(swapped, text)
  const pull = await aPull(world, { [ROUTE]: swapped })
  assert.match(checkOf(world, pull, 'canary/validate'), /^failure/)
  const run = world.state.runs.findLast(({ sha, name }) => sha === pull.head.sha && name === 'canary/validate')
  assert.match(JSON.stringify(run?.report), /get other roles/)
})

test('a repair of an unreadable share brings neither another version nor a share of its own', async () => {
  const world = await aWorld()
  await aRollout(world)
  const good = textOn(world, 'main', ROUTE)
  world.alice.push('main', { [ROUTE]: good.replace('weight: 5', 'weight: "5"') })
  await world.settle()
  const subsets = textOn(world, 'main', SUBSETS).replace('version: v3', 'version: v4')
  const swapped = await aPull(world, { [ROUTE]: good, [SUBSETS]: subsets })
  assert.match(gateOf(world, swapped), /^failure/)
  world.alice.push('main', { [ROUTE]: good.replace('  http:', '  http: [') })
  await world.settle()
  const raised = await aPull(world, { [ROUTE]: withShare(good, 100) })
  assert.match(gateOf(world, raised), /^failure/)
  const lowered = await aPull(world, { [ROUTE]: withShare(good, 0) })
  assert.match(gateOf(world, lowered), /^success/)
})

/** Two stacked pull requests without conflicts: to 5 %, and from there to 20 %. */
async function stacked(world: World): Promise<readonly [Pull, Pull]> {
  const text = textOn(world, 'main', ROUTE)
  world.alice.push('five', { [ROUTE]: withShare(text, 5) })
  world.alice.push('twenty', { [ROUTE]: withShare(text, 20) }, { from: 'five' })
  const [five, twenty] = [world.alice.open('five', 'Five'), world.alice.open('twenty', 'Twenty')]
  assert.ok(five !== undefined && twenty !== undefined)
  await world.settle()
  return [five, twenty]
}

test('two steps of one rollout never merge together in a merge group', async () => {
  const world = await aWorld()
  const [five, twenty] = await stacked(world)
  assert.match(gateOf(world, five), /^success/)
  assert.match(gateOf(world, twenty), /is older and moves the same route/)
  assert.match((await queue(world, [five])).gate(), /^success/)
  const both = await queue(world, [five, twenty])
  assert.match(both.gate(), /^failure: .*both raise it and would merge together/)
})

test('the override of a pull request that lets more requests reach the canary counts beside others in a merge group', async () => {
  const world = await aWorld()
  await aRollout(world)
  const [head = '', rules = ''] = textOn(world, 'main', ROUTE).split(/(?<=http:\n)/)
  const beta =
    '    - match: [{ headers: { beta: { exact: "1" } } }]\n      route: [{ destination: { host: web, subset: canary } }]\n'
  const wide = await aPull(world, { [ROUTE]: `${head}${beta}${rules}` }, 'Beta')
  assert.match(gateOf(world, wide), /^action_required: Waiting for live/)
  for (const gate of ['live', 'bake', 'conflict'])
    await says(world, 'olga', wide, `/canary override ${gate} testers only`)
  assert.match(gateOf(world, wide), /^success/)
  const beside = await aPull(world, { 'docs/a.md': '# A\n' }, 'Describe it')
  assert.match((await queue(world, [beside, wide])).gate(), /^success/)
})

test('a step and a stable version that gets the canary’s image never merge together in a merge group', async () => {
  const world = await aBuiltWorld(imagesRepository())
  const pull = await aPull(world, { [CANARY_FILE]: versionFile('web-canary', 'v2') }, 'web v2')
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  await world.pass(15)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  const promotion = await aPull(world, { [STABLE_FILE]: versionFile('web', 'v2') }, 'v2 for all')
  await says(world, 'olga', promotion, '/canary override conflict both are wanted')
  assert.match(gateOf(world, promotion), /^success/)
  const beside = await aPull(world, { 'apps/production/README.md': '# Production\n' }, 'Describe production')
  assert.match((await queue(world, [promotion])).gate(), /^success/)
  assert.match((await queue(world, [beside, promotion])).gate(), /^success/)
  const both = await queue(world, [step, beside, promotion])
  const raisers = new RegExp(`^failure: .*#.?${step.number} and #.?${promotion.number} both raise it and would merge`)
  assert.match(both.gate(), raisers)
})

test('a branch cannot declare itself deployed, and each of two deployed branches has its own steps', async () => {
  const world = await aWorld()
  const config = textOn(world, 'main', CONFIG)
  world.alice.push('mine', { [CONFIG]: `branches: [main, mine]\n${config}` })
  world.olga.push('main', { [CONFIG]: `branches: [main, "release/*"]\n${config}` })
  world.alice.push('release/1', { 'README.md': '# One\n' })
  await world.settle()
  for (const base of ['mine', 'main', 'release/1']) {
    world.alice.push(`to-${base}`, { [ROUTE]: withShare(textOn(world, base, ROUTE), 5) }, { from: base })
    const pull = world.alice.open(`to-${base}`, base, base)
    assert.ok(pull !== undefined)
    await world.settle()
    // Only `main` requires checks.
    assert.equal(world.bob.merge(pull, { ignoresChecks: base !== 'main' }), 'merged')
    await world.settle()
  }
  const steps = ['canary/@release=2F1/production/web/25', 'canary/production/web/25']
  assert.deepEqual([...branches(openSteps(world))].sort(), steps)
  world.olga.push('perch/freeze/production', { 'README.md': 'release week\n' })
  await world.settle()
  for (const step of openSteps(world)) assert.match(gateOf(world, step), /freeze/, step.head.ref)
})
