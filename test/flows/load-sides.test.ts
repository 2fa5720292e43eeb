/** Reading only the environments that a change touches gives the same results for them as reading all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../src/core/config/schema.ts'
import { environmentsTouched } from '../../src/core/environment/environment.ts'
import type { Snapshot } from '../../src/core/rollout/snapshot.ts'
import { targetName } from '../../src/core/rollout/target.ts'
import { loadSides } from '../../src/flows/judgement/load-sides.ts'
import { virtualService } from '../core/samples.ts'
import { argoRollout, splitRoute } from '../owners.ts'

type Files = Readonly<Record<string, string>>

const route = virtualService(100, 0)
const raised = virtualService(75, 25)
const never = async (): Promise<never> => assert.fail('nothing to build')

/** A thousand would give the same result. Each has its own patch. */
function overlays(names: readonly string[]): Files {
  return Object.fromEntries(
    names.flatMap((name) => [
      [`${name}/kustomization.yaml`, 'resources: [../base, web.yaml]\npatches: [{ path: patch.yaml }]\n'],
      [`${name}/patch.yaml`, 'kind: Deployment\nmetadata: { name: web }\n'],
      [`${name}/web.yaml`, route],
    ]),
  )
}

const BASE = {
  'base/kustomization.yaml': 'resources: [deployment.yaml]\n',
  'base/deployment.yaml': 'kind: Deployment\n',
}

async function read(before: Files, after: Files, readsTouchedOnly: boolean, config: object = {}) {
  const trees: Readonly<Record<string, Files>> = { before, after }
  const at = (treeish: string): Files => trees[treeish] ?? {}
  const mirror = {
    entries: async (treeish: string) => Object.keys(at(treeish)).map((path) => ({ path, type: 'file' as const })),
    read: async (treeish: string, paths: readonly string[]) =>
      new Map(Object.entries(at(treeish)).filter(([path]) => paths.includes(path))),
  }
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (path) => before[path] !== after[path],
  )
  const context = { mirror, renderer: { render: never, tool: never } }
  return loadSides(
    context,
    { base: 'before', head: 'after', changed, readsTouchedOnly },
    {
      config: Config.parse(config),
      isTouched: (environment) => environmentsTouched([environment], changed).length > 0,
    },
  )
}

function namesIn({ targets }: Snapshot): readonly string[] {
  return targets.map((target) => [targetName(target), target.owner?.title ?? []].flat().join(' of '))
}

/** The environments with differences, with all of their routes on both sides. */
async function assertAlike(before: Files, after: Files, expected: readonly string[], config = {}): Promise<void> {
  const [part, whole] = [await read(before, after, true, config), await read(before, after, false, config)]
  const found = new Set([...namesIn(part.before), ...namesIn(part.written)])
  assert.deepEqual([...found].toSorted(), expected)
  for (const side of ['before', 'written'] as const)
    assert.deepEqual(
      namesIn(part[side]),
      namesIn(whole[side]).filter((name) => found.has(name)),
    )
}

test('only the changed one of many environments is read', async () => {
  const files = { ...BASE, ...overlays(['eu', 'us', 'asia']) }
  await assertAlike(files, { ...files, 'eu/web.yaml': raised }, ['eu/api-service'])
})

test('environments that share a route are read together', async () => {
  const files = {
    ...overlays(['eu', 'us', 'asia']),
    ...BASE,
    'base/kustomization.yaml': 'resources: [deployment.yaml, vs.yaml]\n',
    'base/vs.yaml': route.replace('name: api-service', 'name: shared'),
  }
  const after = { ...files, 'eu/web.yaml': raised }
  await assertAlike(files, after, ['all/shared', 'asia/api-service', 'eu/api-service', 'us/api-service'])
})

test('an environment that a new folder would rename has its name on the base branch, and tells the new one', async () => {
  const files = { ...overlays(['shop/eu', 'shop/us']), 'shop/base/kustomization.yaml': 'resources: []\n' }
  const after = { ...files, ...overlays(['bank/eu']), 'bank/base/kustomization.yaml': 'resources: []\n' }
  const { before, written } = await read(files, after, false)
  assert.deepEqual(
    before.environments.map(({ name }) => name),
    ['eu', 'us'],
  )
  assert.deepEqual(
    written.environments.map(({ name, root, renamedTo }) => [name, root, renamedTo]),
    [
      ['bank-eu', 'bank/eu', undefined],
      ['eu', 'shop/eu', 'shop-eu'],
      ['us', 'shop/us', undefined],
    ],
  )
})

test('an environment that becomes a part of a new one is read, although none of its files changed', async () => {
  const files = { ...BASE, ...overlays(['eu', 'us']) }
  const after = { ...files, 'all/kustomization.yaml': 'resources: [../eu]\n' }
  const { before } = await read(files, after, true)
  assert.deepEqual(namesIn(before), ['eu/api-service'])
})

test('folders that nothing deploys are read together, because they look at each other', async () => {
  const files = { 'one/vs.yaml': route, 'two/vs.yaml': route.replace('name: api-service', 'name: other') }
  await assertAlike(files, { ...files, 'one/vs.yaml': raised }, ['one/api-service', 'two/other'])
})

test('a folder with a route is read with the folder of its Rollout that is applied to the same cluster', async () => {
  const application = (path: string): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ${path} }\nspec:\n  source: { repoURL: "", path: ${path} }\n  destination: { name: in-cluster, namespace: shop }\n`
  const files = {
    'argocd/apps.yaml': ['istio', 'base', 'other'].map(application).join('---\n'),
    'istio/vs.yaml': splitRoute(),
    'base/rollout.yaml': argoRollout(),
    'other/rollout.yaml': argoRollout().replaceAll('web', 'api'),
  }
  const owned = 'istio/web of Rollout shop/web'
  await assertAlike(files, { ...files, 'istio/vs.yaml': splitRoute(10) }, [owned])
  await assertAlike(files, { ...files, 'base/rollout.yaml': argoRollout().replace('web:v1', 'web:v2') }, [owned])
})

test('a folder with a route is read with the folder that has its Rollout, whichever of them changes', async () => {
  const names = ['mesh/staging', 'apps/staging', 'mesh/production', 'docs/other']
  const config = { environments: Object.fromEntries(names.map((path) => [path.replace('/', '-'), { path }])) }
  const files = {
    'mesh/staging/vs.yaml': splitRoute(),
    'mesh/production/vs.yaml': splitRoute(),
    'apps/staging/rollout.yaml': argoRollout(),
    'docs/other/vs.yaml': splitRoute(),
  }
  const owned = 'mesh-staging/web of Rollout default/web'
  const changed = { ...files, 'mesh/staging/vs.yaml': splitRoute(10) }
  await assertAlike(files, changed, [owned], config)
  await assertAlike(
    files,
    { ...files, 'apps/staging/rollout.yaml': argoRollout().replace('web:v1', 'web:v2') },
    [owned],
    config,
  )
})
