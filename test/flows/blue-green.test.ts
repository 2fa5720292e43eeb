/** A switch of all traffic between two versions, through pull requests. */
import assert from 'node:assert/strict'
import { blueGreenPods as pods, blueGreenRoute as route, BLUE_GREEN_SUBSETS } from '../blue-green.ts'
import type { Pull } from '../memory/github/github.ts'
import { answers, aPull, aWorld, branches, gateOf, merges, openSteps, says, textOn, type World } from './world.ts'
import { recordedIn } from './recorded/account.ts'

const test = recordedIn(import.meta.url)

const CONFIG = '.github/canary.yml'

function routeFile(environment: string): string {
  return `apps/${environment}/web-route.yaml`
}

function podsFile(environment: string): string {
  return `apps/${environment}/web-pods.yaml`
}

/** Services that switch, all on blue, in environments that follow each other. */
async function blueGreen(environments: readonly string[] = ['production'], approvals = 0): Promise<World> {
  const config = environments.map((name, index) => {
    const after = index === 0 ? '' : `, after: ${environments[index - 1]}`
    return `  ${name}: { path: apps/${name}, live: { after: 3m }, approvals: ${approvals}${after} }\n`
  })
  const files = environments.flatMap((name) => [
    [routeFile(name), route('blue', 'green')],
    [podsFile(name), pods({ blue: '1', green: '2' })],
    [`apps/${name}/web-subsets.yaml`, BLUE_GREEN_SUBSETS],
  ])
  return aWorld({
    services: [],
    environments: [],
    files: {
      ...Object.fromEntries(files),
      [CONFIG]: `environments:\n${config.join('')}services: { web: { bake: 10m } }\n`,
    },
  })
}

/** The same in two waves. */
function blueGreenFleet(): Promise<World> {
  const names = ['eu-1', 'eu-2', 'us-1']
  const files = names.flatMap((name) => [
    [routeFile(name), route('blue', 'green')],
    [podsFile(name), pods({ blue: '1', green: '2' })],
    [`apps/${name}/web-subsets.yaml`, BLUE_GREEN_SUBSETS],
  ])
  const environments = names.map((name) => `  ${name}: { path: apps/${name}, live: { after: 3m } }\n`)
  const service = 'services: { web: { bake: 10m, waves: [[eu-1], [eu-2, us-1]] } }\n'
  return aWorld({
    services: [],
    environments: [],
    files: { ...Object.fromEntries(files), [CONFIG]: `environments:\n${environments.join('')}${service}` },
  })
}

function onMain(world: World, environment = 'production'): string {
  return textOn(world, 'main', routeFile(environment))
}

async function note(world: World): Promise<Pull> {
  return aPull(world, { [`docs/${world.state.pulls.size}.md`]: 'x\n' }, 'A note')
}

/** The pull request of Perch that a switch on a closed pull request opens. */
async function asks(world: World, line: string): Promise<Pull> {
  const pull = await note(world)
  world.alice.close(pull)
  await world.settle()
  await says(world, 'alice', pull, line)
  const opened = openSteps(world).at(-1)
  assert.ok(opened !== undefined, answers(world, pull).join('\n'))
  return opened
}

test('a switch on an open pull request is a commit of all that changes, and no more', async () => {
  const world = await blueGreen()
  const pull = await note(world)
  await says(world, 'alice', pull, '/switch green')
  assert.match(answers(world, pull).join(), /✅ `production\/web`: `blue` → \*\*`green`\*\*, all traffic at once/)
  assert.equal(textOn(world, pull.head.ref, routeFile('production')), route('green', 'blue'))
  assert.match(gateOf(world, pull), /^success/)
  await says(world, 'alice', pull, '/switch green')
  assert.match(answers(world, pull).at(-1) ?? '', /already goes to `green`/)
  await says(world, 'alice', pull, '/switch blue')
  assert.equal(textOn(world, pull.head.ref, routeFile('production')), route('blue', 'green'))
  await says(world, 'alice', pull, '/switch green')
  await merges(world, 'bob', pull)
  assert.equal(onMain(world), route('green', 'blue'))
  assert.deepEqual(openSteps(world), [], 'nothing follows a switch')
})

test('on a closed pull request, a switch opens a new one', async () => {
  const world = await blueGreen()
  const opened = await asks(world, '/switch green')
  assert.equal(opened.head.ref, 'switch/production/web/green')
  assert.equal(opened.title, 'Switch production/web: blue → green')
  assert.deepEqual([...opened.labels].sort(), ['canary', 'canary:switch'])
  await merges(world, 'bob', opened)
  assert.equal(onMain(world), route('green', 'blue'))
})

test('a switch is a raise to all traffic: stops, approvals and the environment before it hold it back', async () => {
  const world = await blueGreen(['staging', 'production'], 1)
  const production = await asks(world, '/switch green --env production')
  assert.match(gateOf(world, production), /order/i)
  assert.match(gateOf(world, production), /approvals/i)
  const staging = await asks(world, '/switch green --env staging')
  assert.doesNotMatch(gateOf(world, staging), /order/i)
  world.bob.approve(staging)
  await world.settle()
  await merges(world, 'bob', staging)
  world.bob.approve(production)
  await world.pass(5)
  assert.match(gateOf(world, production), /order/i, 'staging bakes')
  await world.pass(15)
  assert.match(gateOf(world, production), /^success/)
  await says(world, 'olga', production, '/freeze production sale')
  assert.match(gateOf(world, production), /freeze/i)
})

test('a switch by hand is gated like one by command', async () => {
  const world = await blueGreen(['staging', 'production'])
  const byHand = await aPull(world, { [routeFile('production')]: route('green', 'blue') })
  assert.match(gateOf(world, byHand), /order/i)
  const byWeights = await aPull(world, {
    [routeFile('production')]: route('blue', 'green').replace(
      /(subset: blue \})\n$/,
      '$1\n          weight: 50\n        - destination: { host: web, subset: green }\n          weight: 50\n',
    ),
  })
  assert.match(gateOf(world, byWeights), /order/i)
})

test('a switch back is never held back, as long as it goes to the version that had the traffic', async () => {
  const world = await blueGreen(['production'], 1)
  const first = await asks(world, '/switch green')
  assert.match(gateOf(world, first), /approvals/i)
  world.bob.approve(first)
  await world.settle()
  await merges(world, 'bob', first)
  await says(world, 'olga', first, '/freeze production sale')
  const back = await asks(world, '/switch blue')
  assert.match(gateOf(world, back), /^success/)
  await merges(world, 'bob', back)
  assert.equal(onMain(world), route('blue', 'green'))
  const again = await asks(world, '/switch green')
  assert.doesNotMatch(gateOf(world, again), /^success/, 'green was left, so it is a raise again')
})

test('a version that has changed since it had the traffic is not the previous version', async () => {
  const world = await blueGreen(['production'], 1)
  const first = await asks(world, '/switch green')
  world.bob.approve(first)
  await world.settle()
  await merges(world, 'bob', first)
  const release = await aPull(world, { [podsFile('production')]: pods({ blue: '3', green: '2' }) }, 'Release 3')
  await merges(world, 'bob', release)
  const next = await asks(world, '/switch blue')
  assert.match(gateOf(world, next), /approvals/i)
})

test('with several environments Perch asks, and a share is refused with the command that works', async () => {
  const world = await blueGreen(['staging', 'production'])
  const pull = await note(world)
  await says(world, 'alice', pull, '/switch green')
  assert.match(answers(world, pull).at(-1) ?? '', /Say which:[^]*web --env production[^]*web --env staging/)
  await says(world, 'alice', pull, '/canary 25 web --env production')
  assert.match(answers(world, pull).at(-1) ?? '', /^> .*\n\n⛔ `production\/web` is a blue\/green .*`\/switch green`/)
  await says(world, 'alice', pull, '/switch purple --env production')
  assert.match(answers(world, pull).at(-1) ?? '', /`purple` is not a version of `production\/web`/)
})

test('a promotion from an environment that has switched carries the new rules and pods, and does not switch the target', async () => {
  const world = await blueGreen(['staging', 'production'])
  const withTimeout = (text: string): string =>
    text.replace('    - name: main\n', '    - name: main\n      timeout: 3s\n')
  world.alice.push('main', {
    [routeFile('staging')]: withTimeout(route('green', 'blue')),
    [podsFile('staging')]: pods({ blue: '1', green: '3' }),
  })
  await world.settle()
  const pull = await note(world)
  await says(world, 'alice', pull, '/promote staging production web')
  const [made] = openSteps(world)
  assert.ok(made !== undefined, answers(world, pull).join('\n'))
  const promoted = textOn(world, made.head.ref, routeFile('production'))
  assert.equal(promoted, `${route('blue', 'green')}      timeout: 3s\n`)
  assert.equal(textOn(world, made.head.ref, podsFile('production')), pods({ blue: '1', green: '3' }))
  assert.match(made.body, /Only `\/switch` changes which version of a blue\/green service gets the traffic/)
})

test('a promotion between environments with the same active version carries a preview rule', async () => {
  const world = await blueGreen(['staging', 'production'])
  const preview = /    - name: preview[^]*?(?=    - name: main)/
  world.alice.push('main', { [routeFile('production')]: route('blue', 'green').replace(preview, '') })
  await world.settle()
  await says(world, 'alice', await note(world), '/promote staging production web')
  const [made] = openSteps(world)
  assert.match(textOn(world, made?.head.ref ?? '', routeFile('production')), preview)
})

test('a switch whose base moves is planned again, or closed if nothing is left of it', async () => {
  const world = await blueGreen()
  const opened = await asks(world, '/switch green')
  async function pushes(text: string): Promise<void> {
    world.alice.merge(await aPull(world, { [routeFile('production')]: text }), { ignoresChecks: true })
    await world.settle()
  }
  const renamed = (text: string): string => text.replace('host: web, subset: blue', 'host: "web", subset: blue')
  await pushes(renamed(route('blue', 'green')))
  assert.deepEqual(branches(openSteps(world)), [opened.head.ref])
  assert.match(textOn(world, opened.head.ref, routeFile('production')), /host: "web", subset: green/)
  await pushes(route('green', 'blue'))
  assert.deepEqual(openSteps(world), [])
})

test('a switch in the second wave waits until the first has switched, is live and has baked; the way back waits for nobody', async () => {
  const world = await blueGreenFleet()
  const second = await asks(world, '/switch green --env eu-2+us-1')
  assert.equal(second.head.ref, 'switch/eu-2+us-1/web/green')
  assert.match(gateOf(world, second), /eu-1 must do this step first\. Its traffic goes to another version now\./)
  const first = await asks(world, '/switch green')
  assert.equal(first.head.ref, 'switch/eu-1/web/green')
  assert.match(gateOf(world, first), /^success: Nothing to wait for/)
  await merges(world, 'bob', first)
  assert.match(gateOf(world, second), /eu-1 must do this step first\. There: counts as live at/)
  await world.pass(4)
  assert.match(gateOf(world, second), /eu-1 must do this step first: it bakes there until/)
  await world.pass(15)
  assert.match(gateOf(world, second), /^success: In order/)
  await merges(world, 'bob', second)
  for (const name of ['eu-1', 'eu-2', 'us-1']) assert.match(onMain(world, name), /active-version: "green"/)
  const back = await asks(world, '/switch blue --env eu-2+us-1')
  assert.match(gateOf(world, back), /^success: Nothing to wait for/)
})
