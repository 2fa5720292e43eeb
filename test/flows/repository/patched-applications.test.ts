/** Applications whose source a kustomization patches: their files do not say what they deploy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHART } from '../../memory/builds.ts'
import { aBuiltWorld, aPull, checkOf, comments, type World } from '../world.ts'

const APPLICATION = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source:
    repoURL: https://github.com/acme/gitops
    path: charts/web
    helm: { valueFiles: [values-dev.yaml] }
`
const PATCH = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  source: { helm: { valueFiles: [values-prod.yaml] } }
`
const POINTER = '[{ op: replace, path: /spec/source/helm/valueFiles/0, value: values-prod.yaml }]'

function files(patch: string): Readonly<Record<string, string>> {
  return {
    ...CHART,
    'charts/web/values-dev.yaml': 'canary:\n  weight: 0\n',
    'charts/web/values-prod.yaml': 'canary:\n  weight: 5\n',
    'apps/base/kustomization.yaml': 'resources: [web.yaml]\n',
    'apps/base/web.yaml': APPLICATION,
    'apps/prod/kustomization.yaml': `resources: [../base]\n${patch}`,
    'apps/prod/patch.yaml': PATCH,
  }
}

/** A pull request that raises the weight in the values that only the patch names. */
async function raise(world: World) {
  return aPull(world, { 'charts/web/values-prod.yaml': 'canary:\n  weight: 50\n' })
}

const NOTE = /The kustomization `apps\/prod\/kustomization\.yaml` patches the source of `Application argocd\/web`/

function report({ state }: World, sha: string): string {
  return state.runs.findLast((run) => run.sha === sha && run.name === 'canary/validate')?.report?.summary ?? ''
}

for (const [kind, patch] of [
  ['a file', 'patches: [{ path: patch.yaml }]\n'],
  ['an old field', 'patchesStrategicMerge: [patch.yaml]\n'],
  ['a JSON pointer', `patches:\n  - { target: { kind: Application, name: web }, patch: "${POINTER}" }\n`],
] as const)
  test(`if a kustomization patches the source of an Application by ${kind}, a note says that its deployments are unknown`, async () => {
    const world = await aBuiltWorld(files(patch))
    const pull = await raise(world)
    assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
    assert.match(report(world, pull.head.sha) + comments(world, pull).join(), NOTE)
  })

for (const [what, patch] of [
  ['another Application', `patches:\n  - { target: { kind: Application, name: api }, patch: "${POINTER}" }\n`],
  [
    'another field',
    'patches:\n  - { target: { kind: Application }, patch: "[{ op: remove, path: /spec/syncPolicy }]" }\n',
  ],
] as const)
  test(`a patch of ${what} causes no note`, async () => {
    const world = await aBuiltWorld(files(patch))
    const pull = await raise(world)
    assert.doesNotMatch(report(world, pull.head.sha) + comments(world, pull).join(), /patches the source/)
  })

test('a change of a chart beside that of the Application causes no note', async () => {
  const other = {
    'charts/web-api/Chart.yaml': 'apiVersion: v2\nname: api\nversion: 0.1.0\n',
    'charts/web-api/values.yaml': 'replicas: 1\n',
  }
  const world = await aBuiltWorld({ ...files('patches: [{ path: patch.yaml }]\n'), ...other })
  const pull = await aPull(world, { 'charts/web-api/values.yaml': 'replicas: 2\n' })
  assert.doesNotMatch(report(world, pull.head.sha) + comments(world, pull).join(), /patches the source/)
})

test('an Application at the top of the repository gets the note with every change', async () => {
  const world = await aBuiltWorld({
    ...files('patches: [{ path: patch.yaml }]\n'),
    'apps/base/web.yaml': APPLICATION.replace('path: charts/web', 'path: .'),
  })
  const pull = await raise(world)
  assert.match(report(world, pull.head.sha) + comments(world, pull).join(), NOTE)
})
