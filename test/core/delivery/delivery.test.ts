import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDeliveries } from '../../../src/core/delivery/delivery.ts'
import { discoverEnvironments } from '../../../src/core/environment/discover-environments.ts'

function deliveries(text: string, repository?: string, branches?: readonly string[]): readonly string[] {
  const { deliveries: found } = readDeliveries(new Map([['apps.yaml', text]]), { repository, branches })
  return found.map(({ title, path, stops }) => [title, path, stops ?? 'applied'].join(' | '))
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
    [
      'automated, and switched off',
      `${source}  syncPolicy: { automated: { enabled: false } }\n`,
      'infra',
      [`${ours} | by-hand`],
    ],
    [
      'automated, and switched on',
      `${source}  syncPolicy: { automated: { enabled: true } }\n`,
      'infra',
      [`${ours} | applied`],
    ],
  ]
  for (const [what, spec, repository, expected] of table)
    assert.deepEqual(deliveries(application(spec), repository), expected, what)
})

test('an ApplicationSet deploys the folders that its template names directly', () => {
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

test('Argo CD: an Application that is not looked at, or follows another revision than what is merged to', () => {
  const app = (revision: string, annotation = ''): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: web, annotations: { ${annotation} } }\nspec:\n  source: { repoURL: infra, path: a, targetRevision: "${revision}" }\n  syncPolicy: { automated: {} }\n`
  const stops = (text: string, branches?: readonly string[]): string | undefined =>
    deliveries(text, 'infra', branches)[0]?.split(' | ').at(-1)
  assert.equal(stops(app('main', 'argocd.argoproj.io/skip-reconcile: "true"')), 'skipped')
  assert.equal(stops(app('main', 'argocd.argoproj.io/skip-reconcile: "false"')), 'applied')
  const sha = 'a'.repeat(40)
  for (const fixed of ['v1.4.2', '1.4', '1.2.*', '^1.2.0', '>=1.0.0', 'refs/tags/release', sha])
    assert.equal(stops(app(fixed)), 'revision', fixed)
  for (const followed of ['', 'HEAD', 'main', 'refs/heads/main', 'release', '{{ .branch }}'])
    assert.equal(stops(app(followed)), 'applied', followed)
  assert.equal(stops(app('release'), ['main']), 'revision')
  assert.equal(stops(app('v1.4'), ['main', 'v*']), 'applied')
  assert.equal(stops(app('HEAD'), ['main']), 'applied')
})

test('Flux: what its source follows, of which repository, and for each cluster', () => {
  const kustomization =
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps, namespace: flux-system }\nspec: { path: ./a, sourceRef: { kind: GitRepository, name: fleet } }\n'
  const repository = (spec: string): string =>
    `---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: fleet, namespace: flux-system }\nspec: ${spec}\n`
  const stops = (...specs: readonly string[]): readonly string[] =>
    deliveries(kustomization + specs.map(repository).join(''), 'infra', ['main']).map(
      (line) => line.split(' | ').at(-1) ?? '',
    )
  const url = 'url: "https://example.com/acme/infra"'
  assert.deepEqual(stops(), ['applied'])
  assert.deepEqual(stops(`{ ${url}, ref: { branch: main } }`), ['applied'])
  assert.deepEqual(stops(`{ ${url}, ref: { tag: v1.0.0 } }`), ['revision'])
  assert.deepEqual(stops(`{ ${url}, ref: { semver: "1.x" } }`), ['revision'])
  assert.deepEqual(stops(`{ ${url}, ref: { branch: main }, suspend: true }`), ['suspended'])
  assert.deepEqual(stops(`{ ${url}, ref: { tag: v1.0.0 } }`, `{ ${url}, ref: { branch: main } }`), ['applied'])
  assert.deepEqual(stops('{ url: "https://example.com/acme/other" }'), [])
})

test('the namespaces to which other repositories are deployed', () => {
  const outsiders = (text: string): readonly string[] => [
    ...readDeliveries(new Map([['apps.yaml', text]]), { repository: 'infra' }).outsiders,
  ]
  const app = (source: string, namespace = 'shop'): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: web }\nspec: { source: ${source}, destination: { namespace: "${namespace}" } }\n`
  assert.deepEqual(outsiders(app('{ repoURL: infra, path: a }')), [])
  assert.deepEqual(outsiders(app('{ repoURL: "https://charts.example.com", chart: web }')), ['shop'])
  assert.deepEqual(outsiders(app('{ repoURL: "https://example.com/acme/other", path: a }')), ['shop'])
  assert.deepEqual(outsiders(app('{ repoURL: other, chart: web }', '{{ .namespace }}')), ['*'])
  assert.deepEqual(outsiders(app('{ repoURL: infra, path: "{{ .path }}" }')), [])
  const release =
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web, namespace: flux-system }\nspec: { targetNamespace: shop }\n'
  assert.deepEqual(outsiders(release), ['shop'])
})

const VS = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\n'

test('a deployed folder is an environment, even if another kustomization builds on it', () => {
  const texts = new Map([
    ['base/kustomization.yaml', 'resources: [vs.yaml]\n'],
    ['base/vs.yaml', VS],
    ['overlays/eu/kustomization.yaml', 'resources: [../../base]\n'],
    ['overlays/all/kustomization.yaml', 'resources: [../eu]\n'],
    ['plain/web/vs.yaml', VS],
    ['plain/other/vs.yaml', VS],
  ])
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const names = (paths: readonly string[]): readonly string[] =>
    discoverEnvironments({
      entries,
      texts,
      deployed: paths.map((path) => ({
        path,
        title: path,
        file: path,
        additions: undefined,
        sources: [],
        directory: undefined,
        patches: [],
        filling: undefined,
        step: undefined,
      })),
    }).environments.map(({ name, files }) => `${name} ${files.length}`)
  assert.deepEqual(names([]), ['all 4', 'other 1', 'web 1'])
  assert.deepEqual(names(['overlays/eu', 'plain/web', 'not/here']), ['all 4', 'default 1', 'eu 3', 'web 1'])
})
