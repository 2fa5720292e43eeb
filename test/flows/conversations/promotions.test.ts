/** Whole conversations about `/promote` between overlays, and about what cannot be carried. */
import { test } from 'node:test'
import { BASE, CHART } from '../../memory/builds.ts'
import { routeFile, withShare } from '../../simulate/repository.ts'
import { aPull, merges, openSteps, queue, says, textOn } from '../world.ts'
import { aTranscribedBuiltWorld, aTranscribedWorld, assertConversation } from './page.ts'

const PATCH = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  exportTo: ["."]
`
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: words }\ndata: { a: b }\n'

test('overlays are promoted with a patch and a new file, and impossible promotions are refused', async () => {
  const world = await aTranscribedBuiltWorld({
    ...BASE,
    ...CHART,
    '.github/canary.yml': `environments:
  staging: { path: overlays/staging }
  production: { path: overlays/production, after: staging }
  again: { path: overlays/production }
  plain: { path: apps/plain }
  broken: { path: overlays/broken }
services: { web: { steps: [25, 100], bake: 1m } }
`,
    'charts/web/values-chart.yaml': 'canary: { weight: 0 }\n',
    'apps/chart.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: chart, namespace: argocd }
spec:
  destination: { namespace: chart, server: https://kubernetes.default.svc }
  source: { path: charts/web, helm: { releaseName: web, valueFiles: [values-chart.yaml] } }
`,
    'apps/plain/route.yaml': BASE['base/route.yaml'],
    'overlays/staging/kustomization.yaml':
      'resources: [../../base, map.yaml]\nnamespace: staging\npatches: [{ path: patch.yaml }]\n',
    'overlays/staging/patch.yaml': PATCH,
    'overlays/staging/map.yaml': MAP,
    'overlays/production/kustomization.yaml': 'resources: [../../base]\nnamespace: production\n',
    'overlays/broken/kustomization.yaml': 'resources: [../../base]\nnameSuffix: -not-in-memory\n',
  })
  const pull = await aPull(world, { 'docs/a.md': 'x\n' }, 'Ask')
  for (const line of [
    'staging production --dry-run',
    'staging chart',
    'production again',
    'staging plain',
    'broken production',
    'staging broken',
    'staging production',
  ])
    await says(world, 'alice', pull, `/promote ${line}`)
  const [made] = openSteps(world)
  if (made !== undefined) await merges(world, 'bob', made)
  await says(world, 'alice', pull, '/promote staging production')
  await assertConversation(world, 'promoted-overlays')
})

test('a promotion waits for a rollout, is blocked by somebody else’s branch, closes when empty, and uses the queue', async () => {
  const world = await aTranscribedWorld({
    environments: ['staging', 'production'],
    config: { isOrdered: true, approvals: 1 },
  })
  const [staging, production] = [routeFile('staging', 'web'), routeFile('production', 'web')]
  const slow = (text: string): string => text.replace('    - route:', '    - timeout: 3s\n      route:')
  world.alice.push('main', { [staging]: slow(textOn(world, 'main', staging)) })
  await world.settle()
  const pull = await aPull(world, { 'README.md': 'Please promote.\n' }, 'Ask')
  world.bob.push('promote/staging/production', { 'docs/mine.md': 'x\n' })
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production')
  world.bob.deleteBranch('promote/staging/production')
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production web')
  await says(world, 'alice', pull, '/promote staging production')
  const [made] = openSteps(world)
  if (made === undefined) throw new Error('nothing was promoted')
  world.bob.approve(made)
  await world.settle()
  await world.pass(5)
  await queue(world, [pull, made])
  await says(world, 'olga', pull, '/freeze production sale')
  await says(world, 'olga', made, '/canary override freeze we know')
  await says(world, 'olga', pull, '/unfreeze production')
  world.alice.push('main', { [production]: slow(textOn(world, 'main', production)) })
  await world.settle()
  world.alice.push('main', { [production]: withShare(textOn(world, 'main', production), 20) })
  await world.settle()
  await says(world, 'alice', pull, '/promote staging production')
  await assertConversation(world, 'promotions-in-the-way')
})
