/** The deployers that do not apply a merge by themselves, and several deployers of one route. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDeliveries } from '../../../src/core/delivery/delivery.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { findingsIn } from '../../../src/core/finding/find.ts'

const SPLIT = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web]
  http:
    - route:
        - { destination: { host: web, subset: stable }, weight: 90 }
        - { destination: { host: web, subset: canary }, weight: 10 }
`

/** What is said about how a route is delivered: `note not-synced by-hand`. */
function told(deployers: readonly string[], route = SPLIT): readonly string[] {
  const parsed = parseRendered(route)
  assert.ok(parsed.ok)
  const texts = new Map(deployers.map((text, index) => [`${index}.yaml`, text]))
  const { deliveries } = readDeliveries(texts, { repository: 'gitops', branches: ['main', 'release/*'] })
  return findingsIn(parsed.objects, { deliveries }).flatMap(({ detail, grade }) => {
    if (detail.code === 'not-synced') return [`${grade} not-synced ${detail.why}`]
    return detail.code === 'weights-ignored' ? [`${grade} ${detail.how} ${detail.by}`] : []
  })
}

function application({ automated = '{}', revision = 'main', note = 'false', patches = '', name = 'web' } = {}): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, annotations: { argocd.argoproj.io/skip-reconcile: "${note}" } }
spec:
  destination: { namespace: shop }
  source: { repoURL: https://github.com/acme/gitops, path: a, targetRevision: ${revision}, kustomize: { patches: [${patches}] } }
  syncPolicy: { automated: ${automated} }
`
}

function kustomization({ suspend = 'false', branch = 'main', isSourceSuspended = 'false' } = {}): string {
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec: { path: ./a, suspend: ${suspend}, sourceRef: { kind: GitRepository, name: gitops } }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: gitops, namespace: flux-system }
spec: { url: https://github.com/acme/gitops, suspend: ${isSourceSuspended}, ref: { branch: ${branch} } }
`
}

test('a merge that a deployer does not apply by itself is a note', () => {
  const table: readonly (readonly [string, string])[] = [
    [application(), ''],
    [application({ revision: 'release/1' }), ''],
    [application({ revision: 'v1.2.3' }), 'revision'],
    [application({ revision: 'other' }), 'revision'],
    [application({ automated: '{ enabled: false }' }), 'by-hand'],
    [application({ automated: 'null' }), 'by-hand'],
    [application({ note: 'true' }), 'skipped'],
    [kustomization(), ''],
    [kustomization({ branch: 'other' }), 'revision'],
    [kustomization({ suspend: 'true', branch: 'other' }), 'suspended'],
    [kustomization({ isSourceSuspended: 'true' }), 'suspended'],
  ]
  for (const [deployer, why] of table)
    assert.deepEqual(told([deployer]), why === '' ? [] : [`note not-synced ${why}`], deployer)
})

test('a route that splits nothing has no weights that a deployer could leave alone', () => {
  const single = SPLIT.split('\n').slice(0, 8).join('\n')
  assert.deepEqual(told([application({ note: 'true' })], single), [])
})

test('weights that every deployer patches are not live, and those that only some patch may be meant so', () => {
  const patches =
    '{ target: { kind: VirtualService }, patch: "- { op: replace, path: /spec/http/0/route, value: [] }" }'
  const patched = application({ patches })
  const other = application({ name: 'other' })
  assert.deepEqual(told([patched]), ['error patched Application web'])
  assert.deepEqual(told([patched, application({ patches, name: 'other' })]), [
    'error patched Application web',
    'error patched Application other',
  ])
  assert.deepEqual(told([patched, other]), ['warning patched Application web'])
  assert.deepEqual(told([other]), [])
})

test('a route that Flux leaves alone by its annotation is not live', () => {
  const noted = (note: string): readonly string[] =>
    told(
      [],
      SPLIT.replace('namespace: shop }', `namespace: shop, annotations: { kustomize.toolkit.fluxcd.io/${note} } }`),
    )
  assert.deepEqual(noted('reconcile: disabled'), ['error never kustomize.toolkit.fluxcd.io/reconcile'])
  assert.deepEqual(noted('ssa: IfNotPresent'), ['error never kustomize.toolkit.fluxcd.io/ssa'])
  assert.deepEqual(noted('ssa: ignore'), ['error never kustomize.toolkit.fluxcd.io/ssa'])
  assert.deepEqual(noted('ssa: merge'), [])
  assert.deepEqual(noted('reconcile: enabled'), [])
})
