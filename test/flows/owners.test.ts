/** Rollouts that Flagger or Argo Rollouts moves: Perch never writes their weights, and says who does. */
import assert from 'node:assert/strict'
import { argoRollout, flaggerCanary } from '../owners.ts'
import type { Pull } from '../memory/github/github.ts'
import {
  aNewVersion,
  answers,
  aPull,
  aRollout,
  aWorld,
  checkOf,
  comments,
  gateOf,
  merges,
  openSteps,
  queue,
  says,
  shareOn,
  textOn,
  type World,
} from './world.ts'
import { recordedIn } from './recorded/account.ts'

const test = recordedIn(import.meta.url)

const ROLLOUT = 'apps/production/web-rollout.yaml'
const ROUTE = 'apps/production/web-route.yaml'
const OWNED =
  /^> `[^`]*` from `alice`\n\n⛔ Argo Rollouts moves the traffic of `production\/web` \(`Rollout default\/web` at `apps\/production\/web-rollout\.yaml:1`\) and would overwrite weights that Perch commits, so nothing was committed\./

/** Everything that `canary/validate` reports about a pull request's head. */
function validation({ state }: World, { head }: Pull): string {
  return JSON.stringify(state.runs.findLast(({ sha, name }) => sha === head.sha && name === 'canary/validate')?.report)
}

test('no command writes weights that a controller writes', async () => {
  const world = await aWorld({ files: { [ROLLOUT]: argoRollout() } })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  const { sha } = pull.head
  for (const line of ['/canary next', '/canary promote', '/canary plan 5,100', '/switch green'])
    await says(world, 'alice', pull, line)
  const found = answers(world, pull)
  assert.equal(found.length, 4)
  for (const answer of found) assert.match(answer, OWNED)
  assert.equal(pull.head.sha, sha)
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary next')
  assert.match(answers(world, pull).at(-1) ?? '', OWNED)
  assert.deepEqual(openSteps(world), [])
})

test('a share that a controller leaves behind has to go live and bake before it rises', async () => {
  const world = await aWorld()
  await aRollout(world)
  world.alice.push('main', { [ROLLOUT]: argoRollout() })
  await world.settle()
  await world.pass(20)
  world.alice.push('main', { [ROLLOUT]: undefined })
  await world.settle()
  const [step] = openSteps(world)
  assert.equal(step?.head.ref, 'canary/production/web/25')
  assert.match(gateOf(world, step), /^action_required: Waiting for live and bake/)
  await world.pass(14)
  assert.equal(gateOf(world, step), 'success: Live and baked')
})

test('a new controller for a rollout of Perch makes the checks red, and closes its step once it exists', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  const brings = await aPull(world, { [ROLLOUT]: argoRollout() }, 'Argo Rollouts')
  assert.match(checkOf(world, brings, 'canary/validate'), /^failure/)
  assert.match(validation(world, brings), /two-writers: .*the controller of that object overwrites the weights/)
  world.alice.push('main', { [ROLLOUT]: argoRollout() })
  await world.settle()
  assert.equal(step.state, 'closed')
  assert.match(comments(world, step).at(-1) ?? '', /^Closed: a controller in the cluster now moves the traffic/)
  await says(world, 'alice', pull, '/canary abort')
  assert.match(
    answers(world, pull).at(-1) ?? '',
    /⛔ Perch does not abort `production\/web`\. Argo Rollouts moves the traffic .*`kubectl argo rollouts abort web` sends all traffic back\. Then restore the old version in Git\./,
  )
  await says(world, 'alice', pull, '/canary status')
  assert.match(
    answers(world, pull).at(-1) ?? '',
    /Argo Rollouts moves it: `Rollout default\/web` at `apps\/production\/web-rollout\.yaml:1`/,
  )
  assert.deepEqual(openSteps(world), [])
})

test('weights that a person changes get a warning, and nothing follows their merge', async () => {
  const world = await aWorld({ files: { [ROLLOUT]: argoRollout() } })
  const text = textOn(world, 'main', ROUTE)
  const pull = await aPull(world, {
    [ROUTE]: text.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10'),
  })
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
  assert.match(
    comments(world, pull)[0] ?? '',
    /⚠️ Argo Rollouts moves the traffic of `production\/web` \(`Rollout default\/web` at `[^`]*:1`\) and overwrites these weights\./,
  )
  assert.match(
    validation(world, pull),
    /`VirtualService web` in `production` has a second writer, `Rollout default\/web`/,
  )
  await merges(world, 'bob', pull)
  assert.equal(shareOn(world, 'main'), 10)
  await world.pass(60)
  await world.sweep()
  assert.deepEqual(openSteps(world), [])
})

test('the route that Flagger creates is known by its Canary', async () => {
  const world = await aWorld({ services: ['api'], files: { 'apps/production/web-canary.yaml': flaggerCanary() } })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  await says(world, 'alice', pull, '/canary next web')
  assert.match(
    answers(world, pull)[0] ?? '',
    /⛔ Flagger moves the traffic of `production\/web` \(`Canary default\/web` at `apps\/production\/web-canary\.yaml:1`\)/,
  )
  await says(world, 'alice', pull, '/canary 5 api')
  assert.match(answers(world, pull)[1] ?? '', /✅ `production\/api`: 0% → \*\*5%\*\*/)
})

const CANARY = 'apps/production/web-canary.yaml'

test('a share for a rollout of Flagger is the highest share for its canary, in a commit of only that', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: flaggerCanary() } })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  await says(world, 'alice', pull, '/canary 30 web')
  assert.match(
    answers(world, pull)[0] ?? '',
    /✅ Flagger moves `production\/web`\. With [0-9a-f]{7} on this pull request, it gives the canary at most \*\*30%\*\* before it promotes it \(until now 50%\)\./,
  )
  assert.equal(textOn(world, pull.head.ref, CANARY), flaggerCanary().replace('maxWeight: 50', 'maxWeight: 30'))
  await says(world, 'alice', pull, '/canary 30 web')
  assert.match(answers(world, pull)[1] ?? '', /already gives the canary of `production\/web` at most 30%/)
  await says(world, 'alice', pull, '/canary 23 web')
  assert.match(
    answers(world, pull)[2] ?? '',
    /⛔ .*Flagger raises the share by `stepWeight` each time, here by 10%\. It would not stop at this share, but continue to 30%\. Ask for 20% or 30%/,
  )
})

test('the status of a pull request names the controllers in the environments of which it changes a file', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: flaggerCanary() } })
  const near = await aNewVersion(world, { service: 'api' })
  await says(world, 'alice', near, '/canary status')
  assert.match(
    answers(world, near)[0] ?? '',
    /`production\/web` \| – \| moved by Flagger \|\n\n- `production\/web`: Flagger moves it: `Canary default\/web`/,
  )
  const far = await aPull(world, { 'docs/a.md': 'x\n' })
  await says(world, 'alice', far, '/canary status')
  assert.match(answers(world, far)[0] ?? '', /No rollout belongs to this pull request\. /)
})

test('on a merged pull request, a limit opens a new pull request, once', async () => {
  const world = await aWorld({ files: { [ROLLOUT]: argoRollout() } })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary 25 web')
  const [opened, ...others] = openSteps(world)
  assert.ok(opened !== undefined && others.length === 0, answers(world, pull).join())
  assert.equal(opened.head.ref, 'perch/limit/production/web/25')
  assert.equal(opened.title, 'Limit production/web: at most 40% → 25%')
  assert.equal(textOn(world, opened.head.ref, ROLLOUT), argoRollout().replace('setWeight: 40', 'setWeight: 25'))
  assert.equal(shareOn(world, opened.head.ref), 0)
  await world.sweep()
  assert.deepEqual(openSteps(world), [opened])
  await merges(world, 'bob', opened)
  await says(world, 'alice', pull, '/canary 25 web')
  assert.match(answers(world, pull).at(-1) ?? '', /already gives .* at most 25%/)
})

test('a pull request that removes the controller is blocked while the weights in Git give the canary a share', async () => {
  const world = await aWorld({ share: 30, files: { [ROLLOUT]: argoRollout() } })
  const pull = await aPull(world, { [ROLLOUT]: undefined }, 'Remove the Rollout')
  assert.match(
    checkOf(world, pull, 'canary/gate'),
    /^failure: Blocked by live: Argo Rollouts moves this rollout on the base branch, so Git does not say how much traffic/,
  )
  assert.match(comments(world, pull)[0] ?? '', /production\/web leaves Argo Rollouts: Git gives the canary 30%/)
  await says(world, 'alice', pull, '/canary status')
  assert.match(
    answers(world, pull).at(-1) ?? '',
    /When it merges:\n\n- `production\/web` leaves Argo Rollouts: Git gives the canary 30%/,
  )
  await says(world, 'alice', pull, '/canary 0')
  assert.match(answers(world, pull).at(-1) ?? '', /✅ .*\*\*0%\*\*/)
  assert.match(checkOf(world, pull, 'canary/gate'), /^success/)
})

test('a maintainer can let the weights in Git count, and approvals are needed as for any raise', async () => {
  const world = await aWorld({ share: 30, files: { [ROLLOUT]: argoRollout() }, config: { approvals: 1 } })
  const pull = await aPull(world, { [ROLLOUT]: undefined }, 'Remove the Rollout')
  await says(world, 'olga', pull, '/canary override live it is at 30% there')
  assert.match(checkOf(world, pull, 'canary/gate'), /^action_required: Waiting for approvals/)
})

test('a route that is left to Perch by its annotation is gated like one whose controller goes', async () => {
  const world = await aWorld({ share: 30, files: { [ROLLOUT]: argoRollout() } })
  const text = textOn(world, 'main', ROUTE)
  const pull = await aPull(world, {
    [ROUTE]: text.replace('metadata:\n', 'metadata:\n  annotations: { perch.dev/ignore: two-writers }\n'),
  })
  assert.match(checkOf(world, pull, 'canary/gate'), /^failure: Blocked by live/)
})

test('a controller may be removed if the weights in Git give the canary nothing', async () => {
  const world = await aWorld({ files: { [ROLLOUT]: argoRollout() } })
  const pull = await aPull(world, { [ROLLOUT]: undefined }, 'Remove the Rollout')
  assert.match(checkOf(world, pull, 'canary/gate'), /^success/)
})

test('one command does not mean a share in one environment and a limit in another', async () => {
  const world = await aWorld({ environments: ['staging', 'production'], files: { [ROLLOUT]: argoRollout() } })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  const { sha } = pull.head
  for (const line of ['/canary 25', '/canary 0', '/canary next', '/canary promote', '/canary plan 5,100'])
    await says(world, 'alice', pull, `${line}${line.includes('plan') ? '' : ' web'} --env all`)
  const found = answers(world, pull)
  assert.equal(found.length, 5)
  for (const answer of found)
    assert.match(
      answer,
      /⛔ Argo Rollouts moves the traffic of `production\/web` \(.*\), but it does not move `staging\/web`\. One command cannot do both, so nothing was committed\. Write one command for each environment, with `--env`\./,
    )
  assert.equal(pull.head.sha, sha)
})

test('a limit is set on a branch whose base has other weights since, but not if the base has another limit', async () => {
  const world = await aWorld({ files: { [CANARY]: flaggerCanary() } })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  const text = textOn(world, 'main', ROUTE)
  world.alice.push('main', { [ROUTE]: text.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10') })
  await world.settle()
  await says(world, 'alice', pull, '/canary 30 web')
  assert.match(answers(world, pull).at(-1) ?? '', /✅ Flagger moves .*\*\*30%\*\*/)
  const other = await aPull(world, { 'docs/b.md': 'x\n' })
  world.alice.push('main', { [CANARY]: flaggerCanary().replace('stepWeight: 10', 'stepWeight: 7') })
  await world.settle()
  await says(world, 'alice', other, '/canary 30 web')
  assert.match(
    answers(world, other).at(-1) ?? '',
    /⛔ `main` has changed the limit of `production\/web` since this branch was made/,
  )
})

test('an abort says who aborts rollouts of a controller, even if nobody asked Perch before', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: flaggerCanary() } })
  const pull = await aNewVersion(world, { service: 'api' })
  await says(world, 'alice', pull, '/canary abort')
  const words =
    /⛔ Perch does not abort `production\/web`\. Flagger moves the traffic .*It rolls back by itself if its analysis fails\. To roll back now, restore the old version in Git/
  assert.match(answers(world, pull).at(-1) ?? '', words)
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary abort')
  assert.match(answers(world, pull).at(-1) ?? '', words)
  const far = await aPull(world, { 'docs/a.md': 'x\n' })
  await says(world, 'alice', far, '/canary abort')
  assert.doesNotMatch(answers(world, far).at(-1) ?? '', /Flagger/)
})

test('a promotion carries the fields of a Canary, and no weight of its route', async () => {
  const canaries = (production: string, staging: string) => ({
    'apps/production/web-canary.yaml': production,
    'apps/staging/web-canary.yaml': staging,
  })
  const limited = flaggerCanary().replace('maxWeight: 50', 'maxWeight: 30')
  const world = await aWorld({ environments: ['staging', 'production'], files: canaries(flaggerCanary(), limited) })
  const text = textOn(world, 'main', ROUTE)
  world.alice.push('main', {
    'apps/staging/web-route.yaml': text.replace('weight: 100', 'weight: 70').replace('weight: 0', 'weight: 30'),
  })
  await world.settle()
  const pull = await aPull(world, { 'docs/a.md': 'x\n' })
  await says(world, 'alice', pull, '/promote staging production web')
  const [opened] = openSteps(world)
  assert.ok(opened !== undefined, answers(world, pull).at(-1))
  assert.equal(textOn(world, opened.head.ref, CANARY), limited)
  assert.equal(textOn(world, opened.head.ref, ROUTE), text)
})

test('the merge queue accepts a removed controller only with a maintainer’s override', async () => {
  const world = await aWorld({ share: 30, files: { [ROLLOUT]: argoRollout() } })
  const pull = await aPull(world, { [ROLLOUT]: undefined }, 'Remove the Rollout')
  const other = await aPull(world, { 'docs/a.md': 'x\n' })
  const blocked = await queue(world, [pull, other])
  assert.match(blocked.gate(), /^failure: Blocked by live/)
  await says(world, 'olga', pull, '/canary override live it is at 30% there')
  const passed = await queue(world, [pull, other])
  assert.match(passed.gate(), /^success: Live overridden by olga/)
})

test('a Canary that is removed with its route needs no gate, and one that leaves a route with a share does', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: flaggerCanary() } })
  const gone = await aPull(world, { [CANARY]: undefined }, 'Remove web')
  assert.match(checkOf(world, gone, 'canary/gate'), /^success/)
  const route = textOn(world, 'main', 'apps/production/api-route.yaml').replaceAll(/\bapi\b/g, 'web')
  const text = route.replace('weight: 100', 'weight: 70').replace('weight: 0', 'weight: 30')
  const left = await aPull(world, { [CANARY]: undefined, [ROUTE]: text }, 'Leave Flagger')
  assert.match(checkOf(world, left, 'canary/gate'), /^failure: Blocked by live: Flagger moves this rollout/)
})

test('a removed controller leaves no canary behind under another name, or on another route', async () => {
  const world = await aWorld({ share: 50, files: { [ROLLOUT]: argoRollout() } })
  const text = textOn(world, 'main', ROUTE)
  const [, stable = '', canary = ''] =
    /(?<stable> +- destination: .*stable.*\n.*\n)(?<canary> +- destination: .*canary.*\n.*\n)/.exec(text) ?? []
  assert.ok(stable !== '' && canary !== '')
  for (const [what, route] of [
    ['other subset', text.replace('subset: canary', 'subset: green')],
    ['the canary alone', text.replace(stable, '')],
    ['another route', text.replace('name: web\n', 'name: web2\n')],
  ] as const) {
    const pull = await aPull(world, { [ROLLOUT]: undefined, [ROUTE]: route }, what)
    assert.match(checkOf(world, pull, 'canary/gate'), /^failure/, what)
    assert.match(
      validation(world, pull),
      /"rollout-vanished","message":"Argo Rollouts moves production\/web on the base branch/,
      what,
    )
  }
  const plain = await aPull(world, { [ROLLOUT]: undefined, [ROUTE]: text.replace(canary, '') }, 'Stable alone')
  assert.match(checkOf(world, plain, 'canary/gate'), /^success/)
  const gone = await aPull(world, { [ROLLOUT]: undefined, [ROUTE]: undefined }, 'Neither')
  assert.doesNotMatch(validation(world, gone), /rollout-vanished/)
})
