/** With `start: first-step`, the rollout of a version from automation begins by itself. */
import assert from 'node:assert/strict'
import { headOf, moveBranch, type Pull } from '../../memory/github/github.ts'
import { type MemoryPerson, memoryPerson } from '../../memory/github/person.ts'
import { CHART } from '../../memory/builds.ts'
import { CONFIG, routeFile, subsetsFile, withCanaryVersion, withShare } from '../../simulate/repository.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import {
  aBuiltWorld,
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  branches,
  comments,
  gateOf,
  merges,
  openSteps,
  says,
  shareOn,
  textOn,
  versionsOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const SUBSETS = subsetsFile('production', 'web')
const ROUTE = routeFile('production', 'web')
const BY_ITSELF = { start: 'first-step', automation: ['flux'] } as const

/** A pull request by a bot with a new version of the canary. */
async function anUpdate(world: World, version = 'v3', { isDraft = false } = {}) {
  const bot = memoryPerson(world.state, 'renovate[bot]', 'write')
  const branch = `update-${version}`
  bot.push(branch, { [SUBSETS]: withCanaryVersion(textOn(world, 'main', SUBSETS), version) })
  const pull = bot.open(branch, `Update web to ${version}`)
  assert.ok(pull)
  if (isDraft) bot.setDraft(pull, true)
  await world.settle()
  return { bot, pull }
}

/** Recreates the branch of an update from the base branch, without other people's commits. */
function remakes(world: World, bot: MemoryPerson, { head }: Pull): void {
  const text = textOn(world, head.ref, SUBSETS)
  const base = headOf(world.state, 'main') ?? ''
  const now = new Map(world.state.objects.files(base)).set(SUBSETS, text)
  const made = {
    files: now,
    parents: [base],
    message: 'Update',
    author: bot.login,
    isVerified: true,
    time: world.now(),
  }
  const { sha } = world.state.objects.commit(made)
  moveBranch(world.state, head.ref, { sha, by: { login: bot.login, isBot: true } })
}

/** Image automation pushes a version to the base branch. */
async function aPush(world: World, version = 'v3', login = 'flux'): Promise<void> {
  const flux = memoryPerson(world.state, login, 'write')
  flux.push('main', { [SUBSETS]: withCanaryVersion(textOn(world, 'main', SUBSETS), version) })
  await world.settle()
}

test('a pull request of a bot gets the first step, held by its gate, and nobody is asked', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, approvals: 1 } })
  const { pull } = await anUpdate(world)
  assert.equal(shareOn(world, pull.head.ref), 5)
  assert.match(gateOf(world, pull), /^action_required: Waiting for approvals/)
  const said = comments(world, pull)
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /production\/web 0% → 5%/)
  assert.match(world.state.objects.find(pull.head.sha)?.message ?? '', /Asked by the config \(`start: first-step`\)/)
})

test('there is one commit, whatever is lost, and people’s changes to it stay', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull } = await anUpdate(world)
  const { sha } = pull.head
  world.service.crash('all')
  await world.service.start()
  await world.settle()
  await world.sweep()
  assert.equal(pull.head.sha, sha)
  await says(world, 'alice', pull, '/canary 0')
  await world.sweep()
  assert.equal(shareOn(world, pull.head.ref), 0, 'a person took it back')
})

test('a person is asked, and so is everybody on a draft, which begins once it is ready', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const pull = await aNewVersion(world)
  assert.equal(shareOn(world, pull.head.ref), 0)
  assert.match(comments(world, pull)[0] ?? '', /New canary version/)
  const { bot, pull: draft } = await anUpdate(world, 'v4', { isDraft: true })
  assert.equal(shareOn(world, draft.head.ref), 0)
  assert.match(comments(world, draft)[0] ?? '', /New canary version/)
  bot.setDraft(draft, false)
  await world.settle()
  assert.equal(shareOn(world, draft.head.ref), 5)
})

test('a version that image automation pushes begins with a step pull request, once', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world)
  const [step] = openSteps(world)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
  assert.ok(step)
  world.service.crash('all')
  await world.service.start()
  await world.sweep()
  assert.equal(openSteps(world).length, 1)
  world.alice.close(step)
  await world.settle()
  world.service.crash('all')
  await world.service.start()
  await world.sweep()
  assert.deepEqual(openSteps(world), [], 'a person refused it')
  await aPush(world, 'v4')
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'], 'another version is another question')
})

test('a version that Argo CD’s Image Updater writes into its own file begins with a step pull request', async () => {
  const values = 'charts/web/values-production.yaml'
  const world = await aBuiltWorld({
    ...CHART,
    '.github/canary.yml':
      'automation: [argocd-image-updater]\nservices:\n  web: { steps: [25, 100], bake: 1m, start: first-step }\n',
    'apps/production.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: production, namespace: argocd }
spec:
  syncPolicy: { automated: {} }
  source:
    path: charts/web
    helm: { releaseName: web, valueFiles: [values-production.yaml] }
`,
    [values]: 'canary: { weight: 0 }\nversions: { stable: v1, canary: v1 }\n',
  })
  memoryPerson(world.state, 'argocd-image-updater', 'write').push('main', {
    'charts/web/.argocd-source-production.yaml':
      'helm:\n  parameters:\n  - name: versions.canary\n    value: v2\n    forcestring: true\n',
  })
  await world.settle()
  const [step] = openSteps(world)
  assert.equal(step?.title, 'Canary production/web v2: 0% → 25%')
  assert.match(textOn(world, step.head.ref, values), /weight: 25/)
})

test('a version that is pushed before the step of another one has merged gets a step that names it', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world)
  const [step, ...others] = openSteps(world)
  assert.ok(step)
  assert.match(step.title, / v3: 0% → 5%$/)
  await aPush(world, 'v4')
  await aPush(world, 'v5')
  assert.deepEqual([openSteps(world), others], [[step], []])
  assert.match(step.title, / v5: 0% → 5%$/)
  assert.match(textOn(world, step.head.ref, ROUTE), /canary-version: "?v5/)
  const { sha } = step.head
  await world.sweep()
  assert.equal(step.head.sha, sha)
})

test('a version that was rolled back does not begin again', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world)
  const [step] = openSteps(world)
  assert.ok(step)
  await merges(world, 'bob', step)
  await says(world, 'alice', step, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('a finished version does not begin again, and neither does one that stable runs already', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, steps: [100] } })
  await aPush(world)
  for (let count = 0; count < 3; count += 1) {
    const [step, ...others] = openSteps(world)
    assert.ok(step)
    assert.deepEqual(others, [])
    await world.pass(20)
    await merges(world, 'bob', step)
  }
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main'), versionsOn(world, 'main')], [[], 0, ['v3', 'v3']])
  const other = await aWorld({ config: BY_ITSELF })
  await aPush(other, 'v1')
  assert.deepEqual([openSteps(other), versionsOn(other, 'main')], [[], ['v1', 'v1']])
})

test('a version whose first step a person took back on its pull request does not begin after the merge', async () => {
  for (const wayBack of ['command', 'push'] as const) {
    const world = await aWorld({ config: BY_ITSELF })
    const { pull } = await anUpdate(world)
    assert.equal(shareOn(world, pull.head.ref), 5)
    if (wayBack === 'command') await says(world, 'alice', pull, '/canary 0')
    else world.alice.push(pull.head.ref, { [ROUTE]: textOn(world, 'main', ROUTE) })
    await world.settle()
    await merges(world, 'bob', pull)
    await world.sweep()
    assert.deepEqual([versionsOn(world, 'main'), shareOn(world, 'main')], [['v1', 'v3'], 0])
    assert.deepEqual(openSteps(world), [], wayBack)
  }
})

test('when a bot recreates its branch, a share that a person has set there is not set again', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull, bot } = await anUpdate(world)
  await says(world, 'mallory', pull, '/canary 0')
  remakes(world, bot, pull)
  await world.settle()
  assert.equal(shareOn(world, pull.head.ref), 5, 'mallory has no say')
  await says(world, 'alice', pull, '/canary 0')
  remakes(world, bot, pull)
  await world.settle()
  assert.equal(shareOn(world, pull.head.ref), 0)
})

test('a share that a person sets to 0 with their own pull request stays there', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull } = await anUpdate(world)
  await merges(world, 'bob', pull)
  assert.equal(shareOn(world, 'main'), 5)
  await merges(world, 'bob', await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 0) }))
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('`finish-first`: a version that was pushed into a rollout, and is rolled back, does not begin again', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull, step } = await aRollout(world)
  world.alice.close(step)
  await world.settle()
  world.hears = false
  await aPush(world, 'v4')
  world.hears = true
  await says(world, 'alice', pull, '/canary abort')
  const rollback = openSteps(world).find(({ head }) => head.ref.endsWith('/0'))
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('`restart`: an abort while the traffic is being removed ends the restart', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  const { pull } = await aRollout(world)
  await aPush(world, 'v4')
  const [rollback] = openSteps(world)
  assert.ok(rollback)
  assert.match(rollback.body, /When this merges, Perch opens the first step of the new version\./)
  await says(world, 'alice', pull, '/canary abort')
  assert.doesNotMatch(rollback.body, /restart|first step/)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('`restart`: an abort that makes the rollback again also ends the restart', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  const { pull } = await aRollout(world)
  await aPush(world, 'v4')
  const [rollback] = openSteps(world)
  assert.ok(rollback)
  world.hears = false
  world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 10) })
  world.hears = true
  await says(world, 'alice', pull, '/canary abort')
  assert.deepEqual([rollback.state, rollback.title], ['open', 'Roll back production/web v4: 10% → 0%'])
  assert.doesNotMatch(rollback.body, /restart|first step/)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('`restart`: a rollback that people asked for stays one when it is made again for a new version', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  const { pull } = await aRollout(world)
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback)
  const head = rollback.head.sha
  world.hears = false
  await aPush(world, 'v4')
  world.hears = true
  world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 10) })
  await world.settle()
  assert.notEqual(rollback.head.sha, head)
  assert.doesNotMatch(rollback.body, /restart|first step/)
  await merges(world, 'bob', rollback)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 0])
})

test('a push by a person, and a version from before the config, are left to people', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aPush(world, 'v3', 'carol')
  assert.deepEqual(openSteps(world), [])
  const other = await aWorld({ config: { automation: ['flux'] } })
  await aPush(other)
  other.olga.push('main', { [CONFIG]: textOn(other, 'main', CONFIG).replace('start: ask', 'start: first-step') })
  await other.settle()
  assert.deepEqual(openSteps(other), [])
})

test('nobody can bring a version and name themselves as automation in one change', async () => {
  const config = { automation: ['flux'] }
  const named = (text: string): string =>
    text.replace('["flux"]', '["flux", "alice"]').replace('start: ask', 'start: first-step')
  const version = (world: World): Record<string, string> => ({
    [CONFIG]: named(textOn(world, 'main', CONFIG)),
    [SUBSETS]: withCanaryVersion(textOn(world, 'main', SUBSETS), 'v3'),
  })
  const pulled = await aWorld({ config })
  const pull = await aPull(pulled, version(pulled))
  assert.equal(shareOn(pulled, pull.head.ref), 0)
  await merges(pulled, 'bob', pull)
  assert.deepEqual(openSteps(pulled), [])
  const pushed = await aWorld({ config: { ...config, start: 'first-step' } })
  pushed.alice.push('main', version(pushed))
  await pushed.settle()
  assert.deepEqual(openSteps(pushed), [])
})

test('a login that is no longer in the config is not automation, whenever it brought the version', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  world.hears = false
  await aPush(world)
  world.olga.push('main', { [CONFIG]: textOn(world, 'main', CONFIG).replace('["flux"]', '[]') })
  world.hears = true
  await world.sweep()
  assert.deepEqual(openSteps(world), [])
})

test('a push that GitHub has not recorded yet is checked again, and finally left to people', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  world.hears = false
  await aPush(world)
  const hidden = world.state.moves.splice(-1)
  await world.sweep()
  assert.deepEqual(openSteps(world), [])
  world.state.moves.push(...hidden)
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('two versions in one pull request both begin', async () => {
  const world = await aWorld({ services: ['web', 'api'], config: BY_ITSELF })
  const bot = memoryPerson(world.state, 'renovate[bot]', 'write')
  const paths = ['web', 'api'].map((service) => subsetsFile('production', service))
  bot.push(
    'update',
    Object.fromEntries(paths.map((path) => [path, withCanaryVersion(textOn(world, 'main', path), 'v3')])),
  )
  const pull = bot.open('update', 'Update all')
  assert.ok(pull)
  await world.settle()
  const shares = ['web', 'api'].map((service) => shareOn(world, 'update', { service }))
  assert.deepEqual([shares, world.service.repeated()], [[5, 5], 0])
  assert.match(gateOf(world, pull), /^success/)
})

test('if a person has to begin, `restart` removes no traffic', async () => {
  const world = await aWorld({ config: { automation: ['flux'], onNewVersion: 'restart' } })
  await aRollout(world)
  const { pull } = await anUpdate(world, 'v4')
  assert.deepEqual([shareOn(world, pull.head.ref), versionsOn(world, pull.head.ref)], [5, ['v1', 'v4']])
  assert.match(gateOf(world, pull), /^failure/)
})

test('a bot whose pull request was merged before its first step is followed by a step', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  world.hears = false
  const { pull } = await anUpdate(world)
  assert.equal(world.bob.merge(pull, { ignoresChecks: true }), 'merged')
  world.hears = true
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('`restart`: a new version during a rollout takes the traffic away first, and then begins', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  await aRollout(world)
  const { pull } = await anUpdate(world, 'v4')
  assert.equal(shareOn(world, pull.head.ref), 0)
  assert.match(gateOf(world, pull), /^success/)
  await merges(world, 'bob', pull)
  assert.deepEqual([shareOn(world, 'main'), versionsOn(world, 'main')], [0, ['v1', 'v4']])
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('`restart`: a version that is pushed into a rollout is rolled back, and then begins', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  await aRollout(world)
  await aPush(world, 'v4')
  const [rollback, ...others] = openSteps(world)
  assert.deepEqual([rollback?.head.ref, others], ['canary/production/web/0', []])
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/5'])
})

test('`restart`: a version that began again continues with its next steps, and is not rolled back again', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'restart' } })
  await aRollout(world)
  await aPush(world, 'v4')
  const merged: string[] = []
  for (let [step] = openSteps(world); step !== undefined && merged.length < 9; [step] = openSteps(world)) {
    merged.push(step.head.ref)
    await world.pass(15)
    await merges(world, 'bob', step)
  }
  const names = ['0', '5', '25', '100', 'finish', '0']
  assert.deepEqual(
    merged,
    names.map((name) => `canary/production/web/${name}`),
  )
  assert.deepEqual([shareOn(world, 'main'), versionsOn(world, 'main')], [0, ['v4', 'v4']])
})

test('`finish-first`: a new version waits for the rollout, and begins when it is over', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  const { pull: first } = await aRollout(world)
  const { pull, bot } = await anUpdate(world, 'v4')
  assert.match(gateOf(world, pull), /^failure/)
  await says(world, 'alice', first, '/canary abort')
  const rollback = openSteps(world).find(({ head }) => head.ref.endsWith('/0'))
  assert.ok(rollback)
  await merges(world, 'bob', rollback)
  assert.match(comments(world, pull).join(), /New canary version/, 'its branch is from before')
  assert.ok(bot.mergeBranch('main', pull.head.ref))
  await world.settle()
  assert.deepEqual([shareOn(world, 'main'), shareOn(world, pull.head.ref)], [0, 5])
  assert.match(gateOf(world, pull), /^success/)
})

test('`finish-first`: the steps of a rollout do not wait for the older pull request that waits for its end', async () => {
  const world = await aWorld({ config: BY_ITSELF })
  await aRollout(world)
  const { pull: waiting } = await anUpdate(world, 'v4')
  const merged: string[] = []
  for (let [step] = openSteps(world); step !== undefined && merged.length < 9; [step] = openSteps(world)) {
    await world.pass(15)
    assert.match(gateOf(world, waiting), /^failure: Blocked by version/)
    assert.match(gateOf(world, step), /^success/, step.title)
    merged.push(step.head.ref.split('/').at(-1) ?? '')
    await merges(world, 'bob', step)
  }
  assert.deepEqual(merged, ['25', '100', 'finish', '0'])
  assert.match(comments(world, waiting).join(), /New canary version/)
})

test('a rollout that a controller in the cluster moves is not begun, and its limit stays', async () => {
  for (const owner of [flaggerCanary(), argoRollout()]) {
    const world = await aWorld({ config: BY_ITSELF, files: { 'apps/production/web-owner.yaml': owner } })
    const { pull } = await anUpdate(world)
    assert.equal(textOn(world, pull.head.ref, 'apps/production/web-owner.yaml'), owner)
    assert.deepEqual([shareOn(world, pull.head.ref), comments(world, pull)], [0, []])
    await aPush(world, 'v4')
    assert.deepEqual(openSteps(world), [])
  }
})

test('if environments come in order, only the first one begins by itself on a pull request', async () => {
  const environments = ['staging', 'production']
  const world = await aWorld({ environments, config: { ...BY_ITSELF, isOrdered: true } })
  const bot = memoryPerson(world.state, 'renovate[bot]', 'write')
  const paths = environments.map((environment) => subsetsFile(environment, 'web'))
  bot.push(
    'update',
    Object.fromEntries(paths.map((path) => [path, withCanaryVersion(textOn(world, 'main', path), 'v3')])),
  )
  const pull = bot.open('update', 'Update web')
  assert.ok(pull)
  await world.settle()
  assert.deepEqual(
    environments.map((environment) => shareOn(world, pull.head.ref, { environment })),
    [5, 0],
  )
  assert.match(gateOf(world, pull), /^success/)
})

test('`ignore`: a version that waited for the rollout of another one does not begin after its merge either', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'ignore', steps: [5, 100] } })
  const { pull } = await anUpdate(world, 'v3')
  await merges(world, 'bob', pull)
  const during = await anUpdate(world, 'v4')
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  await merges(world, 'bob', rollback)
  await merges(world, 'bob', during.pull)
  assert.deepEqual([versionsOn(world, 'main'), openSteps(world)], [['v1', 'v4'], []])
})

test('`ignore`: a version that came during the rollout of another one is left to people, one that comes later begins', async () => {
  const world = await aWorld({ config: { ...BY_ITSELF, onNewVersion: 'ignore', steps: [5, 100] } })
  const { pull } = await anUpdate(world, 'v3')
  await merges(world, 'bob', pull)
  const during = await anUpdate(world, 'v4')
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  await merges(world, 'bob', rollback)
  remakes(world, during.bot, during.pull)
  await world.settle()
  assert.equal(shareOn(world, during.pull.head.ref), 0)
  await world.pass(1)
  const later = await anUpdate(world, 'v5')
  assert.equal(shareOn(world, later.pull.head.ref), 5)
})
