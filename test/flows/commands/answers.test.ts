/** The effects of commands on open, merged and closed pull requests. */
import assert from 'node:assert/strict'
import type { Pull } from '../../memory/github/github.ts'
import { routeFile, subsetsFile } from '../../simulate/repository.ts'
import {
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  answers,
  branches,
  comments,
  gateOf,
  merges,
  openSteps,
  presses,
  says,
  shareOn,
  textOn,
  type World,
} from '../world.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')

/** Perch's answer to a comment. */
async function asked(world: World, pull: Pull, text: string, who: 'alice' | 'bob' | 'olga' | 'mallory' = 'alice') {
  const before = answers(world, pull).length
  await says(world, who, pull, text)
  const all = answers(world, pull)
  assert.equal(all.length, before + 1, `one answer to ${text}`)
  return all.at(-1) ?? ''
}

/** Commits on the branch of a pull request. */
function commitsOn({ state }: World, { base, head }: Pull): readonly string[] {
  return state.objects.ahead(base.sha, head.sha).map(({ message }) => message.split('\n')[0] ?? '')
}

test('a raise is one commit of Perch with weights and annotations, and the same raise again is none', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const answer = await asked(world, pull, '/canary 5')
  assert.match(
    answer,
    /^> `\/canary 5` from `alice`\s+✅ `production\/web`: 0% → \*\*5%\*\* on this pull request, in [0-9a-f]{7}\./,
  )
  assert.deepEqual(commitsOn(world, pull), ['Canary production/web v3: 0% → 5%', 'Change'])
  assert.equal(shareOn(world, pull.head.ref), 5)
  assert.match(textOn(world, pull.head.ref, ROUTE), /canary-percentage: "5"[\s\S]*pr: "1"/)
  assert.match(await asked(world, pull, '/canary 5'), /✅ `production\/web` is already at 5%: nothing to change\./)
  assert.equal(commitsOn(world, pull).length, 2)
  assert.match(await asked(world, pull, '/canary next', 'bob'), /is already at 5%/, 'the first step of the plan')
  assert.match(await asked(world, pull, '/canary promote'), /100%/)
  assert.match(await asked(world, pull, '/canary 0'), /0%/)
  assert.equal(shareOn(world, pull.head.ref), 0)
})

test('a command for another head, or by somebody without write access, commits nothing', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  assert.match(
    await asked(world, pull, `/canary 5 @${'0'.repeat(40)}`),
    /⛔ The command names commit `0{7}`, but the head is/,
  )
  assert.match(await asked(world, pull, '/canary 5', 'mallory'), /⛔ .*`mallory`.*write/s)
  assert.match(await asked(world, pull, '/canary 101'), /⛔ `101` is not a percentage/)
  assert.match(await asked(world, pull, '/canary rollback'), /⛔ Unknown command `rollback`/)
  assert.match(await asked(world, pull, '/canary 5 api'), /⛔ .*`api`/)
  assert.match(await asked(world, pull, '/canary 5 --env prod'), /⛔ .*`prod`/)
  assert.equal(commitsOn(world, pull).length, 1)
  assert.match(await asked(world, pull, `/canary 5 @${pull.head.sha}`), /✅/)
})

/** Bob pushes after Alice's comment, and before Perch reads it. */
async function pushesAfter(world: World, pull: Pull, command: string): Promise<void> {
  world.hears = false
  world.alice.comment(pull.number, command)
  await world.pass(1)
  world.bob.push(pull.head.ref, { 'README.md': '# Later\n' })
  await world.settle()
  world.hears = true
  await world.sweep()
}

test('a raise does not count for a commit that was pushed after it was written', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await pushesAfter(world, pull, '/canary 5')
  assert.match(answers(world, pull).at(-1) ?? '', /⛔ Somebody pushed `[0-9a-f]{7}` after this comment was written/)
  assert.equal(shareOn(world, pull.head.ref), 0)
  assert.match(await asked(world, pull, '/canary 5'), /✅/)
})

test('a lower share counts for any commit, even one that was pushed after the comment', async () => {
  const world = await aWorld({ share: 25 })
  const pull = await aPull(world, { 'README.md': '# Lower\n' })
  await pushesAfter(world, pull, '/canary 5')
  assert.match(answers(world, pull).at(-1) ?? '', /✅ `production\/web`: 25% → \*\*5%\*\*/)
})

test('Perch’s commit for one command does not block the next one by another person', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await world.pass(1)
  world.alice.comment(pull.number, '/canary 5\n/canary 10')
  world.bob.comment(pull.number, '/canary 25')
  await world.settle()
  assert.doesNotMatch(answers(world, pull).join('\n'), /⛔/)
  assert.equal(shareOn(world, pull.head.ref), 25)
})

/** Somebody deletes all answers of Perch. */
function deletesAnswers({ state }: World): void {
  const isAnswer = ({ body }: { readonly body: string }): boolean => body.includes('perch:answer:')
  for (const answer of state.comments.filter(isAnswer)) state.comments.splice(state.comments.indexOf(answer), 1)
}

function branchesOfPerch({ state }: World): readonly string[] {
  return [...state.refs.keys()].filter((ref) => ref.startsWith('refs/heads/perch/'))
}

test('a command is carried out once, even if somebody deletes its answer', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await says(world, 'alice', step, '/canary hold')
  await says(world, 'alice', step, '/canary resume')
  deletesAnswers(world)
  await says(world, 'alice', step, '/canary status')
  await world.sweep()
  assert.equal(answers(world, step).length, 1, 'the status')
  assert.deepEqual(branchesOfPerch(world), [])
})

test('a command is carried out once, even if its answer is deleted and Perch has lost its data; the answer comes back', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await says(world, 'alice', step, '/canary hold')
  await says(world, 'alice', step, '/canary resume')
  const [held, resumed] = answers(world, step)
  deletesAnswers(world)
  world.service.crash('all')
  await world.service.start()
  await world.settle()
  assert.deepEqual(answers(world, step), [held, resumed])
  assert.deepEqual(branchesOfPerch(world), [])
})

test('several commands of a comment get one answer, and each is carried out', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  const answer = await asked(world, step, '/canary hold first\n/canary 1\n/canary status')
  assert.match(answer, /^> `\/canary hold first` from `alice`[\s\S]*> `\/canary 1`[\s\S]*> `\/canary status`/)
  assert.equal(shareOn(world, step.head.ref), 1)
  assert.match(gateOf(world, step), /^success/, 'lowering is never held back')
  assert.equal(answers(world, pull).length, 1)
})

test('the plan is shown and replaced, and the steps after it follow it', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await asked(world, pull, '/canary 5')
  assert.match(
    await asked(world, pull, '/canary plan'),
    /The plan of `production\/web` is 5% → 25% → 100%; on the base branch it is at 0%\. This pull request sets 5%/,
  )
  assert.match(
    await asked(world, pull, '/canary plan 5,50,100'),
    /✅ In \w{7}: when this pull request merges, the plan of `production\/web` becomes 5% → 50% → 100%\./,
  )
  assert.match(await asked(world, pull, '/canary plan 5,50,100'), /is already 5% → 50% → 100%/)
  await merges(world, 'bob', pull)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/50'])
  assert.match(await asked(world, pull, '/canary plan'), /it is at 5%/)
  assert.match(await asked(world, pull, '/canary plan 5,100'), /⛔ .*#2/)
})

test('why, diff, status, help and retry answer from the current state, and change nothing', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  assert.match(
    await asked(world, step, '/canary why', 'mallory'),
    /⏳ \*\*live\*\* `production\/web`: .*\n- ⏳ \*\*bake\*\*/,
  )
  assert.match(await asked(world, step, '/canary diff', 'mallory'), /weight: 25/)
  assert.match(await asked(world, step, '/canary help', 'mallory'), /\| Command/)
  assert.match(await asked(world, step, '/canary retry', 'mallory'), /🔁/)
  assert.match(
    await asked(world, step, '/canary status', 'mallory'),
    /This pull request is open\. When it merges:\s+- `production\/web`: 5% → \*\*25%\*\*[\s\S]*#2/,
  )
  assert.match(await asked(world, pull, '/canary status', 'mallory'), /`production\/web`.*`v1` → `v3`.*5%.*#2/)
  for (const text of ['/canary why', '/canary diff', '/canary retry'])
    assert.match(await asked(world, pull, text), /⛔ /)
  const words = await aPull(world, { 'README.md': '# Words\n' })
  assert.match(await asked(world, words, '/canary status'), /`production\/web`<br>.* \| 5% \|.*open: #2 \|/)
  assert.match(await asked(world, words, '/canary why'), /it moves no rollout/)
  assert.match(await asked(world, words, '/canary diff'), /The rendered environments do not change\./)
})

test('an abort closes the step and opens the rollback; a second one finds it open, and one without a rollout nothing', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  assert.match(
    await asked(world, step, '/canary abort it is slow'),
    /🛑 Closed #2\. Merge #3 to send all traffic back: no gate holds it\./,
  )
  assert.equal(step.state, 'closed')
  assert.ok(comments(world, step).some((body) => body.includes('Closed: the rollout was aborted.')))
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  assert.match(rollback.body, /Asked by `alice` in #2: it is slow\./)
  assert.match(gateOf(world, rollback), /^success/)
  assert.match(await asked(world, pull, '/canary abort'), /🛑 No step was open\. Merge #3/)
  await merges(world, 'bob', rollback)
  assert.equal(shareOn(world, 'main'), 0)
  assert.match(await asked(world, pull, '/canary abort'), /⛔ /)
  assert.deepEqual(openSteps(world), [])
})

test('an abort before anything has merged is refused, and one by a button is an abort', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  assert.match(await asked(world, pull, '/canary abort'), /⛔ /)
  const { step } = await aRollout(await other())
  assert.equal(step.state, 'open')
  async function other(): Promise<World> {
    const world = await aWorld()
    const { step } = await aRollout(world)
    await presses(world, 'alice', step, 'abort')
    assert.match(answers(world, step).at(-1) ?? '', /`abort`, a button, by `alice`[\s\S]*🛑 Closed #2\. Merge #3/)
    assert.deepEqual(branches(openSteps(world)), ['canary/production/web/0'])
    return aWorld()
  }
})

test('on a merged pull request, a percentage opens a step, which replaces the open one', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  assert.match(await asked(world, pull, '/canary 50'), /✅ #3: Canary production\/web v3: 5% → 50%/)
  await world.sweep()
  assert.deepEqual([step.state, branches(openSteps(world)).length], ['closed', 1])
  assert.match(comments(world, step).join(), /replaces this step|is not the next step/)
  assert.match(await asked(world, pull, '/canary 5'), /✅ `production\/web` is already at 5%/)
  assert.match(await asked(world, pull, '/canary 0'), /✅ #\d+: Roll back production\/web v3: 5% → 0%/)
})

test('on a closed pull request nothing is raised, and the answer says so', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  world.alice.close(pull)
  await world.settle()
  for (const text of ['/canary 5', '/canary hold', '/canary plan 5,100'])
    assert.match(await asked(world, pull, text), /⛔ This pull request was closed without merging/)
})

test('if several rollouts can be meant, Perch asks which one, and each can be named', async () => {
  const world = await aWorld({ services: ['web', 'api'], environments: ['staging', 'production'] })
  const pull = await aPull(world, { 'README.md': '# Words\n' })
  const question = await asked(world, pull, '/canary 5')
  assert.match(question, /⛔ [\s\S]*`web --env staging`[\s\S]*`api --env production`|⛔ [\s\S]*`api --env production`/)
  assert.match(await asked(world, pull, '/canary 5 web'), /⛔ [\s\S]*`web --env production`/)
  assert.match(await asked(world, pull, '/canary 5 web --env all'), /✅/)
  const shares = ['staging', 'production'].map((environment) => shareOn(world, pull.head.ref, { environment }))
  assert.deepEqual([...shares, shareOn(world, pull.head.ref, { service: 'api' })], [5, 5, 0])
})

test('each of two services has a rollout with its own config', async () => {
  const config = `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web: { steps: [5, 25, 100], bake: 10m }
  api: { steps: [10, 100], bake: 30m }
`
  const world = await aWorld({ services: ['web', 'api'], files: { '.github/canary.yml': config } })
  for (const [service, first, next] of [
    ['api', 10, 100],
    ['web', 5, 25],
  ] as const) {
    const pull = await aNewVersion(world, { service })
    assert.match(await asked(world, pull, `/canary next ${service}`), new RegExp(`0% → \\*\\*${first}%`))
    await merges(world, 'bob', pull)
    assert.ok(branches(openSteps(world)).includes(`canary/production/${service}/${next}`))
  }
  await world.pass(14)
  const [api, web] = openSteps(world)
  assert.ok(api !== undefined && web !== undefined)
  assert.match(gateOf(world, web), /^success/)
  assert.match(gateOf(world, api), /Waiting for bake: must stay live for 30 min/)
})

test('comments of bots, words about commands and edited comments get no answer', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, 'I would say `/canary 5`.\n\n> /canary 5\n')
  const id = world.alice.comment(pull.number, 'Hello')
  const stored = world.state.comments.find((one) => one.id === id)
  assert.ok(stored !== undefined)
  Object.assign(stored, { body: '/canary 5', isEdited: true, updatedAt: world.now() + 5_000 })
  await world.settle()
  await world.sweep()
  assert.deepEqual(answers(world, pull), [])
})

test('a command in a review is not carried out, and one answer says where commands are read', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  const review = { id: 77, body: '/canary 5', user: { login: 'alice', type: 'User' } }
  for (const id of [77, 77]) {
    const payload = {
      action: 'submitted',
      pull_request: { number: pull.number, head: { sha: pull.head.sha } },
      review: { ...review, id },
    }
    world.state.happened({ event: 'pull_request_review', payload, sender: { login: 'alice', isBot: false } })
    await world.settle()
  }
  assert.equal(comments(world, pull).filter((body) => body.includes('review')).length, 1)
  assert.equal(shareOn(world, pull.head.ref), 0)
})

test('a raise and an abort outlast an outage, and a process that ends, and are carried out once', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  world.network.outages.set('graphql', world.now() + 2 * 60_000)
  await says(world, 'alice', pull, '/canary 5')
  assert.deepEqual(answers(world, pull), [])
  await world.pass(20)
  assert.match(answers(world, pull).at(-1) ?? '', /✅/)
  assert.equal(answers(world, pull).length, 1)
  await merges(world, 'bob', pull)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  for (const nth of [6, 9, 12, 15]) world.network.strikes.push({ nth, when: 'after' })
  await says(world, 'alice', pull, '/canary abort')
  await world.pass(30)
  world.service.crash('memo')
  await world.service.start()
  await world.settle()
  await world.sweep()
  assert.equal(answers(world, pull).length, 2)
  assert.match(answers(world, pull).at(-1) ?? '', /🛑 Closed #2\. Merge #3/)
  assert.deepEqual([step.state, branches(openSteps(world))], ['closed', ['canary/production/web/0']])
})

test('an abort whose process ends after any of its requests reports once what it has closed and opened, and so does the rollback', async () => {
  for (let nth = 1; nth <= 16; nth += 1) {
    const world = await aWorld()
    const { pull, step } = await aRollout(world)
    world.network.requests = 0
    world.network.strikes.push({ nth, when: 'after' })
    await says(world, 'alice', pull, '/canary abort')
    world.service.crash('memo')
    await world.service.start()
    await world.pass(5)
    await world.sweep()
    const own = answers(world, pull).filter((body) => body.includes('🛑'))
    assert.deepEqual([step.state, branches(openSteps(world))], ['closed', ['canary/production/web/0']], `after ${nth}`)
    assert.equal(own.length, 1, `after ${nth}`)
    assert.match(own[0] ?? '', /🛑 Closed #2\. Merge #3/, `after ${nth}`)
    assert.match(openSteps(world)[0]?.body ?? '', /Closed for this: #2\./, `after ${nth}`)
  }
})

test('a version that a pull request changes during a rollout restarts nothing by itself', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const path = subsetsFile('production', 'web')
  const pull = await aPull(world, { [path]: textOn(world, 'main', path).replace('version: v3', 'version: v4') })
  assert.match(await asked(world, pull, '/canary 0'), /✅|⛔/)
  assert.match(gateOf(world, pull), /^success/)
  assert.equal(step.state, 'open')
})

test('a share is not set on a branch from before the base branch moved the rollout, until the branch is updated', async () => {
  const world = await aWorld()
  const old = await aPull(world, { 'note.md': 'x\n' })
  await aRollout(world)
  for (const command of ['/canary 25', '/canary 0'])
    assert.match(
      await asked(world, old, command),
      /⛔ `main` has changed the weights of `production\/web` since this branch was made.* Update the branch/,
    )
  assert.equal(shareOn(world, old.head.ref), 0)
  const paths = [ROUTE, subsetsFile('production', 'web')]
  world.alice.push(old.head.ref, Object.fromEntries(paths.map((path) => [path, textOn(world, 'main', path)])))
  await world.settle()
  assert.match(await asked(world, old, '/canary 25'), /✅ `production\/web`: 5% → \*\*25%\*\*/)
})

test('a share is not committed into a conflict: the answer names the file', async () => {
  const world = await aWorld()
  const first = await aPull(world, { 'first.md': 'x\n' })
  const old = await aPull(world, { 'second.md': 'x\n' })
  await asked(world, old, '/canary 10')
  await asked(world, first, '/canary 5')
  await merges(world, 'bob', first)
  const answer = await asked(world, old, '/canary 25')
  assert.match(answer, /⛔ This branch conflicts with the base branch in `[^`]*production[^`]*`/)
  assert.equal(shareOn(world, old.head.ref), 10)
})
