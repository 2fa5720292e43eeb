/** What holds a raise back, apart from the previous step: order, approvals, other pull requests, windows and unreadable files. */
import assert from 'node:assert/strict'
import { CONFIG, routeFile, subsetsFile, withShare } from '../../simulate/repository.ts'
import {
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  answers,
  checkOf,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')

function validateOf(world: World, pull: Parameters<typeof checkOf>[1]): string {
  return checkOf(world, pull, 'canary/validate')
}

test('production waits until staging has the share, is live with it, and has baked', async () => {
  const world = await aWorld({ environments: ['staging', 'production'], config: { isOrdered: true } })
  const pull = await aNewVersion(world, { environment: 'production' })
  await says(world, 'alice', pull, '/canary 5 --env production')
  assert.match(
    gateOf(world, pull),
    /^action_required: Waiting for order: staging must do this step first\. It is at 0% and must reach 5%/,
  )
  await aRollout(world, { environment: 'staging', share: 5 }).catch(() => undefined)
  assert.match(gateOf(world, pull), /staging must do this step first\. There: counts as live at/)
  await world.pass(4)
  assert.match(gateOf(world, pull), /staging must do this step first: it bakes there until/)
  await world.pass(10)
  assert.match(gateOf(world, pull), /^success: In order/)
})

test('production waits if staging has another version, or lacks the service', async () => {
  const world = await aWorld({ environments: ['staging', 'production'], config: { isOrdered: true } })
  const path = subsetsFile('staging', 'web')
  await merges(world, 'bob', await aPull(world, { [path]: textOn(world, 'main', path).replace('v2', 'v7') }))
  const first = await aPull(world, {
    [routeFile('staging', 'web')]: withShare(textOn(world, 'main', routeFile('staging', 'web')), 50),
  })
  await merges(world, 'bob', first)
  await world.pass(20)
  const pull = await aNewVersion(world, { environment: 'production' })
  await says(world, 'alice', pull, '/canary 5 --env production')
  assert.match(gateOf(world, pull), /staging must do this step first\. Its traffic goes to another version now/)
  world.alice.push('main', {
    [routeFile('staging', 'web')]: undefined,
    [path]: undefined,
    'apps/staging/a.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec: { ports: [{ port: 80 }] }\n',
  })
  await world.settle()
  assert.match(gateOf(world, pull), /staging must do this step first, but has no such service/)
})

test('a raise needs the approvals of people with write access who had no part in it', async () => {
  const world = await aWorld({ config: { approvals: 2 } })
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  const gate = (): string => gateOf(world, pull)
  assert.match(gate(), /^action_required: Waiting for approvals: needs 2 more approvals of this commit .* \(0 of 2\)/)
  for (const who of ['alice', 'mallory'] as const) {
    world[who].approve(pull)
    await world.settle()
    assert.match(gate(), /\(0 of 2\)/, who)
  }
  world.bob.approve(pull)
  await world.settle()
  assert.match(gate(), /needs 1 more approval of this commit .* \(1 of 2\)/)
  world.olga.approve(pull)
  await world.settle()
  assert.match(gate(), /^success: Approved/)
  world.bob.push(pull.head.ref, { 'README.md': '# Mine\n' })
  await world.settle()
  assert.match(gate(), /\(0 of 2\)/, 'another commit')
  for (const who of ['bob', 'olga'] as const) world[who].approve(pull)
  await world.settle()
  assert.match(gate(), /\(1 of 2\)/, 'who pushed to it cannot approve it')
})

test('updating a branch does not make anybody an author of its commits', async () => {
  const world = await aWorld({ config: { approvals: 1 } })
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  world.olga.push('main', { 'README.md': '# Other\n' })
  world.bob.mergeBranch('main', pull.head.ref)
  await world.settle()
  world.bob.approve(pull)
  await world.settle()
  assert.match(gateOf(world, pull), /^success: Approved/)
})

test('the younger of two pull requests on one route waits for the older one while that is open and not a draft', async () => {
  const world = await aWorld()
  const older = await aNewVersion(world)
  const path = subsetsFile('production', 'web')
  const younger = await aPull(world, { [path]: textOn(world, 'main', path).replace('version: v2', 'version: v4') })
  await says(world, 'alice', younger, '/canary 5')
  assert.match(gateOf(world, younger), /^success/, 'the older one moves no traffic yet')
  await says(world, 'alice', older, '/canary 25')
  assert.match(
    gateOf(world, younger),
    new RegExp(`conflict: #\u200B?${older.number} is older and moves the same route`),
  )
  assert.match(gateOf(world, older), /^success/)
  world.alice.setDraft(older, true)
  await world.settle()
  assert.match(gateOf(world, younger), /^success/)
  world.alice.setDraft(older, false)
  await world.settle()
  assert.match(gateOf(world, younger), /conflict/)
  world.alice.close(older)
  await world.settle()
  assert.match(gateOf(world, younger), /^success/)
})

test('only a maintainer can override a gate, and only for one commit', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await says(world, 'alice', step, '/canary override bake it is fine')
  assert.match(answers(world, step).at(-1) ?? '', /⛔ .*maintain/)
  await says(world, 'olga', step, '/canary override freeze why not')
  assert.match(answers(world, step).at(-1) ?? '', /⛔ .*freeze/)
  await says(world, 'olga', step, '/canary override live it is fine')
  assert.match(
    answers(world, step).at(-1) ?? '',
    /⚠️ `olga` has overridden the gate \*\*live\*\* for commit [0-9a-f]{7} only: it is fine/,
  )
  assert.match(gateOf(world, step), /^action_required: Waiting for bake/)
  await says(world, 'olga', step, '/canary override bake it is fine')
  assert.match(gateOf(world, step), /^success: Live and bake overridden by olga/)
  world.bob.push(step.head.ref, { 'README.md': '# x\n' })
  await world.settle()
  assert.match(gateOf(world, step), /^action_required: Waiting for live and bake/)
})

test('a forged record of an override overrides nothing', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await says(world, 'olga', step, '/canary override live fine')
  const record = world.state.comments.findLast(({ body }) => body.includes('perch:override:'))?.body ?? ''
  await says(world, 'mallory', step, record.replaceAll(':live', ':bake').replaceAll('live:', 'bake:'))
  assert.match(gateOf(world, step), /Waiting for bake/)
})

test('a window in the config freezes an environment, and opens its gates when it ends', async () => {
  const world = await aWorld()
  const config = textOn(world, 'main', CONFIG).replace(
    'path: apps/production,',
    'path: apps/production, frozen: [{ from: "2026-01-05", until: "2026-01-05 10:00", reason: party }],',
  )
  world.alice.push('main', { [CONFIG]: config })
  await world.settle()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  assert.match(
    gateOf(world, pull),
    /freeze: \.github\/canary\.yml allows no raises in production until 2026-01-05 10:00:00 UTC.*party/,
  )
  await world.pass(60)
  assert.match(gateOf(world, pull), /^success/)
})

test('a new version under traffic, a route that disappears and roles that swap are no way around the gate', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const path = subsetsFile('production', 'web')
  const swapped = await aPull(world, { [path]: textOn(world, 'main', path).replace('version: v3', 'version: v4') })
  assert.match(gateOf(world, swapped), /^failure: Blocked by version.*the canary has 5% of the traffic/)
  const gone = await aPull(world, { [ROUTE]: undefined })
  assert.match(validateOf(world, gone), /^failure/)
  const direct = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 100) })
  assert.match(gateOf(world, direct), /conflict|live/)
  assert.equal(step.state, 'open')
  const lower = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 1) })
  assert.match(gateOf(world, lower), /^success/)
})

test('a pull request in conflict with its base names the files', async () => {
  const world = await aWorld()
  const pull = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) })
  world.olga.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 7) })
  await world.settle()
  assert.match(validateOf(world, pull), /^failure: .*apps\/production\/web-route\.yaml/)
  assert.match(gateOf(world, pull), /^failure/)
})

test('a pull request with its own config is judged by that of the base', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const config = textOn(world, 'main', CONFIG)
  world.alice.push(step.head.ref, { [CONFIG]: config.replace('bake: 10m', 'bake: 1m') })
  await world.settle()
  await world.pass(6)
  assert.match(gateOf(world, step), /Waiting for bake: must stay live for 10 min/)
  const broken = await aPull(world, { [CONFIG]: config.replace('steps:', 'stepz:') })
  assert.match(validateOf(world, broken), /^failure: The config is not valid at services\.web\.stepz/)
  assert.deepEqual(openSteps(world), [step])
})

test('an unreadable share stops its rollout, and a repair may restore the old state', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const good = textOn(world, 'main', ROUTE)
  world.alice.push('main', { [ROUTE]: good.replace('weight: 5', 'weight: "5"') })
  await world.settle()
  assert.equal(step.state, 'closed')
  const up = await aPull(world, { [ROUTE]: withShare(good, 6) })
  assert.match(gateOf(world, up), /^failure/)
  const repair = await aPull(world, { [ROUTE]: good })
  assert.match(gateOf(world, repair), /^success|conflict/)
})

test('a pull request that adds a subset and immediately sends traffic there gets a warning, and is not red for it', async () => {
  const world = await aWorld()
  const path = subsetsFile('production', 'web')
  const subsets = textOn(world, 'main', path)
  const without = subsets.slice(0, subsets.indexOf('    - name: canary'))
  world.alice.push('main', { [path]: without })
  await world.settle()
  const pull = await aPull(world, { [path]: subsets, [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5) })
  assert.match(validateOf(world, pull), /^success: /)
  const report = world.state.runs.findLast(({ sha, name }) => sha === pull.head.sha && name === 'canary/validate')
  assert.match(
    JSON.stringify(report),
    /use-before-definition: `VirtualService .*web` in `production` sends traffic to subset `canary` of `web` in the same commit that adds the subset/,
  )
})
