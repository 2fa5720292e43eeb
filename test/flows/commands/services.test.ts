/** One route for several services, each with its own rules and rollout. */
import assert from 'node:assert/strict'
import type { Pull } from '../../memory/github/github.ts'
import { recordedIn } from '../recorded/account.ts'
import {
  answers,
  aPull,
  aWorld,
  branches,
  checkOf,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
} from '../world.ts'

const test = recordedIn(import.meta.url)

/** Perch's answer to a comment. */
async function asked(world: World, pull: Pull, text: string) {
  const before = answers(world, pull).length
  await says(world, 'alice', pull, text)
  const all = answers(world, pull)
  assert.equal(all.length, before + 1, `one answer to ${text}`)
  return all.at(-1) ?? ''
}

const EDGE = {
  'edge/edge.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: [shop.example.com]
  http:
    - name: api
      match: [{ uri: { prefix: /api } }]
      route:
        - destination: { host: api-stable }
          weight: 100
        - destination: { host: api-canary }
          weight: 0
    - name: web
      route:
        - destination: { host: web-stable }
          weight: 100
        - destination: { host: web-canary }
          weight: 0
`,
  '.github/canary.yml': `environments:
  edge: { path: edge, live: { after: 1m } }
services:
  api: { route: { name: edge, rules: [api] }, steps: [50, 100], bake: 1m }
  web: { route: { name: edge, rules: [web] }, steps: [25, 100], bake: 1m }
`,
}

test('two services of one route roll out independently, each with its own pull requests', async () => {
  const world = await aWorld({ services: [], environments: [], files: EDGE })
  const route = (branch = 'main'): string => textOn(world, branch, 'edge/edge.yaml')
  const weights = (branch?: string): string =>
    [...route(branch).matchAll(/weight: (\d+)/g)].map(([, weight]) => weight).join('/')
  const step = (branch: string): Pull => {
    const found = openSteps(world).find(({ head }) => head.ref === branch)
    assert.ok(found !== undefined, `${branch} is not among ${branches(openSteps(world)).join(', ')}`)
    return found
  }
  const pull = await aPull(world, { 'README.md': '# Which\n' })
  assert.match(await asked(world, pull, '/canary 25'), /`api --env edge`\n- `web --env edge`/)
  await asked(world, pull, '/canary 25 web')
  await merges(world, 'bob', pull)
  assert.equal(weights(), '100/0/75/25')
  const second = await aPull(world, { 'README.md': '# More\n' })
  await asked(world, second, '/canary 50 api')
  assert.match(checkOf(world, second, 'canary/validate'), /^success: edge\/api 0% → 50%$/)
  await merges(world, 'bob', second)
  assert.equal(weights(), '50/50/75/25')
  await world.pass(3)
  await merges(world, 'bob', step('canary/edge/web/100'))
  assert.equal(weights(), '50/50/0/100')

  // An abort of one does not change the other.
  await asked(world, step('canary/edge/api/100'), '/canary abort errors')
  await merges(world, 'bob', step('canary/edge/api/0'))
  assert.equal(weights(), '100/0/0/100')
  const notes = [...route().matchAll(/\w+\.canary-percentage: "\d+"/g)].map(String)
  assert.deepEqual(notes, ['web.canary-percentage: "100"', 'api.canary-percentage: "0"'])
})

test('a stop that names one of the services of a pull request leaves the others alone, and more words are a reason', async () => {
  const world = await aWorld({ services: [], environments: [], files: EDGE })
  const pull = await aPull(world, { 'README.md': '# Both\n' })
  await asked(world, pull, '/canary 25 web')
  await asked(world, pull, '/canary 50 api')
  await merges(world, 'bob', pull)
  const other = await aPull(world, { 'README.md': '# Other\n' })
  await merges(world, 'bob', other)
  assert.match(
    await asked(world, other, '/canary abort api'),
    /⛔ No rollout of the service `api` in this pull request has canary traffic/,
  )
  assert.match(await asked(world, pull, '/canary hold web'), /`edge\/web`/)
  assert.doesNotMatch(answers(world, pull).at(-1) ?? '', /edge\/api/)
  await asked(world, pull, '/canary abort web')
  assert.deepEqual(branches(openSteps(world)).toSorted(), ['canary/edge/api/100', 'canary/edge/web/0'])
  const rollback = openSteps(world).find(({ head }) => head.ref === 'canary/edge/web/0')
  assert.match(rollback?.body ?? '', new RegExp(`Asked by \`alice\` in #${pull.number}\\.`))
  await asked(world, pull, '/canary abort web errors')
  assert.deepEqual(branches(openSteps(world)).toSorted(), ['canary/edge/api/0', 'canary/edge/web/0'])
})

test('a service of a route with several waits for itself in the environment before, and not for another service there', async () => {
  const config = EDGE['.github/canary.yml'].replace(
    '  edge: { path: edge, live: { after: 1m } }\n',
    '  staging: { path: staging, live: { after: 1m } }\n  production: { path: production, after: staging, live: { after: 1m } }\n',
  )
  const edge = EDGE['edge/edge.yaml']
  const files = { 'staging/edge.yaml': edge, 'production/edge.yaml': edge, '.github/canary.yml': config }
  const world = await aWorld({ services: [], environments: [], files })
  const begin = async (service: string, environment: string): Promise<Pull> => {
    const pull = await aPull(world, { [`docs/${service}-${environment}.md`]: '# Begin\n' })
    await asked(world, pull, `/canary 25 ${service} --env ${environment}`)
    return pull
  }
  await merges(world, 'bob', await begin('web', 'staging'))
  await world.pass(3)
  const [web, api] = [await begin('web', 'production'), await begin('api', 'production')]
  assert.match(gateOf(world, web), /^success/)
  assert.match(gateOf(world, api), /^action_required: Waiting for order/)
})

test('a rule with another name cannot send requests to a canary unnoticed', async () => {
  const world = await aWorld({ services: [], environments: [], files: EDGE })
  const pull = await aPull(world, { 'README.md': '# Begin\n' })
  await asked(world, pull, '/canary 5 api')
  await merges(world, 'bob', pull)
  const text = textOn(world, 'main', 'edge/edge.yaml').replace('name: api\n', 'name: shop\n')
  const raised = text.replace('weight: 95\n', 'weight: 0\n').replace('weight: 5\n', 'weight: 100\n')
  const all = await aPull(world, { 'edge/edge.yaml': raised })
  assert.match(gateOf(world, all), /^(?:action_required|failure)/)
})

test('a rule that the config assigns to no service cannot send requests to a canary unnoticed, even before its rollout', async () => {
  const rule = (name: string, host: string): string =>
    `    - name: ${name}\n      match: [{ uri: { prefix: /api } }]\n      route: [{ destination: { host: ${host} } }]\n`
  const [start = '', rest = ''] = EDGE['edge/edge.yaml'].split(/(?<=http:\n)/)
  const web = rest.slice(rest.indexOf('    - name: web'))
  const plain = start + rule('api', 'api-stable') + web
  const files = {
    'edge/edge.yaml': plain,
    '.github/canary.yml': EDGE['.github/canary.yml'].replace('live:', 'approvals: 1, live:'),
  }
  const raised = async (text: string): Promise<string> => {
    const world = await aWorld({ services: [], environments: [], files })
    const pull = await aPull(world, { 'edge/edge.yaml': text })
    return `${checkOf(world, pull, 'canary/validate')}; ${gateOf(world, pull)}`
  }
  const waits =
    'action_required: Waiting for approvals: needs 1 more approval of this commit from people with write access (0 of 1).'
  const before = start + rule('fast', 'api-canary') + rule('api', 'api-stable') + web
  assert.equal(await raised(before), `success: edge/api 0% → 100%, edge/web 0% → 100%; ${waits}`)
  const twice = start + rule('api', 'api-stable').replace('/api', '/never') + rule('api', 'api-canary') + web
  assert.equal(await raised(twice), `success: edge/api 0% → 100%; ${waits}`)
  // The config tells whose canary this is.
  const known = start + rule('fast', 'web-canary') + rule('api', 'api-stable') + web
  assert.equal(await raised(known), `success: edge/web 0% → 100%; ${waits}`)
})
