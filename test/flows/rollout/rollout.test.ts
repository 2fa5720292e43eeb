/** Rollouts that continue with what people merge and close. */
import assert from 'node:assert/strict'
import { memoryBranches } from '../../memory/github/branches.ts'
import { headOf, moveBranch, person, type Pull, tellPull } from '../../memory/github/github.ts'
import { routeFile, subsetsFile, withCanaryVersion, withShare } from '../../simulate/repository.ts'
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
  says,
  shareOn,
  textOn,
  versionsOn,
  type World,
} from '../world.ts'
import { argoRollout } from '../../owners.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

const ROUTE = routeFile('production', 'web')
const STEP = 'canary/production/web'

/** Merges each step as soon as its gate is green. Returns the steps. */
async function mergeAll(world: World): Promise<readonly string[]> {
  const titles: string[] = []
  for (let [step] = openSteps(world); step !== undefined && titles.length < 9; [step] = openSteps(world)) {
    await world.pass(14)
    titles.push(step.title)
    await merges(world, 'alice', step)
  }
  return titles
}

test('the person who began the rollout is assigned to its steps, and whoever asks for a step is assigned to it', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  assert.deepEqual(step.assignees, ['alice'])
  await says(world, 'bob', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.deepEqual([rollback?.head.ref, rollback?.assignees], ['canary/production/web/0', ['bob']])
})

test('a step and the status name the pull request that began, and a rollback the step that is closed for it', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  const began = `The rollout began in #${pull.number}.`
  assert.ok(step.body.includes(began), step.body)
  await says(world, 'alice', pull, '/canary status')
  assert.match(comments(world, pull).at(-1) ?? '', new RegExp(`rolling out \\(began in #${pull.number}\\)`))
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback?.body.includes(`${began} Closed for this: #${step.number}.`), rollback?.body)
})

test('a step names the step before it, and so do the rollback and both steps of the finish', async () => {
  const world = await aWorld({ config: { steps: [5, 25, 100], bakeMinutes: 0, live: 'timer' } })
  const { pull, step } = await aRollout(world)
  assert.doesNotMatch(step.body, /The last step was/, 'what began the rollout is named already')
  await world.pass(15)
  await merges(world, 'bob', step)
  const [second] = openSteps(world)
  assert.ok(second)
  assert.ok(second.body.includes(`The rollout began in #${pull.number}. The last step was #${step.number}.`))
  await world.pass(15)
  await merges(world, 'bob', second)
  const [finish] = openSteps(world)
  assert.ok(finish)
  assert.ok(finish.body.includes(`The last step was #${second.number}.`), finish.body)
  await says(world, 'bob', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback?.body.includes(`The last step was #${second.number}. Closed for this: #${finish.number}.`))
})

test('each step waits for its bake and opens the next, until the canary is the new stable version', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  assert.match(gateOf(world, step), /^action_required: Waiting for live and bake: counts as live at /)
  assert.deepEqual([step.labels, step.body.includes(`The rollout began in #${pull.number}.`)], [['canary'], true])
  await world.pass(2)
  assert.equal(world.bob.merge(step), 'refused', 'it has not baked')
  await world.pass(11)
  assert.match(gateOf(world, step), /^success: Live and baked/)
  assert.deepEqual(await mergeAll(world), [
    'Canary production/web v3: 5% → 25%',
    'Canary production/web v3: 25% → 100%',
    'Finish production/web: stable becomes v3',
    'Finish production/web: all traffic on stable v3',
  ])
  assert.deepEqual([shareOn(world, 'main'), versionsOn(world, 'main')], [0, ['v3', 'v3']])
  assert.doesNotMatch(textOn(world, 'main', ROUTE), /perch/, 'the annotations are gone')
  assert.deepEqual(
    [...world.state.refs.keys()].filter((ref) => ref.endsWith('.next')),
    [],
  )
})

test('a step that a person closes stays closed, says so once, and next on the first pull request goes on', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  world.bob.close(step)
  await world.settle()
  await aPull(world, { 'README.md': '# Other\n' }).then((other) => merges(world, 'bob', other))
  assert.deepEqual(openSteps(world), [])
  const told = comments(world, step).filter((body) => body.includes('has stopped at 5%'))
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', new RegExp(`Comment \`/canary next\` on #${pull.number} to continue`))
  await says(world, 'alice', pull, '/canary next')
  const [again] = openSteps(world)
  assert.deepEqual(
    answers(world, pull).at(-1)?.includes(`✅ #${again?.number}: Canary production/web v3: 5% → 25%`),
    true,
  )
  assert.deepEqual([again?.head.ref, again?.number === step.number], [`${STEP}/25`, false])
})

test('a command on a step leaves the rollout to the pull request that it began with', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  await says(world, 'alice', step, '/canary 10')
  await world.pass(15)
  await merges(world, 'bob', step)
  const [next] = openSteps(world)
  assert.ok(next !== undefined)
  assert.match(next.body, new RegExp(`The rollout began in #${pull.number}\\. The last step was #${step.number}\\.`))
  await says(world, 'alice', pull, '/canary abort')
  assert.deepEqual([next.state, branches(openSteps(world))], ['closed', [`${STEP}/0`]])
})

test('a command on a step also changes the share in its title and body, and leaves the words of people alone', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  step.body += '\n\nBob watches it.'
  await says(world, 'alice', step, '/canary 50')
  assert.equal(step.title, 'Canary production/web v3: 5% → 50%')
  assert.match(step.body, /^Raises the canary `v3` of `production\/web` from 5% to \*\*50%\*\* of the traffic\.$/m)
  assert.match(step.body, /^The plan: 5% → 25% → 100%\.$/m)
  assert.match(step.body, new RegExp(`began in #${pull.number}[\\s\\S]*Bob watches it\\.$`))
  await says(world, 'alice', step, '/canary 2')
  assert.match(step.body, /^Lowers the canary `v3` of `production\/web` from 5% to \*\*2%\*\* of the traffic\.$/m)
  step.title = 'Half of the traffic'
  await says(world, 'alice', step, '/canary 10')
  assert.equal(step.title, 'Half of the traffic')
})

test('a rollback that a person closes stops the rollout where it is, says so once, and next goes on', async () => {
  const world = await aWorld()
  const { pull } = await aRollout(world)
  await says(world, 'alice', pull, '/canary abort')
  const [rollback] = openSteps(world)
  assert.ok(rollback !== undefined)
  assert.match(
    rollback.body,
    /the canary keeps its share, and the rollout stops until somebody comments `\/canary next`/,
  )
  world.bob.close(rollback)
  await world.settle()
  await world.pass(20)
  await world.sweep()
  assert.deepEqual([openSteps(world), shareOn(world, 'main')], [[], 5])
  const stops = comments(world, rollback).filter((body) => body.includes('has stopped at 5%'))
  assert.equal(stops.length, 1)
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull).at(-1) ?? '', /Stopped: Perch opens no step until somebody comments/)
  await says(world, 'alice', pull, '/canary next')
  assert.deepEqual(branches(openSteps(world)), [`${STEP}/25`])
})

test('a step that Perch closed while a controller moved the traffic comes again when the controller is gone', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const rollout = 'apps/production/web-rollout.yaml'
  world.bob.push('main', { [rollout]: argoRollout() })
  await world.settle()
  assert.equal(step.state, 'closed')
  world.bob.push('main', { [rollout]: undefined })
  await world.settle()
  const [again] = openSteps(world)
  assert.equal(again?.head.ref, `${STEP}/25`)
  world.bob.close(again)
  await world.settle()
  await world.pass(20)
  assert.deepEqual(openSteps(world), [], 'a person has closed it')
})

test('a step whose branch GitHub deleted comes back at a next, from what is left of it', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  world.bob.deleteBranch(step.head.ref)
  await world.settle()
  assert.equal(step.state, 'closed')
  await says(world, 'alice', pull, '/canary next')
  assert.deepEqual(branches(openSteps(world)), [`${STEP}/25`])
  assert.equal(shareOn(world, `${STEP}/25`), 25)
})

test('somebody else’s branch with the name of a step is not touched, and the rollout says once what to do', async () => {
  const world = await aWorld()
  world.mallory.push(`${STEP}/25`, { 'README.md': '# Mine\n' })
  await world.settle()
  const head = world.state.refs.get(`refs/heads/${STEP}/25`)
  const { pull } = await aRollout(world).catch(() => ({ pull: world.state.pulls.get(1) }))
  assert.ok(pull !== undefined)
  await world.sweep()
  await world.pass(10)
  await world.sweep()
  assert.deepEqual(openSteps(world), [])
  assert.equal(world.state.refs.get(`refs/heads/${STEP}/25`), head)
  const notices = comments(world, pull).filter((body) => body.includes('cannot continue by itself'))
  assert.equal(notices.length, 1)
  assert.match(notices[0] ?? '', /`canary\/production\/web\/25`/)
  await says(world, 'alice', pull, '/canary status')
  assert.match(answers(world, pull).at(-1) ?? '', /The rollout of `production\/web` cannot continue by itself/)
  world.mallory.deleteBranch(`${STEP}/25`)
  await world.sweep()
  assert.deepEqual(branches(openSteps(world)), [`${STEP}/25`], 'what stood in the way is gone')
  await says(world, 'alice', pull, '/canary status')
  assert.doesNotMatch(answers(world, pull).at(-1) ?? '', /cannot continue by itself/)
})

test('the unfinished work of a process is continued', async () => {
  const world = await aWorld()
  // A branch at the base, without its commit.
  await memoryBranches(world.state).create(`${STEP}/25`, world.state.refs.get('refs/heads/main') ?? '')
  const { step } = await aRollout(world)
  assert.deepEqual([step.head.ref, shareOn(world, step.head.ref)], [`${STEP}/25`, 25])
  assert.equal(world.state.objects.ahead(step.base.sha, step.head.sha).length, 1)
})

test('a share that a pull request sets by hand continues, and a person merges its first step', async () => {
  const world = await aWorld({ config: { autoMerge: 'always' } })
  const path = subsetsFile('production', 'web')
  const brought = await aPull(world, {
    [ROUTE]: withShare(textOn(world, 'main', ROUTE), 5),
    [path]: textOn(world, 'main', path).replace('version: v2', 'version: v3'),
  })
  assert.match(gateOf(world, brought), /^success/)
  await merges(world, 'bob', brought)
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  assert.ok(step.body.includes(`The rollout began in #${brought.number}.`))
  await world.pass(20)
  assert.deepEqual([gateOf(world, step), step.state], ['success: Live and baked', 'open'])
  await merges(world, 'alice', step)
  await world.pass(20)
  assert.notEqual(shareOn(world, 'main'), 25, 'the next step merges by itself')
})

test('a share on the merged pull request that brought a version to one of two environments is for that one', async () => {
  const world = await aWorld({ environments: ['staging', 'production'] })
  const pull = await aNewVersion(world, { environment: 'staging' })
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary 5')
  assert.deepEqual(branches(openSteps(world)), ['canary/staging/web/5'])
})

test('a share that is older than Perch, or was pushed past it, stays until somebody says next', async () => {
  const world = await aWorld({ share: 10 })
  world.alice.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 20) })
  await world.settle()
  await world.sweep()
  assert.deepEqual(openSteps(world), [])
  const any = await aPull(world, { 'README.md': '# Any\n' })
  await merges(world, 'bob', any)
  assert.deepEqual(openSteps(world), [])
  await says(world, 'alice', any, '/canary status web')
  await says(world, 'alice', any, '/canary next web')
  assert.deepEqual(branches(openSteps(world)), [`${STEP}/25`])
})

test('when somebody moves the share on the base branch, the step is planned again, or closed if it is not the next one', async () => {
  const world = await aWorld({ config: { steps: [5, 25, 50, 100] } })
  const { step } = await aRollout(world)
  world.alice.push('main', {
    [ROUTE]: textOn(world, 'main', ROUTE).replace('weight: 95', 'weight: 90').replace('weight: 5', 'weight: 10'),
  })
  await world.settle()
  assert.deepEqual([step.state, step.title], ['open', 'Canary production/web v3: 10% → 25%'])
  assert.equal(shareOn(world, step.head.ref), 25)
  assert.deepEqual(world.state.objects.ahead(world.state.refs.get('refs/heads/main') ?? '', step.head.sha).length, 1)
  world.alice.push('main', {
    [ROUTE]: textOn(world, 'main', ROUTE).replace('weight: 90', 'weight: 70').replace('weight: 10', 'weight: 30'),
  })
  await world.settle()
  assert.equal(step.state, 'closed')
  assert.match(
    comments(world, step).at(-1) ?? '',
    /^Closed: from the current state of the base branch, this is not the next step/,
  )
  assert.deepEqual(branches(openSteps(world)), [`${STEP}/50`])
})

test('a branch on which a step was being made again when its process died is removed', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await memoryBranches(world.state).create(`${step.head.ref}.next`, step.base.sha)
  world.alice.push('main', { 'README.md': '# Ours\n' })
  await world.settle()
  assert.equal(world.state.refs.has(`refs/heads/${step.head.ref}.next`), false)
  assert.equal(step.state, 'open')
})

test('a step that a person changed is not made again when its base moves', async () => {
  const world = await aWorld()
  const { pull, step } = await aRollout(world)
  world.bob.push(step.head.ref, { 'README.md': '# Mine\n' })
  await world.settle()
  assert.equal(comments(world, step).filter((body) => body.includes('Somebody pushed to this step')).length, 1)
  const head = step.head.sha
  world.alice.push('main', {
    [ROUTE]: textOn(world, 'main', ROUTE).replace('weight: 95', 'weight: 90').replace('weight: 5', 'weight: 10'),
  })
  await world.settle()
  assert.deepEqual([step.state, step.head.sha], ['open', head])
  assert.match(comments(world, pull).at(-1) ?? '', /cannot continue by itself/)
})

test('a finish whose base branch is moved back before the last step is closed', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const then = headOf(world.state, 'main')
  await says(world, 'alice', step, '/canary 100')
  await world.pass(20)
  await merges(world, 'bob', step)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/finish'])
  moveBranch(world.state, 'main', { sha: then, by: person('olga') })
  await world.settle()
  assert.deepEqual([shareOn(world, 'main'), branches(openSteps(world))], [5, ['canary/production/web/25']])
})

test('labels that name roles are not made equal: a person deploys the stable version, and ends the rollout', async () => {
  const named = (text: string): string =>
    text.replace(/version: v1/, 'track: stable').replace(/version: v2/, 'track: canary')
  const world = await aWorld()
  const path = subsetsFile('production', 'web')
  world.alice.push('main', { [path]: named(textOn(world, 'main', path)) })
  await world.settle()
  const pull = await aPull(world, { 'README.md': '# Begin\n' })
  await says(world, 'alice', pull, '/canary 100')
  await merges(world, 'bob', pull)
  assert.deepEqual(openSteps(world), [])
  const [words = ''] = comments(world, pull).filter((body) => body.includes('cannot continue by itself'))
  assert.match(words, /picks pods by the label `track`, which is `stable` or `canary`: it names the role of a pod/)
  await says(world, 'alice', pull, '/canary 0')
  for (const step of openSteps(world)) await merges(world, 'bob', step)
  assert.deepEqual([shareOn(world, 'main'), openSteps(world)], [0, []])
  assert.match(textOn(world, 'main', path), /track: stable[^]*track: canary/)
})

test('a repository that is restored to an hour ago goes on from there, without another command', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const then = headOf(world.state, 'main')
  await world.pass(20)
  await merges(world, 'bob', step)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/100'])
  // A backup has old branches, and GitHub has the current pull requests.
  moveBranch(world.state, 'main', { sha: then, by: person('olga') })
  await world.settle()
  assert.equal(shareOn(world, 'main'), 5)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/25'])
  const [again] = openSteps(world)
  assert.ok(again !== undefined && again.number !== step.number)
  assert.match(gateOf(world, again), /^action_required: Waiting for live and bake/, 'the cluster had 25% until now')
  await world.pass(14)
  assert.equal(gateOf(world, again), 'success: Live and baked')
  await merges(world, 'bob', again)
  assert.equal(shareOn(world, 'main'), 25)
  assert.deepEqual(branches(openSteps(world)), ['canary/production/web/100'])
})

test('a rollout that was rolled back, and is there again because the base branch is moved back, has to go live and bake again', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const then = headOf(world.state, 'main')
  await world.pass(20)
  await says(world, 'alice', step, '/canary abort')
  for (const rollback of openSteps(world)) await merges(world, 'bob', rollback)
  await world.pass(20)
  moveBranch(world.state, 'main', { sha: then, by: person('olga') })
  await world.settle()
  const [again] = openSteps(world)
  assert.ok(again !== undefined)
  assert.match(gateOf(world, again), /^action_required: Waiting for live and bake/)
  // Further commits do not start the bake again.
  await world.pass(10)
  world.olga.push('main', { 'docs/a.md': 'x\n' })
  await world.settle()
  await world.pass(4)
  assert.equal(gateOf(world, again), 'success: Live and baked')
})

test('a step that is pushed to the base branch as it was committed long ago bakes from the push on', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await world.pass(20)
  moveBranch(world.state, 'main', { sha: step.head.sha, by: person('bob') })
  await world.settle()
  assert.equal(step.state, 'merged')
  const [next] = openSteps(world)
  assert.equal(next?.head.ref, 'canary/production/web/100')
  assert.match(gateOf(world, next), /^action_required: Waiting for live and bake/)
  await world.pass(14)
  assert.equal(gateOf(world, next), 'success: Live and baked')
})

test('a base branch that is moved back after Perch lost its memory has to go live and bake again, too', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  const then = headOf(world.state, 'main')
  await world.pass(20)
  await merges(world, 'bob', step)
  world.service.crash('all')
  moveBranch(world.state, 'main', { sha: then, by: person('olga') })
  await world.service.start()
  await world.settle()
  const [again] = openSteps(world)
  assert.match(again === undefined ? '' : gateOf(world, again), /^action_required: Waiting for live and bake/)
})

test('a step whose route is gone is closed with a reason, and so is one with nothing left to do', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  world.alice.push('main', { [ROUTE]: undefined })
  await world.settle()
  assert.equal(step.state, 'closed')
  assert.match(comments(world, step).at(-1) ?? '', /^Closed: the base branch no longer has the rollout/)
  const other = await aWorld()
  const { step: last } = await aRollout(other)
  other.alice.push('main', { [ROUTE]: withShare(textOn(other, 'main', ROUTE), 0) })
  await other.settle()
  assert.deepEqual([last.state, openSteps(other)], ['closed', []])
  assert.match(comments(other, last).at(-1) ?? '', /^Closed: /)
})

test('a branch that is no longer deployed loses its steps, with a reason', async () => {
  const config = (branchesLine: string) =>
    `environments:\n  production: { path: apps/production, live: { after: 3m } }\nservices:\n  web: { steps: [5, 25, 100], bake: 10m }\n${branchesLine}`
  const world = await aWorld({ files: { '.github/canary.yml': config('branches: [main, release]\n') } })
  world.alice.push('release', { 'README.md': '# Release\n' })
  await world.settle()
  world.alice.push(
    'v3',
    {
      [subsetsFile('production', 'web')]: textOn(world, 'main', subsetsFile('production', 'web')).replace(
        'version: v2',
        'version: v3',
      ),
    },
    { from: 'release' },
  )
  const pull = world.alice.open('v3', 'v3', 'release')
  assert.ok(pull !== undefined)
  await world.settle()
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  const [step] = openSteps(world)
  assert.deepEqual([step?.head.ref, step?.base.ref], ['canary/@release/production/web/25', 'release'])
  world.alice.push('main', { '.github/canary.yml': config('branches: [main]\n') })
  await world.settle()
  await world.sweep()
  assert.equal(step?.state, 'closed')
  assert.match(
    (step && comments(world, step).at(-1)) ?? '',
    /^Closed: the base of this pull request is not a deployed branch/,
  )
})

async function retargets(world: World, pull: Pull, base: string): Promise<void> {
  const changes = { base: { ref: { from: pull.base.ref }, sha: { from: pull.base.sha } } }
  pull.base.ref = base
  pull.base.sha = headOf(world.state, base) ?? ''
  pull.updatedAt = world.state.now()
  tellPull(world.state, pull, { action: 'edited', by: person('bob'), changes })
  await world.settle()
}

test('a step whose base somebody changes is closed in words, and opened again where it was made for', async () => {
  for (const hears of [true, false]) {
    const world = await aWorld()
    const { step } = await aRollout(world)
    world.alice.push('release', { 'docs/notes.md': '# Notes\n' })
    await world.settle()
    world.hears = hears
    await retargets(world, step, 'release')
    world.hears = true
    if (!hears) await world.sweep()
    assert.equal(step.state, 'closed')
    assert.match(comments(world, step).at(-1) ?? '', /^Closed: this step was made for another base branch/)
    const [again, ...others] = openSteps(world)
    assert.deepEqual([again?.head.ref, again?.base.ref, others.length], ['canary/production/web/25', 'main', 0])
  }
})

test('a step whose base somebody changes to another deployed branch is opened again where it was made for', async () => {
  const world = await aWorld()
  const config = textOn(world, 'main', '.github/canary.yml')
  world.olga.push('main', { '.github/canary.yml': `branches: [main, release]\n${config}` })
  world.alice.push('release', { 'docs/notes.md': '# Notes\n' })
  await world.settle()
  const { step } = await aRollout(world)
  await world.sweep()
  for (const hears of [true, false]) {
    const [open] = openSteps(world)
    assert.ok(open !== undefined)
    world.hears = hears
    await retargets(world, open, 'release')
    world.hears = true
    await world.sweep()
    assert.equal(open.state, 'closed')
    const [again, ...others] = openSteps(world)
    assert.deepEqual([again?.head.ref, again?.base.ref, others.length], [step.head.ref, 'main', 0])
  }
})

test('a step for a branch that a pattern names is opened again there when somebody changes its base', async () => {
  const world = await aWorld()
  const config = textOn(world, 'main', '.github/canary.yml')
  world.olga.push('main', { '.github/canary.yml': `branches: [main, "release-*"]\n${config}` })
  await world.settle()
  const path = subsetsFile('production', 'web')
  world.alice.push('release-1', { 'docs/notes.md': '# Notes\n' })
  world.alice.push('v3', { [path]: withCanaryVersion(textOn(world, 'main', path), 'v3') }, { from: 'release-1' })
  const pull = world.alice.open('v3', 'v3', 'release-1')
  assert.ok(pull !== undefined)
  await world.settle()
  await says(world, 'alice', pull, '/canary 5')
  await merges(world, 'bob', pull)
  const [step] = openSteps(world)
  assert.deepEqual([step?.head.ref, step?.base.ref], ['canary/@release-1/production/web/25', 'release-1'])
  assert.ok(step !== undefined)
  await retargets(world, step, 'main')
  const [again, ...others] = openSteps(world)
  assert.deepEqual(
    [step.state, again?.head.ref, again?.base.ref, others.length],
    ['closed', step.head.ref, 'release-1', 0],
  )
})

test('while the config on the base branch is broken no rollout continues, and afterwards it does', async () => {
  const world = await aWorld()
  const { step } = await aRollout(world)
  await world.pass(14)
  const good = textOn(world, 'main', '.github/canary.yml')
  world.alice.push('main', { '.github/canary.yml': good.replace('steps:', 'stepz:') })
  await world.settle()
  assert.match(gateOf(world, step), /^failure/)
  world.alice.push('main', { '.github/canary.yml': good })
  await world.settle()
  assert.match(gateOf(world, step), /^success/)
  await merges(world, 'alice', step)
  assert.deepEqual(branches(openSteps(world)), [`${STEP}/100`])
})

test('a step whose commit was made on an older base before GitHub was out is made again on the new one', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  const { onAnswered } = world.network
  world.network.onAnswered = (name, answer) => {
    onAnswered?.(name, answer)
    if (name === 'branches.commit') world.network.outages.set('rest', world.now() + 60_000)
  }
  await merges(world, 'bob', pull)
  assert.deepEqual(openSteps(world), [])
  world.network.onAnswered = onAnswered ?? (() => undefined)
  world.bob.push('main', { 'README.md': '# Meanwhile\n' })
  await world.pass(10)
  await world.sweep()
  const [step] = openSteps(world)
  assert.ok(step !== undefined)
  assert.deepEqual(world.state.objects.find(step.head.sha)?.parents, [world.state.refs.get('refs/heads/main')])
})
