/** What happens in each situation of a rollout, by a page for each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Notifier } from '../../../src/ports/notifier.ts'
import type { Pull } from '../../memory/github/github.ts'
import { CONFIG, routeFile, subsetsFile, withCanaryVersion, withShare } from '../../simulate/repository.ts'
import { endViolations } from '../../simulate/laws.ts'
import { assertPage } from '../page.ts'
import {
  aNewVersion,
  aRollout,
  aWorld,
  gateOf,
  merges,
  openSteps,
  presses,
  says,
  shareOn,
  textOn,
  versionsOn,
  type World,
} from '../world.ts'

/** Everything that shows a rollout outside of its pull requests is switched on. */
const FILES = {
  [CONFIG]: `dashboard: true
deployments: true
notify: [{ to: team }]
environments:
  production: { path: apps/production, live: { after: 3m } }
services:
  web: { steps: [5, 25, 100], bake: 10m }
`,
}
const ROUTE = routeFile('production', 'web')
const SUBSETS = subsetsFile('production', 'web')

/** The open step, or the first pull request. */
function current(world: World): Pull {
  const [step] = openSteps(world)
  const [first] = world.state.pulls.values()
  return step ?? first ?? assert.fail('no pull request')
}

async function mergeTimes(world: World, count: number): Promise<void> {
  for (let merged = 0; merged < count; merged += 1) {
    await world.pass(14)
    await merges(world, 'bob', current(world))
  }
}

const SITUATIONS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  'a version is proposed': (world) => aNewVersion(world),
  'a share is proposed': async (world) => says(world, 'alice', await aNewVersion(world), '/canary 5'),
  'a step waits': (world) => aRollout(world),
  'a step is green': async (world) => {
    await aRollout(world)
    await world.pass(14)
  },
  'a rollout is held': async (world) => says(world, 'alice', (await aRollout(world)).step, '/canary hold wait'),
  'a step was closed by a person': async (world) => {
    world.alice.close((await aRollout(world)).step)
    await world.settle()
  },
  'a step was changed by a person': async (world) => {
    world.bob.push((await aRollout(world)).step.head.ref, { 'README.md': '# Mine\n' })
    await world.settle()
  },
  'a share was set by hand': async (world) => {
    world.alice.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 10) })
    await aNewVersion(world)
  },
  'a rollback is open': async (world) => says(world, 'alice', (await aRollout(world)).pull, '/canary abort'),
  'the stable version waits to change': async (world) => {
    await aRollout(world)
    await mergeTimes(world, 2)
  },
  'the weights wait to change back': async (world) => {
    await aRollout(world)
    await mergeTimes(world, 3)
  },
}

const EVENTS: Readonly<Record<string, (world: World) => unknown>> = {
  'somebody says next': (world) => says(world, 'alice', current(world), '/canary next'),
  'somebody says 50': (world) => says(world, 'alice', current(world), '/canary 50'),
  'somebody says abort': (world) => says(world, 'alice', current(world), '/canary abort'),
  'somebody resumes': (world) => says(world, 'alice', current(world), '/canary resume'),
  'somebody holds': (world) => says(world, 'alice', current(world), '/canary hold it is slow'),
  'somebody replaces the plan': (world) => says(world, 'alice', current(world), '/canary plan 5,50'),
  'somebody presses abort': (world) => presses(world, 'alice', current(world), 'abort'),
  'the pull request becomes a draft': (world) => world.bob.setDraft(current(world), true),
  'the branch of the pull request goes': (world) => world.bob.deleteBranch(current(world).head.ref),
  'the pull request is merged, and no webhook tells': (world) => {
    world.hears = false
    world.bob.merge(current(world), { ignoresChecks: true })
    world.hears = true
  },
  'the pull request is closed': (world) => world.bob.close(current(world)),
  'the pull request is merged': (world) => world.bob.merge(current(world), { ignoresChecks: true }),
  'the environment is frozen': (world) => says(world, 'olga', current(world), '/freeze production'),
  'the share on the base branch changes': (world) =>
    world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 30) }),
  'the base branch goes back to 0': (world) =>
    world.bob.push('main', { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 0) }),
  'the base branch gets a version': (world) =>
    world.bob.push('main', { [SUBSETS]: withCanaryVersion(textOn(world, 'main', SUBSETS), 'v9') }),
  'the route goes': (world) => world.bob.push('main', { [ROUTE]: undefined }),
  'the plan changes': (world) =>
    world.olga.push('main', {
      [CONFIG]: textOn(world, 'main', CONFIG).replace('steps: [5, 25, 100]', 'steps: [5, 40]'),
    }),
  'the config breaks': (world) => world.olga.push('main', { [CONFIG]: 'steps: many\n' }),
  'memory is lost': (world) => world.service.crash('memo'),
}

/** Everything that people see on GitHub and in notifications (`told`), as lines. */
function seen(world: World, told: readonly string[]): readonly string[] {
  const { pulls, comments, issues, deployments } = world.state
  return [
    ...[...pulls.values()].map((pull) => {
      const labels = pull.labels.length === 0 ? '' : ` [${pull.labels.join(', ')}]`
      const gate = pull.state === 'open' ? ` · ${gateOf(world, pull)}` : ''
      return `#${pull.number} is ${pull.state}: ${pull.title} (${shareOn(world, pull.head.ref)}%)${labels}${gate}`
    }),
    `main: ${shareOn(world, 'main') ?? 'no'}%, ${versionsOn(world, 'main').join(' and ')}`,
    ...comments
      .filter(({ author }) => author.isBot)
      .map(({ pull, body }, index) => `#${pull} comment ${index + 1}: ${firstWords(body)}`),
    ...[...issues.values()].map(({ body }) => `dashboard: ${tableIn(body)}`),
    ...deployments.map(
      ({ environment, states }) =>
        `deployment to ${environment}: ${states.map(({ state, description }) => `${state} (${description})`).join(' → ')}`,
    ),
    ...told.map((text) => `told: ${text.replaceAll('\n', ' ⏎ ')}`),
  ]
}

/** The rows of the dashboard, without the moments since when they are so. Without rows, its first words. */
function tableIn(body: string): string {
  const rows = body.split('\n').filter((line) => line.startsWith('| `'))
  return rows.length === 0 ? firstWords(body) : rows.join(' ⏎ ').replaceAll(/<br>since [^|]*UTC/g, '')
}

function inbox(told: string[]): Notifier {
  return {
    destinations: () => ['team'],
    async send(_, { text }) {
      told.push(text)
      return 'sent'
    },
  }
}

/** A comment's words without its marker, the command that it answers, and commits. */
function firstWords(body: string): string {
  const lines = body.split('\n').filter((line) => line !== '' && !/^(?:<!--|> )/.test(line))
  return (lines[0] ?? '').replaceAll(/\b[0-9a-f]{7,40}\b/g, '…')
}

for (const [situation, begin] of Object.entries(SITUATIONS))
  test(`what happens when ${situation}`, async () => {
    const parts: string[] = []
    for (const [event, happen] of Object.entries(EVENTS)) {
      const told: string[] = []
      const world = await aWorld({ isEchoed: true, files: FILES, notifier: inbox(told) })
      await begin(world)
      await world.pass(1)
      const before = new Set(seen(world, told))
      if (parts.length === 0)
        parts.push([`# When ${situation}`, '', ...[...before].map((line) => `- ${line}`), ''].join('\n'))
      await happen(world)
      await world.settle()
      await world.sweep()
      await world.pass(1)
      const news = seen(world, told).filter((line) => !before.has(line))
      parts.push(
        [`## ${event}`, '', ...(news.length === 0 ? ['nothing changes'] : news.map((line) => `- ${line}`)), ''].join(
          '\n',
        ),
      )
      const { state } = world
      assert.deepEqual(endViolations({ state, commands: new Map(world.commands()) }), [], event)
    }
    assertPage(new URL(`situations/${situation.replaceAll(' ', '-')}.md`, import.meta.url), parts.join('\n'))
  })
