/** Each share in a comment links to the line with its weight, or to nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASE, CHART } from '../../memory/builds.ts'
import { DR, VS } from '../../layouts/repository.ts'
import { SUMMARY_MARKER } from '../../../src/core/marker/comment.ts'
import { headOf, type Pull } from '../../memory/github/github.ts'
import { routeFile } from '../../simulate/repository.ts'
import { aNewVersion, aWorld, says, textOn, type World } from '../world.ts'
import { type Files, reviewed } from './reviewing.ts'

/** `staging canary 25: overlays/staging/patch.yaml:7`, and the text of that line. */
async function places(before: Files, changed: Files): Promise<readonly string[]> {
  const { review } = await reviewed(before, changed)
  const files: Files = { ...before, ...changed }
  return review.rows.flatMap(({ environment, after }) =>
    (after ?? []).map(({ name, share, place }) => {
      const line = place && files[place.file]?.split('\n')[place.line - 1]?.trim()
      return `${environment} ${name} ${share}: ${place === undefined ? 'nowhere' : `${place.file}: ${line}`}`
    }),
  )
}

function at(share: number, text = VS): string {
  return text.replace('weight: 100', `weight: ${100 - share}`).replace('weight: 0', `weight: ${share}`)
}

test('a weight in the file of its route is found there', async () => {
  const web = { 'web/vs.yaml': VS, 'web/dr.yaml': DR }
  assert.deepEqual(await places(web, { 'web/vs.yaml': `# A comment\n${at(25)}` }), [
    'default stable 75: web/vs.yaml: weight: 75',
    'default canary 25: web/vs.yaml: weight: 25',
  ])
  const hostile = 'web/a b)|`#?é\n.yaml'
  assert.deepEqual(await places({ [hostile]: VS, 'web/dr.yaml': DR }, { [hostile]: at(25) }), [
    `default stable 75: ${hostile}: weight: 75`,
    `default canary 25: ${hostile}: weight: 25`,
  ])
})

const MERGE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  http:
    - route:
        - destination: { host: web, subset: stable }
          weight: 100
        - destination: { host: web, subset: canary }
          weight: 0
`
const inline = (share: number): string => `resources: [../../base]
patches:
  - target: { kind: VirtualService, name: web }
    patch: |-
      - { op: replace, path: /spec/http/0/route/0/weight, value: ${100 - share} }
      - { op: replace, path: /spec/http/0/route/1/weight, value: ${share} }
`

test('a weight in a patch is found in the patch, and in the base if no patch sets it', async () => {
  const production = 'overlays/production/kustomization.yaml'
  const files = {
    ...BASE,
    'overlays/staging/kustomization.yaml': 'resources: [../../base]\npatches: [{ path: weights.yaml }]\n',
    'overlays/staging/weights.yaml': MERGE,
    [production]: inline(5),
    'overlays/test/kustomization.yaml': 'resources: [../../base]\n',
  }
  assert.deepEqual(await places(files, { 'overlays/staging/weights.yaml': at(10, MERGE), [production]: inline(25) }), [
    `production stable 75: ${production}: - { op: replace, path: /spec/http/0/route/0/weight, value: 75 }`,
    `production canary 25: ${production}: - { op: replace, path: /spec/http/0/route/1/weight, value: 25 }`,
    'staging stable 90: overlays/staging/weights.yaml: weight: 90',
    'staging canary 10: overlays/staging/weights.yaml: weight: 10',
  ])
  assert.deepEqual(await places(files, { 'base/route.yaml': at(10, BASE['base/route.yaml']) }), [
    'test stable 90: base/route.yaml: weight: 90',
    'test canary 10: base/route.yaml: weight: 10',
  ])
})

const flux = (canary: number): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec:
  interval: 5m
  path: ./web
  prune: true
  sourceRef: { kind: GitRepository, name: flux-system }
  postBuild:
    substitute:
      canary: "${canary}"
`

test('a weight that a deployer fills in is found in the deployer, and a default in the route', async () => {
  const route = VS.replace('weight: 100', 'weight: ${stable:=95}').replace('weight: 0', 'weight: ${canary}')
  const files = {
    'web/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n',
    'web/vs.yaml': route,
    'web/dr.yaml': DR,
    'flux/web.yaml': flux(5),
  }
  const changed = { 'flux/web.yaml': flux(25), 'web/vs.yaml': route.replace('95', '75') }
  assert.deepEqual(await places(files, changed), [
    'web stable 75: web/vs.yaml: weight: ${stable:=75}',
    'web canary 25: flux/web.yaml: canary: "25"',
  ])
})

const CONFIG =
  'environments:\n  production: { helm: { chart: charts/web, values: [values.yaml], release: web, namespace: shop } }\n'

test('in a chart, the only value that changes like the share is the place; a computed weight has none', async () => {
  const files = { ...CHART, '.github/canary.yml': CONFIG, 'values.yaml': 'replicas: 5\ncanary:\n  weight: 5\n' }
  assert.deepEqual(await places(files, { 'values.yaml': 'replicas: 5\ncanary:\n  weight: 25\n' }), [
    'production stable 75: nowhere',
    'production canary 25: values.yaml: weight: 25',
  ])
  // Two values change in the same way, so it is unknown which one it is.
  assert.deepEqual(await places(files, { 'values.yaml': 'replicas: 25\ncanary:\n  weight: 25\n' }), [
    'production stable 75: nowhere',
    'production canary 25: nowhere',
  ])
})

/** The links of the comment's table, without the head commit. */
function linksOn({ state }: World, { number, head }: Pull): readonly string[] {
  const summary = state.comments.find(({ pull, body }) => pull === number && body.startsWith(SUMMARY_MARKER))
  const row = summary?.body.split('\n').find((line) => line.startsWith('| production'))
  return [...(row ?? '').matchAll(/\[(\*[^\]]*)\]\((.*?)\)/g)].map(([, words, url = '']) => {
    assert.ok(url.startsWith(`https://github.com/acme/gitops/blob/${headOf(state, head.ref)}/`), url)
    return `${words} ${url.split('/').slice(7).join('/')}`
  })
}

test('the comment links each share at the head commit, unless the merge moves its lines', async () => {
  const world = await aWorld()
  const pull = await aNewVersion(world)
  await says(world, 'alice', pull, '/canary 5')
  const path = routeFile('production', 'web')
  const lines = textOn(world, pull.head.ref, path).split('\n')
  const line = (weight: number): number => lines.findIndex((text) => text.includes(`weight: ${weight}`)) + 1
  const links = [`**95%** ${path}#L${line(95)}`, `**5%** ${path}#L${line(5)}`]
  assert.deepEqual(linksOn(world, pull), links)

  // Other files on the base branch may change.
  world.bob.push('main', { 'README.md': '# More\n' })
  await world.sweep()
  assert.deepEqual(linksOn(world, pull), links)
  world.bob.push('main', { [path]: `# Careful\n${textOn(world, 'main', path)}` })
  await world.sweep()
  assert.deepEqual(linksOn(world, pull), [])
})
