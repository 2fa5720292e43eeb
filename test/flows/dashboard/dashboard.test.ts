/** The issue that lists all rollouts of a repository, if the config asks for it. */
import assert from 'node:assert/strict'
import { lookMarker } from '../../../src/core/marker/dashboard.ts'
import {
  aNewVersion,
  aPull,
  aRollout,
  aWorld,
  checkOf,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
  type WorldOptions,
} from '../world.ts'
import { openIssue } from '../../memory/github/issues.ts'
import { routeFile, withShare } from '../../simulate/repository.ts'
import { argoRollout } from '../../owners.ts'
import { recordedIn } from '../recorded/account.ts'

const test = recordedIn(import.meta.url)

function configText(more = 'dashboard: true'): string {
  return `environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web: { steps: [5, 100], bake: 10m }
${more}
`
}

const CONFIG = '.github/canary.yml'

function aDashboard({ files = {}, ...options }: WorldOptions = {}): Promise<World> {
  return aWorld({ ...options, files: { [CONFIG]: configText(), ...files } })
}

/** Its issues, without the parts that are the same in all of them. */
function issues({ state }: World): readonly string[] {
  return [...state.issues.values()].map(({ isOpen, body }) => {
    const [, text = ''] = /-->\n\n(.*?)(?:\n\n\*\*Check again\*\*|$)/s.exec(body) ?? []
    return `${isOpen ? 'open' : 'closed'}: ${text}`
  })
}

function theIssue({ state }: World) {
  const [issue] = state.issues.values()
  assert.ok(issue !== undefined, 'there is no issue')
  return issue
}

/** The names of the requests of the issues port since a moment. */
function asked(world: World): string[] {
  const names: string[] = []
  const before = world.network.onAnswered
  world.network.onAnswered = (name, answer) => {
    before?.(name, answer)
    if (name.startsWith('issues.')) names.push(name)
  }
  return names
}

const ALL = `- [ ] ${lookMarker('all')} everything`
const WEB = `- [ ] ${lookMarker({ base: 'main', name: 'production/web' })} \`production/web\``

/** Somebody ticks a check box, as GitHub's page does. */
async function ticks(world: World, box: string, who: 'alice' | 'mallory' = 'alice'): Promise<void> {
  const { number, body } = theIssue(world)
  assert.ok(body.includes(box), body)
  world[who].editIssue(number, body.replace(box, box.replace('[ ]', '[x]')))
  await world.settle()
}

test('a repository with a dashboard in its config gets one issue, which says that there is no rollout and how to begin one', async () => {
  const world = await aDashboard()
  await world.pass(2)
  assert.deepEqual(issues(world), [
    'open: **No rollouts.** No canary that Perch moves has traffic. To start a rollout, open a pull request that brings a new version of the canary, and comment `/canary 5` there.',
  ])
  const { author, title, body } = theIssue(world)
  assert.deepEqual([author.login, title], ['perch[bot]', 'Canary rollouts'])
  assert.ok(body.includes(ALL), body)
})

test('a rollout is a line with its share, since when, and what its step waits for', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  const row = (since: string, waits: string): string =>
    `| Rollout | Canary | Waits for |
| - | - | - |
| \`production/web\`<br>\`v3\` | **5%**<br>since ${since} | #3 ${waits} |`
  const merged = [...world.state.pulls.values()][0]?.closedAt ?? 0
  const since = `${new Date(merged).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const shown = (headline: string, waits: string): readonly string[] => [`open: ${headline}\n\n${row(since, waits)}`]
  assert.deepEqual(issues(world), shown('**1 rollout**', '⏳ live, bake'))
  assert.ok(theIssue(world).body.includes(WEB))
  await world.pass(15)
  assert.match(gateOf(world, openSteps(world)[0] ?? assert.fail()), /^success/)
  assert.deepEqual(issues(world), shown('**1 rollout**: 1 ready to merge', '✅ ready to merge'))
})

test('a rollout that has ended leaves the list', async () => {
  const world = await aDashboard()
  const { pull } = await aRollout(world)
  await world.pass(2)
  await says(world, 'alice', pull, '/canary abort')
  await world.pass(2)
  assert.match(issues(world)[0] ?? '', /\*\*5%\*\* rolling back<br>.*#4 ✅ ready to merge/)
  await merges(world, 'bob', openSteps(world)[0] ?? assert.fail())
  await world.pass(2)
  assert.match(issues(world)[0] ?? '', /^open: \*\*No rollouts/)
})

test('a pull request that will begin a rollout is listed while it is open', async () => {
  const world = await aDashboard()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await aPull(world, { 'README.md': 'No traffic\n' })
  await world.pass(2)
  assert.match(
    issues(world)[0] ?? '',
    /\*\*Other open pull requests that change traffic\*\*\n\n- #\d ✅ ready to merge$/,
  )
  world.alice.close(pull)
  await world.settle()
  await world.pass(2)
  assert.doesNotMatch(issues(world)[0] ?? '', /Other open/)
})

test('a hold, a step that a person closed, and a share that was set by hand say what they wait for', async () => {
  const held = await aDashboard()
  const { pull, step } = await aRollout(held)
  await says(held, 'alice', pull, '/canary hold it is slow')
  await held.pass(16)
  assert.match(issues(held)[0] ?? '', /^open: \*\*1 rollout\*\*: 1 needs a person\n.*#3 ⏳ hold/s)
  held.alice.close(step)
  await held.settle()
  await held.pass(2)
  assert.match(
    issues(held)[0] ?? '',
    /1 needs a person\n.*\| ⏸ somebody closed its step: comment `\/canary next` on #1 \|/s,
  )
  const byHand = await aDashboard({ share: 20 })
  await byHand.pass(2)
  assert.match(
    issues(byHand)[0] ?? '',
    /\*\*20%\*\* \| ⏸ set without Perch: comment `\/canary next` on a pull request to continue \|/,
  )
})

test('a step that a person closed and reopened is a step again, even without a webhook', async () => {
  for (const hears of [true, false]) {
    const world = await aDashboard()
    const { step } = await aRollout(world)
    await world.pass(16)
    world.alice.close(step)
    await world.settle()
    await world.pass(2)
    assert.match(issues(world)[0] ?? '', /⏸ somebody closed its step/)
    world.hears = hears
    world.alice.reopen(step)
    await world.settle()
    await world.sweep()
    await world.pass(2)
    assert.match(issues(world)[0] ?? '', /^open: \*\*1 rollout\*\*: 1 ready to merge\n.*#3 ✅ ready to merge \|$/s)
  }
})

test('a rollout that a controller in the cluster moves is counted and not listed', async () => {
  const world = await aDashboard({ files: { 'apps/production/web-rollout.yaml': argoRollout() }, share: 20 })
  await world.pass(2)
  assert.match(
    issues(world)[0] ?? '',
    /No rollouts.*\n\nControllers in the cluster move 1 other service, so Git does not say/s,
  )
})

test('line breaks from GitHub’s editor are no change, so the issue is not written again', async () => {
  const world = await aDashboard()
  await aRollout(world)
  // Until the gates of its step have something new.
  await world.pass(20)
  const { number, body } = theIssue(world)
  const names = asked(world)
  world.alice.editIssue(number, body.replaceAll('\n', '\r\n'))
  await world.sweep()
  await world.pass(2)
  assert.deepEqual([...new Set(names)], ['issues.get'])
})

test('the issue is written at most once a minute, and needs no request while its text stays the same', async () => {
  const world = await aDashboard()
  await world.pass(2)
  const names = asked(world)
  await aRollout(world)
  await world.pass(2)
  await world.pass(15)
  assert.ok(names.length <= 10, names.join())
  assert.deepEqual([...new Set(names)], ['issues.get', 'issues.edit'])
  names.length = 0
  world.alice.comment(openSteps(world)[0]?.number ?? 0, 'Nice')
  await world.pass(2)
  assert.deepEqual(names, [])
  await world.sweep()
  assert.deepEqual(names, ['issues.get'])
})

test('without rollouts, sweeps request nothing', async () => {
  const world = await aDashboard()
  await world.pass(2)
  world.network.lastWebhook = 0
  for (let count = 0; count < 12; count += 1) {
    await world.pass(3)
    await world.sweep()
  }
  const names = asked(world)
  const before = world.network.requests
  for (let count = 0; count < 3; count += 1) await world.sweep()
  assert.deepEqual([names, world.network.requests - before], [[], 0])
})

test('without the key there is no issue, and no request to GitHub about it', async () => {
  const world = await aWorld({ files: { [CONFIG]: configText('') } })
  const names = asked(world)
  await aRollout(world)
  await world.sweep()
  await world.pass(5)
  assert.deepEqual([issues(world), names], [[], []])
})

test('a tick makes Perch check one rollout again, and is removed', async () => {
  const world = await aDashboard()
  const { step } = await aRollout(world)
  await world.pass(2)
  const runs = world.state.runs.filter(({ sha }) => sha === step.head.sha)
  for (const run of runs) Object.assign(run, { report: undefined, title: 'Lost' })
  await ticks(world, WEB)
  assert.match(checkOf(world, step, 'canary/validate'), /^success/)
  assert.ok(theIssue(world).body.includes(WEB))
})

test('the first box makes Perch check everything again, including pull requests that are not steps', async () => {
  const world = await aDashboard()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  await world.pass(2)
  for (const run of world.state.runs) Object.assign(run, { report: undefined, title: 'Lost' })
  await ticks(world, ALL)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
  assert.ok(theIssue(world).body.includes(ALL))
})

test('a tick without a webhook is found by the next sweep while there is a rollout', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  world.hears = false
  await ticks(world, WEB)
  assert.ok(!theIssue(world).body.includes(WEB))
  await world.sweep()
  assert.ok(theIssue(world).body.includes(WEB))
})

test('Perch’s own edits cause no task, and neither do boxes in other people’s issues', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  await ticks(world, WEB)
  await world.pass(5)
  const names = asked(world)
  const other = world.mallory.openIssue('Mine', `<!-- perch:dashboard -->\n${WEB}`)
  world.mallory.editIssue(other, `<!-- perch:dashboard -->\n${WEB.replace('[ ]', '[x]')}`)
  await world.pass(5)
  assert.deepEqual(names, [])
})

test('other people’s edits of the issue are undone, and a tick for a rollout that is gone does nothing', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  const { number, body } = theIssue(world)
  world.alice.editIssue(
    number,
    `${body}\n- [x] ${lookMarker({ base: 'main', name: 'gone/web' })} gone\n- [x] <!-- perch:look:%E0%A4 --> x`,
  )
  await world.settle()
  assert.equal(theIssue(world).body, body)
})

test('an issue that a person closed stays closed until there is something new to show', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  world.alice.closeIssue(theIssue(world).number)
  await world.sweep()
  assert.match(issues(world)[0] ?? '', /^closed/)
  await world.pass(15)
  assert.match(issues(world)[0] ?? '', /^open: .*ready to merge/s)
  assert.equal(world.state.issues.size, 1)
})

test('an issue that a person closed is not reopened to say that there is no rollout', async () => {
  const world = await aDashboard({ share: 20 })
  await world.pass(2)
  world.alice.closeIssue(theIssue(world).number)
  world.alice.push('main', {
    [routeFile('production', 'web')]: withShare(textOn(world, 'main', routeFile('production', 'web')), 0),
  })
  await world.settle()
  await world.pass(2)
  await world.sweep()
  assert.match(issues(world)[0] ?? '', /^closed: \*\*1 rollout/)
})

test('when the config no longer asks for the issue, Perch says so and closes it; later it reopens the same one', async () => {
  const world = await aDashboard()
  await world.pass(2)
  world.alice.push('main', { [CONFIG]: configText('') })
  await world.pass(2)
  assert.match(theIssue(world).body, /no longer says `dashboard: true`, so Perch has closed this list/)
  assert.match(issues(world)[0] ?? '', /^closed/)
  const names = asked(world)
  await world.sweep()
  assert.deepEqual(names, [])
  world.alice.push('main', { [CONFIG]: configText() })
  await world.pass(2)
  assert.match(issues(world)[0] ?? '', /^open: \*\*No rollouts/)
  assert.equal(world.state.issues.size, 1)
})

test('while the config cannot be read, the issue stays, and says so', async () => {
  const world = await aDashboard()
  await world.pass(2)
  world.alice.push('main', { [CONFIG]: configText('dashboard: true\nodd: 1') })
  await world.pass(2)
  assert.match(issues(world)[0] ?? '', /^open: ⚠️ `.github\/canary.yml` is not valid here, so no rollout continues/)
})

test('after memory is lost, the same issue is found again, and the oldest of two stays', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  const { number, body } = theIssue(world)
  world.service.crash('memo')
  const twice = openIssue(world.state, { title: 'Canary rollouts', body, by: world.state.bot })
  const another = openIssue(world.state, { title: 'Something else', body: 'Words', by: world.state.bot })
  await world.service.start()
  await world.settle()
  await world.pass(3)
  await world.sweep()
  await world.pass(3)
  const open = [...world.state.issues.values()].filter(({ isOpen }) => isOpen)
  assert.deepEqual(
    open.map((one) => one.number),
    [number, another.number],
  )
  assert.match(twice.body, new RegExp(`keeps #${number} up to date`))
})

test('a deleted issue is replaced', async () => {
  const world = await aDashboard()
  await aRollout(world)
  await world.pass(2)
  world.state.issues.clear()
  await world.sweep()
  assert.match(issues(world)[0] ?? '', /^open: \*\*1 rollout/)
})

test('without the permission, or without issues, rollouts continue and the log says it once', async () => {
  for (const what of ['permission', 'issues'] as const) {
    const warnings: string[] = []
    const log = {
      debug() {},
      info() {},
      error() {},
      warn: (facts: object, words: string) => void warnings.push(`${words}: ${String(Reflect.get(facts, 'reason'))}`),
    }
    const world = await aDashboard({ log })
    await world.pass(2)
    warnings.length = 0
    if (what === 'permission') world.state.mayWriteIssues = false
    else world.state.hasIssues = false
    const { step } = await aRollout(world)
    await world.pass(15)
    for (let count = 0; count < 3; count += 1) await world.sweep()
    assert.match(gateOf(world, step), /^success/)
    const told = warnings.filter((one) => one.startsWith('there is no dashboard'))
    assert.equal(told.length, 1, warnings.join('\n'))
    assert.match(
      told[0] ?? '',
      what === 'permission' ? /write access to issues/ : /Issues are turned off in this repository/,
    )
    world.state.mayWriteIssues = true
    world.state.hasIssues = true
    await world.pass(61)
    await world.sweep()
    assert.match(issues(world)[0] ?? '', /^open: \*\*1 rollout/)
  }
})

test('the rollouts of all deployed branches are listed, each under its name', async () => {
  const world = await aDashboard({ files: { [CONFIG]: configText('dashboard: true\nbranches: [main, release]') } })
  world.alice.push('release', { 'README.md': 'x\n' })
  await world.settle()
  await world.sweep()
  await world.pass(2)
  await aRollout(world)
  await world.pass(2)
  assert.match(
    issues(world)[0] ?? '',
    /^open: \*\*1 rollout\*\*\n\n### `main`\n\n\| Rollout .*\n\n### `release`\n\nNo rollouts\.$/s,
  )
  assert.match(theIssue(world).body, /`production\/web` on `main`/)
})
