import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliveriesIn } from '../../../src/core/delivery/delivery.ts'
import { discoverEnvironments } from '../../../src/core/environment/graph.ts'

function deliveries(text: string, repository?: string): readonly string[] {
  return deliveriesIn(new Map([['apps.yaml', text]]), repository).map(({ title, path, stops, ignoresWeightsOf }) =>
    [
      title,
      path,
      stops ?? 'applied',
      ...ignoresWeightsOf.map(({ group, kind }) => `ignores weights of ${group} ${kind}`),
    ].join(' | '),
  )
}

function application(spec: string): string {
  return `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: web, namespace: argocd }\nspec:\n${spec}`
}

test('Argo CD: which folders, whether by itself, and whether weights count', () => {
  const source = '  source: { repoURL: https://github.com/acme/infra.git, path: ./overlays/production/ }\n'
  const ours = 'Application argocd/web | overlays/production'
  const table: [string, string, string | undefined, readonly string[]][] = [
    ['by hand', source, 'infra', [`${ours} | by-hand`]],
    ['automated', `${source}  syncPolicy: { automated: { prune: true } }\n`, 'infra', [`${ours} | applied`]],
    ['of another repository', source, 'shop', []],
    ['nobody knows which repository this is', source, undefined, [`${ours} | by-hand`]],
    ['by ssh', source.replace('https://github.com/acme', 'git@github.com:acme'), 'INFRA', [`${ours} | by-hand`]],
    ['a chart', '  source: { repoURL: https://charts.example.com, chart: web }\n', undefined, []],
    ['a template', source.replace('production', '{{ env }}'), 'infra', []],
    ['out of the repository', source.replace('./overlays', '../overlays'), 'infra', []],
    [
      'several sources',
      '  sources:\n    - { repoURL: infra, path: a }\n    - { repoURL: infra, path: b }\n',
      'infra',
      ['Application argocd/web | a | by-hand', 'Application argocd/web | b | by-hand'],
    ],
    ...[
      [
        '{ group: networking.istio.io, kind: VirtualService, jsonPointers: [/spec/http] }',
        'networking.istio.io VirtualService',
      ],
      ['{ kind: VirtualService, jqPathExpressions: [".spec.http[].route[].weight"] }', '* VirtualService'],
      ['{ kind: HTTPRoute, jqPathExpressions: [".spec.rules[].backendRefs[].weight"] }', '* HTTPRoute'],
      ['{ group: "*", kind: "*", managedFieldsManagers: [rollouts-controller] }', '* *'],
    ].map(([entry = '', of = '']): [string, string, string, readonly string[]] => [
      entry,
      `${source}  ignoreDifferences: [${entry}]\n`,
      'infra',
      [`${ours} | by-hand | ignores weights of ${of}`],
    ]),
    [
      'of something else',
      `${source}  ignoreDifferences: [{ group: apps, kind: Deployment, jsonPointers: [/spec/replicas] }]\n`,
      'infra',
      [`${ours} | by-hand`],
    ],
  ]
  for (const [what, spec, repository, expected] of table)
    assert.deepEqual(deliveries(application(spec), repository), expected, what)
})

test('an ApplicationSet deploys what its template names outright', () => {
  const set = (path: string): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: all }\nspec:\n  template:\n    spec: { source: { repoURL: x, path: "${path}" } }\n`
  assert.deepEqual(deliveries(set('overlays/one')), ['ApplicationSet all | overlays/one | by-hand'])
  assert.deepEqual(deliveries(set('overlays/{{.env}}')), [])
})

test('Flux: a Kustomization, also one that is suspended; kustomize has a kind of that name', () => {
  const flux = (spec: string): string =>
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps, namespace: flux-system }\nspec: ${spec}\n`
  assert.deepEqual(deliveries(flux('{ path: ./clusters/production }')), [
    'Kustomization flux-system/apps | clusters/production | applied',
  ])
  assert.deepEqual(deliveries(flux('{ path: ./a, suspend: true }')), ['Kustomization flux-system/apps | a | suspended'])
  assert.deepEqual(deliveries('apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a]\n'), [])
})

const VS = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\n'

test('a folder that is deployed is an environment, also where another kustomization builds on it', () => {
  const texts = new Map([
    ['base/kustomization.yaml', 'resources: [vs.yaml]\n'],
    ['base/vs.yaml', VS],
    ['overlays/eu/kustomization.yaml', 'resources: [../../base]\n'],
    ['overlays/all/kustomization.yaml', 'resources: [../eu]\n'],
    ['plain/web/vs.yaml', VS],
    ['plain/other/vs.yaml', VS],
  ])
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const names = (deployed: readonly string[]): readonly string[] =>
    discoverEnvironments({ entries, texts, deployed }).environments.map(({ name, files }) => `${name} ${files.length}`)
  assert.deepEqual(names([]), ['all 4', 'default 2'])
  assert.deepEqual(names(['overlays/eu', 'plain/web', 'not/here']), ['all 4', 'default 1', 'eu 3', 'web 1'])
})
