/** Whole conversations about problems that would keep a merge from taking effect, and about policies and validators. */
import { test } from 'node:test'
import { memoryRenderer } from '../../memory/renderer.ts'
import { routeFile, subsetsFile, withShare } from '../../simulate/repository.ts'
import { aPull, says, textOn, type World } from '../world.ts'
import { aTranscribedWorld, assertConversation } from './page.ts'

const ROUTE = routeFile('production', 'web')
const SUBSETS = subsetsFile('production', 'web')

function application(name: string, path: string, more = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  source: { repoURL: "https://github.com/acme/gitops.git", path: ${path} }
  syncPolicy: { automated: {}, syncOptions: [RespectIgnoreDifferences=true] }
${more}`
}

function deployment(version: string, replicas: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${version} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web, version: ${version} } }
  template:
    metadata: { labels: { app: web, version: ${version} } }
    spec: { containers: [{ name: web, image: web }] }
`
}

const SERVICE = `apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: http, port: 80 }]
`

const CONFIG = 'services: { web: { steps: [5, 100], bake: 1m } }\n'
const BROKEN = 'apiVersion: v1\nkind: Service\n'

/** Production, and a folder of another team in the same namespace. Argo CD deploys both. */
function withNeighbours(files: Readonly<Record<string, string>> = {}, share = 0): Promise<World> {
  return aTranscribedWorld({
    share,
    renderer: memoryRenderer(),
    files: {
      '.github/canary.yml': CONFIG,
      'argocd/production.yaml': application('production', 'apps/production'),
      'argocd/shared.yaml': application('shared', 'apps/shared'),
      'apps/shared/kustomization.yaml': 'resources: [service.yaml]\n',
      'apps/shared/service.yaml': SERVICE.replace('name: web', 'name: beside'),
      'apps/production/service.yaml': SERVICE,
      'apps/production/pods.yaml': `${deployment('v1', 2)}---\n${deployment('v2', 0)}`,
      ...files,
    },
  })
}

test('a raise to missing pods, a split without effect, a missing host and a missing subset', async () => {
  const world = await withNeighbours({}, 5)
  const text = textOn(world, 'main', ROUTE)
  await aPull(world, { [ROUTE]: withShare(text, 25) }, 'Raise')
  await aPull(world, { [ROUTE]: withShare(text, 0) }, 'Lower, which nothing holds back')
  const all = '    - name: all\n      route: [{ destination: { host: web, subset: stable } }]\n'
  await aPull(world, { [ROUTE]: text.replace('  http:\n', `  http:\n${all}`) }, 'Dead')
  const canaryAt = (host: string): string => text.replace('host: web, subset: canary', `host: ${host}`)
  await aPull(world, { [ROUTE]: canaryAt('beside') }, 'To a host beside it')
  const gone = await aPull(world, { [ROUTE]: canaryAt('gone') }, 'To a host that is not there')
  await says(world, 'alice', gone, '/canary why')
  const subsets = textOn(world, 'main', SUBSETS)
  await aPull(world, { [SUBSETS]: subsets.replace('name: canary', 'name: green') }, 'Another subset')
  const broken = { 'apps/shared/kustomization.yaml': 'resources: [service.yaml, gone.yaml]\n' }
  await aPull(world, { ...broken, [ROUTE]: canaryAt('gone') }, 'Nobody knows what is beside it')
  await assertConversation(world, 'findings')
})

test('an old mistake is a note, ignored weights are red for whoever raises them, and strict is strict', async () => {
  const ignore =
    '  ignoreDifferences:\n    - { group: networking.istio.io, kind: VirtualService, jqPathExpressions: [".spec.http[].route[].weight"] }\n'
  const world = await withNeighbours({
    'argocd/production.yaml': application('production', 'apps/production', ignore),
  })
  const text = textOn(world, 'main', ROUTE)
  await aPull(world, { [ROUTE]: `${text}# x\n` }, 'A word')
  await aPull(world, { [ROUTE]: withShare(text, 5) }, 'Raise')
  world.bob.push('main', { '.github/canary.yml': `validate: strict\n${CONFIG}` })
  await world.settle()
  await aPull(
    world,
    { [ROUTE]: text.replace('host: web, subset: canary', 'host: gone') },
    'To a host that is not there',
  )
  await assertConversation(world, 'findings-before')
})

test('an unreadable file, a repaired one, a removed one, and a duplicate object', async () => {
  const world = await withNeighbours({ 'apps/production/broken.yaml': `${BROKEN}a: [1\n` })
  await aPull(world, { 'apps/production/broken.yaml': SERVICE.replace('name: web', 'name: mended') }, 'Mend')
  await aPull(world, { 'apps/production/broken.yaml': undefined }, 'Remove')
  await aPull(world, { 'apps/production/broken.yaml': `${BROKEN}a: [2\n` }, 'Break otherwise')
  await aPull(world, { 'apps/production/more.yaml': `${BROKEN}b: [1\n` }, 'Break more')
  await aPull(world, { 'apps/production/twice.yaml': textOn(world, 'main', ROUTE) }, 'Twice')
  const both = await aPull(world, { [ROUTE]: withShare(textOn(world, 'main', ROUTE), 25) }, 'Raise')
  await says(world, 'alice', both, '/canary 30')
  await assertConversation(world, 'unread')
})
