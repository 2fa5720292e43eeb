/** Flagger asks before it continues: the answers after commands, freezes and windows. */
import assert from 'node:assert/strict'
import { mayContinue, mustRollBack } from '../../src/core/flagger/answer.ts'
import { hookWords } from '../../src/core/message/flagger/hook.ts'
import { noteCanaryNews, recallCanaries } from '../../src/flows/stop/canary-memory.ts'
import { jobOf } from '../../src/flows/tasks/tasks.ts'
import { askingCanary, flaggerCanary } from '../owners.ts'
import { aNewVersion, answers, aPull, aWorld, merges, says, textOn, type World } from './world.ts'
import { recordedIn } from './recorded/account.ts'

const test = recordedIn(import.meta.url)

const CANARY = 'apps/production/web-canary.yaml'
const ASKING = askingCanary()

/** The answer to Flagger: "go" or "stop", with the words. */
async function asks(
  world: World,
  metadata: { readonly environment?: string } = {},
  judge = mayContinue,
): Promise<string> {
  // GitHub's names are not case-sensitive.
  const repo = { owner: world.state.repo.owner.toUpperCase(), name: world.state.repo.name.toUpperCase() }
  const memo = world.service.memo()
  if ((await recallCanaries(memo, repo)) === undefined) {
    const why = { code: 'asked', mark: String(world.now()), at: world.now() } as const
    await world.service.queue().enqueue(jobOf({ type: 'canaries', repository: repo, why }))
    await world.settle()
  }
  const asked = { name: 'web', namespace: 'default', metadata: { key: 'k', ...metadata } }
  const answer = judge(await recallCanaries(memo, repo), asked, world.now())
  const yes = answer.code === 'take-back' ? 'back' : 'go'
  return `${['go', 'take-back'].includes(answer.code) ? yes : 'stop'}: ${hookWords(answer, { ...asked, repository: 'acme/gitops' })}`
}

test('a hold stops Flagger when it asks, until somebody resumes', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  const pull = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  await merges(world, 'bob', pull)
  assert.equal(await asks(world), 'go: Nothing stops production/web.')
  await says(world, 'alice', pull, '/canary hold errors are up')
  assert.match(
    answers(world, pull)[0] ?? '',
    /⏸️ Held: `production\/web`\. Flagger stops where its webhooks ask Perch, until somebody comments `\/canary resume`\./,
  )
  assert.equal(
    await asks(world),
    'stop: production/web is held by alice (errors are up). To let it continue, comment /canary resume on its pull request.',
  )
  await says(world, 'alice', pull, '/canary resume')
  assert.match(answers(world, pull)[1] ?? '', /▶️ Resumed: `production\/web`\./)
  assert.equal(await asks(world), 'go: Nothing stops production/web.')
})

test('a hold on an open pull request stops it too, and without a Canary nearby the answer says that there is nothing to hold', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  const near = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  const far = await aPull(world, { 'docs/a.md': 'x\n' })
  await says(world, 'alice', far, '/canary hold')
  assert.match(answers(world, far)[0] ?? '', /^> .*\n\n⛔/)
  assert.match(await asks(world), /^go/)
  await says(world, 'alice', near, '/canary hold')
  assert.match(await asks(world), /^stop: production\/web is held by alice\./)
})

test('a Canary that does not ask Perch cannot be held', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: flaggerCanary() } })
  const pull = await aPull(world, { [CANARY]: flaggerCanary().replace('maxWeight: 50', 'maxWeight: 40') })
  await says(world, 'alice', pull, '/canary hold')
  assert.doesNotMatch(answers(world, pull)[0] ?? '', /Held/)
})

test('a freeze stops it', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  const pull = await aNewVersion(world, { service: 'api' })
  assert.match(await asks(world), /^go/)
  await says(world, 'olga', pull, '/freeze production --until 2h big sale')
  assert.match(
    await asks(world),
    /^stop: production is frozen by olga until 2026-01-05 11:0\d:\d\d UTC \(big sale\)\. To let it continue, comment \/unfreeze production\./,
  )
  await world.pass(5)
  assert.match(await asks(world), /^stop: production is frozen/)
})

test('a hold that somebody sets by hand without a webhook counts once the known state is old', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  assert.match(await asks(world), /^go/)
  world.hears = false
  world.alice.push('perch/hold/production/web', { 'README.md': 'x\n' })
  await world.pass(11)
  assert.match(
    await asks(world),
    /^stop: Perch is still reading acme\/gitops, and will answer when Flagger asks again\./,
  )
})

test('an unknown state is never "go on": no Canary, several, and a config that is not valid', async () => {
  const other = { 'apps/staging/web-canary.yaml': ASKING.replace('maxWeight: 50', 'maxWeight: 30'), [CANARY]: ASKING }
  const world = await aWorld({ services: ['api'], environments: ['staging', 'production'], files: other })
  assert.match(await asks(world), /^stop: acme\/gitops has several Canaries default\/web: .*Set metadata\.environment/)
  assert.equal(await asks(world, { environment: 'staging' }), 'go: Nothing stops staging/web.')
  assert.match(
    await asks(world, { environment: 'qa' }),
    /^stop: acme\/gitops has no Canary default\/web in the environment qa/,
  )
  world.alice.push('main', { '.github/canary.yml': 'steps: [x' })
  await world.settle()
  assert.match(
    await asks(world, { environment: 'staging' }),
    /^stop: The \.github\/canary\.yml of main in acme\/gitops is not valid/,
  )
})

test('a Canary on another deployed branch has the config of that branch; missing branches, and patterns, deploy nothing', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  world.alice.push('release', { 'README.md': 'x\n' })
  const config = textOn(world, 'main', '.github/canary.yml')
  const branches = 'branches: [main, release, gone, "release*"]\n'
  world.alice.push('main', { '.github/canary.yml': `${config}${branches}`, [CANARY]: undefined })
  await world.settle()
  assert.equal(await asks(world), 'go: Nothing stops production/web.')
  world.alice.push('release', { '.github/canary.yml': 'steps: [x' })
  await world.settle()
  assert.match(await asks(world), /^stop: The \.github\/canary\.yml of release in acme\/gitops is not valid/)
})

const goesBack = (world: World): Promise<string> => asks(world, {}, mustRollBack)

test('an abort makes Flagger roll the version back and stops everything until somebody resumes', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  const pull = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  await merges(world, 'bob', pull)
  assert.equal(await goesBack(world), 'stop: Nobody aborted production/web.')
  await says(world, 'alice', pull, '/canary hold')
  assert.equal(await goesBack(world), 'stop: Nobody aborted production/web.')
  await says(world, 'alice', pull, '/canary abort errors are up')
  assert.match(
    answers(world, pull).at(-1) ?? '',
    /🛑 Aborted: `production\/web`\. If Flagger is in the middle of a rollout there, it rolls back the next time it asks Perch\./,
  )
  assert.equal(await goesBack(world), 'back: production/web was aborted by alice (errors are up).')
  assert.match(await asks(world), /^stop: production\/web was aborted by alice \(errors are up\)\. To let it continue/)
  await says(world, 'alice', pull, '/canary resume')
  assert.match(await asks(world), /^go/)
  assert.match(await goesBack(world), /^stop/)
})

test('an abort rolls no other version back: once Git asks for something else, it only keeps Flagger from continuing', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  const pull = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary abort')
  world.alice.push('main', { 'docs/a.md': 'x\n' })
  await world.settle()
  assert.match(await goesBack(world), /^back/)
  world.alice.push('main', {
    'apps/production/web-deployment.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n',
  })
  await world.settle()
  assert.match(await goesBack(world), /^stop: The abort of production\/web was for an earlier version\./)
  assert.match(await asks(world), /^stop: production\/web was aborted by alice/)
  await says(world, 'alice', pull, '/canary abort')
  assert.match(await goesBack(world), /^back/)
})

test('an abort that means several Canaries rolls none back, and neither does a state that was read long ago', async () => {
  const other = ASKING.replaceAll(' web', ' shop')
  const world = await aWorld({
    services: ['api'],
    files: { [CANARY]: ASKING, 'apps/production/shop-canary.yaml': other },
  })
  const pull = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary abort')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ Perch does not abort/)
  assert.match(await goesBack(world), /^stop: Nobody aborted/)
})

test('`/canary status` shows Flagger’s last event about a Canary near the pull request', async () => {
  const world = await aWorld({ services: ['api'], files: { [CANARY]: ASKING } })
  const pull = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  const memo = world.service.memo()
  const clock = { now: () => world.now() }
  const tell = (phase: string, eventMessage: string): Promise<boolean> => {
    const metadata = { key: 'k', eventMessage, timestamp: String(world.now()) }
    const told = { name: 'web', namespace: 'default', phase, metadata }
    return noteCanaryNews({ memo, clock }, { repository: world.state.repo, rollout: 'production/web' }, told)
  }
  await says(world, 'alice', pull, '/canary status')
  assert.doesNotMatch(answers(world, pull)[0] ?? '', /Flagger said/)
  await tell('Progressing', 'Advance web.default canary weight 20')
  await says(world, 'alice', pull, '/canary status')
  assert.match(
    answers(world, pull)[1] ?? '',
    /Flagger moves it: .*\. Flagger said at 2026-01-05 09:\d\d:\d\d UTC: \*\*Progressing\*\*, canary at 20%: “Advance web.default canary weight 20”/,
  )
  await tell('Failed', 'Canary failed! Scaling down web.default @alice')
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull)[2] ?? '', /\*\*Failed\*\*, so it rolled back: “Canary failed! .* @\u200Balice”/)
  // It does not concern a gate.
  assert.match(await asks(world), /^go/)
})

const DEPLOYMENT = 'apps/production/web-deployment.yaml'
const deployment = (image: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template:\n    spec:\n      containers: [{ name: web, image: ${image} }]\n`

/** A world with a Canary whose version v1 is there from the beginning. */
function aDeployment(): Promise<World> {
  return aWorld({ services: ['api'], files: { [CANARY]: ASKING, [DEPLOYMENT]: deployment('web:v1') } })
}

/** Flagger reports something, a minute later. */
async function tells(world: World, phase: string, eventMessage: string): Promise<void> {
  await world.pass(1)
  const { repo } = world.state
  const memo = world.service.memo()
  const metadata = { key: 'k', eventMessage, timestamp: String(world.now()) }
  const told = { name: 'web', namespace: 'default', phase, metadata }
  const where = { repository: repo, rollout: 'production/web' } as const
  if (!(await noteCanaryNews({ memo, clock: { now: () => world.now() } }, where, told))) return
  const repository = { owner: repo.owner, name: repo.name }
  const why = { code: 'told', at: world.now() } as const
  await world.service.queue().enqueue(jobOf({ type: 'canary-news', repository, rollout: where.rollout, why }))
  await world.settle()
}

/** The checks about Canaries, oldest first: pull request, state and title. */
function shown({ state }: World): readonly string[] {
  const pullOf = (sha: string) => [...state.pulls.values()].find(({ head }) => head.sha === sha)?.number
  return state.runs
    .filter(({ name }) => name.startsWith('canary/flagger/'))
    .map(({ sha, externalId, title }) => `#${pullOf(sha)} ${externalId}: ${title}`)
}

const NEW_REVISION = 'New revision detected! Scaling up web.default'

test('the pull request that brought a version shows Flagger’s events about it in one check, until its end', async () => {
  const world = await aDeployment()
  const pull = await aPull(world, { [DEPLOYMENT]: deployment('web:v2') })
  await merges(world, 'bob', pull)
  // It changes the same environment, but not the version.
  const other = await aPull(world, { [CANARY]: ASKING.replace('maxWeight: 50', 'maxWeight: 40') })
  await merges(world, 'bob', other)
  await tells(world, 'Progressing', NEW_REVISION)
  assert.deepEqual(shown(world), [`#${pull.number} in_progress: production/web: Flagger says Progressing`])
  await tells(world, 'Progressing', 'Advance web.default canary weight 20')
  const at20 = [`#${pull.number} in_progress: production/web: Flagger says Progressing, canary at 20%`]
  assert.deepEqual(shown(world), at20)
  const summary = (): string => world.state.runs.find(({ name }) => name.startsWith('canary/flagger/'))?.summary ?? ''
  assert.match(summary(), /Flagger said at 2026-01-05 09:\d\d:\d\d UTC: \*\*Progressing\*\*, canary at 20%/)
  const before = summary()
  await tells(world, 'Progressing', 'Advance web.default canary weight 20')
  assert.equal(summary(), before)
  await tells(world, 'Finalising', 'Promotion completed! Scaling down web.default')
  const end = [`#${pull.number} success: production/web: Flagger says that it has promoted the version`]
  assert.deepEqual(shown(world), end)
  await tells(world, 'Initialized', 'Initialization done! web.default')
  assert.deepEqual(shown(world), end)
  assert.match(await asks(world), /^go/)
})

test('a version that Flagger rolls back is red, and the next one has its own check', async () => {
  const world = await aDeployment()
  const second = await aPull(world, { [DEPLOYMENT]: deployment('web:v2') })
  await merges(world, 'bob', second)
  await tells(world, 'Progressing', NEW_REVISION)
  await tells(world, 'Failed', 'Canary failed! Scaling down web.default')
  const third = await aPull(world, { [DEPLOYMENT]: deployment('web:v3') })
  await merges(world, 'bob', third)
  await tells(world, 'Progressing', NEW_REVISION)
  const fourth = await aPull(world, { [DEPLOYMENT]: deployment('web:v4') })
  await merges(world, 'bob', fourth)
  await tells(world, 'Progressing', 'New revision detected! Restarting analysis for web.default')
  assert.deepEqual(shown(world), [
    `#${second.number} failure: production/web: Flagger says that it rolled the version back`,
    `#${third.number} neutral: production/web: Flagger started with another version`,
    `#${fourth.number} in_progress: production/web: Flagger says Progressing`,
  ])
})

test('a version that Flagger tries again is shown in a new check, because GitHub reopens none', async () => {
  const world = await aDeployment()
  const pull = await aPull(world, { [DEPLOYMENT]: deployment('web:v2') })
  await merges(world, 'bob', pull)
  for (const message of [NEW_REVISION, 'Canary failed! Scaling down web.default', NEW_REVISION])
    await tells(world, message === NEW_REVISION ? 'Progressing' : 'Failed', message)
  assert.deepEqual(
    shown(world).map((line) => line.split(':')[0]),
    [`#${pull.number} failure`, `#${pull.number} in_progress`],
  )
  // What was remembered of it is lost.
  await world.service.memo().forget('canary-check:acme/gitops:production/web')
  await tells(world, 'Progressing', 'Advance web.default canary weight 30')
  assert.equal(shown(world).length, 2)
  assert.match(shown(world)[1] ?? '', /canary at 30%/)
})

test('a version without a pull request is shown nowhere', async () => {
  const world = await aDeployment()
  await tells(world, 'Progressing', NEW_REVISION)
  world.alice.push('main', { [DEPLOYMENT]: deployment('web:v2') })
  await world.settle()
  await tells(world, 'Progressing', NEW_REVISION)
  world.alice.push('main', { [DEPLOYMENT]: undefined })
  await world.settle()
  await tells(world, 'Progressing', NEW_REVISION)
  assert.deepEqual(shown(world), [])
})
