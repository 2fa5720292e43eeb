/** Small repositories in common styles, each judged as an engineer who runs one would. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { standingOf } from '../../src/core/rollout/standing.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { loadSnapshot, readTargetAt } from '../../src/flows/repository/load.ts'
import { CHART } from './chart.ts'
import { command, DR, linesChanged, refusal, shares, VS, worktreeOf } from './repository.ts'
import { needsHelm, needsKustomize, renderer, tools } from '../tools.ts'

type Files = Readonly<Record<string, string>>

interface Variant {
  readonly files: Files
  /** The rollouts, by environment: share and place. */
  readonly shares: Readonly<Record<string, string>>
  /** Codes. */
  readonly notes?: readonly string[]
  /** A command, and the lines that it changes, without those of annotations. */
  readonly moves?: readonly [string, readonly string[]]
}

async function codesIn(files: Map<string, string>): Promise<Record<'problems' | 'notes', readonly string[]>> {
  const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(found.ok)
  const { problems, notes } = found.value.review
  return { problems: problems.map(({ code }) => code), notes: [...new Set(notes.map(({ code }) => code))] }
}

/** The expectations for a repository before and after a command. Nothing is ever red. */
async function holds({ files: given, shares: wanted, notes = [], moves }: Variant): Promise<void> {
  const files = new Map(Object.entries(given))
  assert.deepEqual(await shares(files), wanted)
  assert.deepEqual(await codesIn(files), { problems: [], notes })
  if (moves === undefined) return
  const before = new Map(files)
  await command(files, moves[0])
  const lines = linesChanged(before, files).filter((line) => !/annotations:|perch\.dev\//.test(line))
  assert.deepEqual(lines, moves[1])
  assert.deepEqual((await codesIn(files)).problems, [])
}

/** An ApplicationSet of the chart. */
const SET = (generators: string, helm: string, more = ''): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web, namespace: argocd }
spec:
${more}  generators:
${generators}
  template:
    metadata: { name: 'web-${more === '' ? '{{env}}' : '{{ .env }}'}' }
    spec:
      destination: { namespace: shop, server: https://kubernetes.default.svc }
      syncPolicy: { automated: {} }
      source: { repoURL: https://github.com/acme/shop, path: charts/web, helm: { releaseName: web, ${helm} } }
`
const TEMPLATE = 'charts/web/templates/virtualservice.yaml:3'
const BOTH = { 'web-production': `5% ${TEMPLATE}`, 'web-staging': `50% ${TEMPLATE}` }

const SOURCE = (helm: string): string =>
  `  source: { repoURL: https://github.com/acme/shop, path: charts/web, helm: { releaseName: web, ${helm} } }`
const APPLICATION = (name: string, helm: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
${SOURCE(helm)}
`

const CHARTS: Readonly<Record<string, Variant>> = {
  'an ApplicationSet releases a chart with values files by a list': {
    files: {
      ...CHART,
      'set.yaml': SET(
        '    - list: { elements: [{ env: staging }, { env: production }] }',
        "valueFiles: ['values-{{env}}.yaml']",
      ),
      'charts/web/values-staging.yaml': 'canary: { weight: 50 }\n',
      'charts/web/values-production.yaml': 'canary: { weight: 5 }\n',
    },
    shares: BOTH,
    moves: [
      '/canary 25 --env web-production',
      ['charts/web/values-production.yaml', '-canary: { weight: 5 }', '+canary: { weight: 25 }'],
    ],
  },
  'an ApplicationSet releases a chart with values by files of the repository': {
    files: {
      ...CHART,
      'set.yaml': SET(
        "    - git: { repoURL: https://github.com/acme/shop, files: [{ path: 'envs/*/config.yaml' }] }",
        "valueFiles: ['/envs/{{ .env }}/values.yaml']",
        '  goTemplate: true\n',
      ),
      'envs/staging/config.yaml': 'env: staging\n',
      'envs/production/config.yaml': 'env: production\n',
      'envs/staging/values.yaml': 'canary: { weight: 50 }\n',
      'envs/production/values.yaml': 'canary: { weight: 5 }\n',
    },
    shares: BOTH,
    moves: [
      '/canary 25 --env web-production',
      ['envs/production/values.yaml', '-canary: { weight: 5 }', '+canary: { weight: 25 }'],
    ],
  },
  'an ApplicationSet sets values by parameters of its generator': {
    files: {
      ...CHART,
      'set.yaml': SET(
        "    - list: { elements: [{ env: staging, weight: '50' }, { env: production, weight: '5' }] }",
        "parameters: [{ name: canary.weight, value: '{{weight}}' }]",
      ),
    },
    shares: BOTH,
    moves: [
      '/canary 25 --env web-production',
      [
        'set.yaml',
        "-    - list: { elements: [{ env: staging, weight: '50' }, { env: production, weight: '5' }] }",
        "+    - list: { elements: [{ env: staging, weight: '50' }, { env: production, weight: '25' }] }",
      ],
    ],
  },
  'elements of a list in a matrix set values of several Applications': {
    files: {
      ...CHART,
      'set.yaml': SET(
        `    - matrix:
        generators:
          - list: { elements: [{ env: staging, weight: 50 }, { env: production, weight: 5 }] }
          - list: { elements: [{ region: eu }] }`,
        "valuesObject: { region: '{{ .region }}', canary: { weight: '{{ .weight }}' } }",
        '  goTemplate: true\n',
      ),
    },
    shares: BOTH,
    moves: [
      '/canary 25 --env all',
      [
        'set.yaml',
        '-          - list: { elements: [{ env: staging, weight: 50 }, { env: production, weight: 5 }] }',
        '+          - list: { elements: [{ env: staging, weight: 25 }, { env: production, weight: 25 }] }',
      ],
    ],
  },
  'Applications of one file release a chart, each with values of its own': {
    files: {
      ...CHART,
      'argo.yaml': ['parameters: [{ name: canary.weight, value: "5" }]', 'valuesObject: { canary: { weight: 5 } }']
        .map((helm, index) => APPLICATION(`web-${index}`, helm))
        .join('---\n'),
    },
    shares: { 'web-0': `5% ${TEMPLATE}`, 'web-1': `5% ${TEMPLATE}` },
    moves: [
      '/canary 25 --env web-1',
      [
        'argo.yaml',
        `-${SOURCE('valuesObject: { canary: { weight: 5 } }')}`,
        `+${SOURCE('valuesObject: { canary: { weight: 25 } }')}`,
      ],
    ],
  },
  'an ApplicationSet of a chart that nobody can expand is noted': {
    files: {
      ...CHART,
      'set.yaml': SET('    - scmProvider: { github: { organization: acme } }', '').replace(
        'charts/web,',
        "'charts/{{repository}}',",
      ),
    },
    shares: {},
    notes: ['not-generated'],
  },
}

const RELEASE = (postRenderers: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: shop }
spec:
  chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: flux-system } } }
${postRenderers}`
const POST_RENDERERS = `  postRenderers:
    - kustomize:
        patches:
          - target: { kind: VirtualService, name: web }
            patch: |
              - { op: replace, path: /spec/http/0/route/0/weight, value: 80 }
              - { op: replace, path: /spec/http/0/route/1/weight, value: 20 }
`
const PATCHED = ['0/weight, value: 80', '1/weight, value: 20', '0/weight, value: 75', '1/weight, value: 25'].map(
  (text, index) => `${index < 2 ? '-' : '+'}              - { op: replace, path: /spec/http/0/route/${text} }`,
)
const POST_RENDERED: Readonly<Record<string, Variant>> = {
  'weights that a post-renderer sets are changed there': {
    files: { ...CHART, 'clusters/eu/web.yaml': RELEASE(POST_RENDERERS) },
    shares: { web: '20% clusters/eu/web.yaml:9' },
    moves: ['/canary 25', ['clusters/eu/web.yaml', ...PATCHED]],
  },
  'a post-renderer of data is changed like one of text': {
    files: {
      ...CHART,
      'clusters/eu/web.yaml': RELEASE(
        POST_RENDERERS.replace('patches:', 'patchesJson6902:').replace('patch: |', 'patch:'),
      ),
    },
    shares: { web: '20% clusters/eu/web.yaml:9' },
    moves: ['/canary 25', ['clusters/eu/web.yaml', ...PATCHED]],
  },
  'a post-renderer that an overlay adds is changed in the overlay': {
    files: {
      ...CHART,
      'clusters/eu/kustomization.yaml': 'resources: [web.yaml]\npatches: [{ path: more.yaml }]\n',
      'clusters/eu/web.yaml': RELEASE('  values: { canary: { weight: 10 } }\n'),
      'clusters/eu/more.yaml': `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web, namespace: shop }\nspec:\n${POST_RENDERERS}`,
    },
    shares: { eu: '20% clusters/eu/kustomization.yaml:1' },
    moves: ['/canary 25', ['clusters/eu/more.yaml', ...PATCHED]],
  },
}

const ROOT = (delegate: string): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: edge }
spec:
  hosts: [shop.example.com]
  gateways: [istio-system/public]
  http:
    - match: [{ uri: { prefix: /web } }]
      delegate: ${delegate}
`
const DELEGATE = VS.replace('  hosts: [web]\n', '')
const WEIGHTS = ['-          weight: 100', '+          weight: 75', '-          weight: 0', '+          weight: 25']

const DELEGATES: Readonly<Record<string, Variant>> = Object.fromEntries(
  [
    ['a suffix', 'nameSuffix: -eu\n', '{ name: web-eu }'],
    ['a prefix and a namespace', 'namePrefix: x-\nnamespace: shop\n', '{ name: x-web, namespace: shop }'],
  ].map(([what, fields = '', delegate = '']) => [
    `a delegate that gets ${what} is the one that its root names so, by each name`,
    {
      files: {
        'base/kustomization.yaml': `resources: [root.yaml, web.yaml, dr.yaml]\n${fields}`,
        'base/root.yaml': ROOT(delegate),
        'base/web.yaml': DELEGATE,
        'base/dr.yaml': DR,
      },
      shares: { base: '0% base/web.yaml:7' },
      moves: ['/canary 25 edge', ['base/web.yaml', ...WEIGHTS]],
    },
  ]),
)

const ROUTE = { 'web/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n', 'web/dr.yaml': DR }
const FLUX = (cluster: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web-${cluster}, namespace: flux-system }
spec:
  path: ./web
  sourceRef: { kind: GitRepository, name: flux-system }
  postBuild: { substitute: { stable: "90", canary: "10" } }
`
const OWN_PATCH = (canary: number): string => `patches:
    - target: { kind: VirtualService }
      patch: |
        - { op: replace, path: /spec/http/0/route/0/weight, value: ${100 - canary} }
        - { op: replace, path: /spec/http/0/route/1/weight, value: ${canary} } # percent`
/** A patch without a target, which one folder of several has the object for. */
const LIMITS = `
    - patch: |
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: limits, labels: { tier: one } }`
/** Several deployers of one folder, in which none has a file of its own. */
const ONE_FOLDER: Readonly<Record<string, Variant>> = {
  'clusters that fill their own weights into one folder are changed one by one': {
    files: {
      ...ROUTE,
      'web/vs.yaml': VS.replace('weight: 100', 'weight: ${stable}').replace('weight: 0', 'weight: ${canary}'),
      'clusters/eu.yaml': FLUX('eu'),
      'clusters/us.yaml': FLUX('us'),
    },
    shares: { 'web-eu': '10% web/vs.yaml:8', 'web-us': '10% web/vs.yaml:8' },
    moves: [
      '/canary 25 --env web-eu',
      [
        'clusters/eu.yaml',
        '-  postBuild: { substitute: { stable: "90", canary: "10" } }',
        '+  postBuild: { substitute: { stable: "75", canary: "25" } }',
      ],
    ],
  },
  'clusters that patch their own weights into one folder are changed one by one': {
    files: {
      ...ROUTE,
      'web/vs.yaml': VS,
      'clusters/eu.yaml': FLUX('eu').replace(/postBuild: .*/, OWN_PATCH(5)),
      'clusters/us.yaml': FLUX('us').replace(/postBuild: .*/, OWN_PATCH(50)),
    },
    shares: { 'web-eu': '5% clusters/eu.yaml:10', 'web-us': '50% clusters/us.yaml:10' },
    moves: [
      '/canary 25 --env web-eu',
      [
        'clusters/eu.yaml',
        '-        - { op: replace, path: /spec/http/0/route/0/weight, value: 95 }',
        '-        - { op: replace, path: /spec/http/0/route/1/weight, value: 5 } # percent',
        '+        - { op: replace, path: /spec/http/0/route/0/weight, value: 75 }',
        '+        - { op: replace, path: /spec/http/0/route/1/weight, value: 25 } # percent',
      ],
    ],
  },
  'a generated ConfigMap fills weights into one folder, whatever its hash': {
    files: {
      ...ROUTE,
      'web/vs.yaml': VS.replace('weight: 100', 'weight: ${stable}').replace('weight: 0', 'weight: ${canary}'),
      'clusters/kustomization.yaml':
        'namespace: flux-system\nresources: [eu.yaml]\nconfigurations: [names.yaml]\nconfigMapGenerator:\n  - name: weights\n    literals:\n      - stable=95\n      - canary=5 # percent\n',
      'clusters/names.yaml':
        'nameReference:\n  - { kind: ConfigMap, version: v1, fieldSpecs: [{ path: spec/postBuild/substituteFrom/name, kind: Kustomization }] }\n',
      'clusters/eu.yaml': FLUX('eu').replace(
        /postBuild: .*/,
        'postBuild: { substituteFrom: [{ kind: ConfigMap, name: weights }] }',
      ),
    },
    shares: { web: '5% web/vs.yaml:8' },
    moves: [
      '/canary 25',
      [
        'web/vs.yaml',
        'clusters/kustomization.yaml',
        '-      - stable=95',
        '-      - canary=5 # percent',
        '+      - stable=75',
        '+      - canary=25 # percent',
      ],
    ],
  },
  'what Flux adds to a folder without a kustomization reaches the kustomizations below it': {
    files: {
      'apps/limits.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: limits }\n',
      'apps/db/kustomization.yaml': 'resources: [db.yaml]\n',
      'apps/db/db.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: db }\n',
      'apps/web/kustomization.yaml': 'namespace: shop\nresources: [vs.yaml, dr.yaml]\n',
      'apps/web/vs.yaml': VS,
      'apps/web/dr.yaml': DR,
      ...Object.fromEntries(
        Object.entries({ eu: 5, us: 50 }).map(([cluster, weight]) => [
          `clusters/${cluster}/apps.yaml`,
          FLUX('apps')
            .replace('./web', './apps')
            .replace(/postBuild: .*/, `${OWN_PATCH(weight)}${LIMITS}`),
        ]),
      ),
    },
    shares: { 'web-eu': '5% clusters/eu/apps.yaml:10', 'web-us': '50% clusters/us/apps.yaml:10' },
    moves: [
      '/canary 25 --env web-eu',
      [
        'clusters/eu/apps.yaml',
        '-        - { op: replace, path: /spec/http/0/route/0/weight, value: 95 }',
        '-        - { op: replace, path: /spec/http/0/route/1/weight, value: 5 } # percent',
        '+        - { op: replace, path: /spec/http/0/route/0/weight, value: 75 }',
        '+        - { op: replace, path: /spec/http/0/route/1/weight, value: 25 } # percent',
      ],
    ],
  },
  'a config names a folder without a kustomization, in which Flux builds the kustomizations below it': {
    files: {
      '.github/canary.yml': 'environments: { production: { path: apps } }\n',
      'clusters/eu.yaml': FLUX('eu')
        .replace('./web', './apps')
        .replace(/ *postBuild: .*\n/, ''),
      'apps/limits.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: limits }\n',
      'apps/web/kustomization.yaml': `resources: [../../base]\n${OWN_PATCH(5).replaceAll('\n    ', '\n')}\n`,
      ...Object.fromEntries(
        Object.entries({ ...ROUTE, 'web/vs.yaml': VS }).map(([path, text]) => [path.replace('web', 'base'), text]),
      ),
    },
    shares: { production: '5% apps/web/kustomization.yaml:5' },
    moves: [
      '/canary 25',
      [
        'apps/web/kustomization.yaml',
        '-    - { op: replace, path: /spec/http/0/route/0/weight, value: 95 }',
        '-    - { op: replace, path: /spec/http/0/route/1/weight, value: 5 } # percent',
        '+    - { op: replace, path: /spec/http/0/route/0/weight, value: 75 }',
        '+    - { op: replace, path: /spec/http/0/route/1/weight, value: 25 } # percent',
        'base/vs.yaml',
      ],
    ],
  },
  'Flux adds a component to a folder without a kustomization': {
    files: {
      'web/vs.yaml': VS,
      'web/dr.yaml': DR,
      'parts/weights/kustomization.yaml':
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target: { kind: VirtualService }\n    patch: '- { op: replace, path: /spec/http/0/route/1/weight, value: 25 }'\n",
      'clusters/eu.yaml': FLUX('eu').replace(/postBuild: .*/, 'components: [../parts/weights]'),
    },
    shares: { web: '20% web/vs.yaml:8' },
  },
  'the same, with a kustomization of its own below it': {
    files: {
      'apps/limits.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: limits }\n',
      'apps/web/kustomization.yaml': 'namespace: shop\nresources: [vs.yaml, dr.yaml]\n',
      'apps/web/vs.yaml': VS,
      'apps/web/dr.yaml': DR,
      'parts/weights/kustomization.yaml':
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target: { kind: VirtualService }\n    patch: '- { op: replace, path: /spec/http/0/route/1/weight, value: 25 }'\n",
      'clusters/eu.yaml': FLUX('eu')
        .replace('./web', './apps')
        .replace(/postBuild: .*/, 'components: [../parts/weights]'),
    },
    shares: { web: '20% apps/web/vs.yaml:8' },
  },
  'Flux adds to a folder without a kustomization, and other Kustomizations deploy the files beside those below it': {
    files: {
      ...Object.fromEntries(
        ['db', 'web'].flatMap((app) => [
          [`apps/${app}/kustomization.yaml`, 'resources: [ks.yaml]\n'],
          [`apps/${app}/ks.yaml`, FLUX(app).replace('./web', `./apps/${app}/app`)],
          [
            `apps/${app}/app/settings.yaml`,
            'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { canary: "${canary}" }\n',
          ],
        ]),
      ),
      'apps/web/app/vs.yaml': VS,
      'apps/web/app/dr.yaml': DR,
      'clusters/eu.yaml': FLUX('eu')
        .replace('./web', './apps')
        .replace(/postBuild: .*/, OWN_PATCH(5)),
    },
    shares: { 'web-app': '0% apps/web/app/vs.yaml:8' },
  },
  'a generator puts a program and a template into ConfigMaps, and both mention Services': {
    files: {
      ...ROUTE,
      'web/kustomization.yaml':
        'resources: [vs.yaml, dr.yaml]\nconfigMapGenerator:\n  - { name: sync, files: [sync.py, page=page.yaml] }\n',
      'web/vs.yaml': VS,
      'web/sync.py':
        'import json\n\ndef sync(name):\n    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}}\n',
      'web/page.yaml': '{{ range .Services }}\nkind: Service\n{{ end }}\n',
    },
    shares: { web: '0% web/vs.yaml:8' },
    moves: [
      '/canary 25',
      [
        'web/vs.yaml',
        '-          weight: 100',
        '+          weight: 75',
        '-          weight: 0',
        '+          weight: 25',
      ],
    ],
  },
  'elements of an ApplicationSet feed a patch of its template': {
    files: {
      ...ROUTE,
      'web/vs.yaml': VS,
      'set.yaml': `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web, namespace: argocd }
spec:
  goTemplate: true
  generators:
    - list:
        elements:
          - { env: prod, stable: "95", canary: "5" } # slowly
          - { env: dev, stable: "50", canary: "50" }
  template:
    metadata: { name: 'web-{{ .env }}' }
    spec:
      destination: { namespace: '{{ .env }}', server: https://kubernetes.default.svc }
      syncPolicy: { automated: {} }
      source:
        repoURL: https://github.com/acme/shop
        path: web
        kustomize:
          patches:
            - target: { kind: VirtualService }
              patch: |-
                - { op: replace, path: /spec/http/0/route/0/weight, value: {{ .stable }} }
                - { op: replace, path: /spec/http/0/route/1/weight, value: {{ .canary }} }
`,
    },
    shares: { 'web-dev': '50% web/vs.yaml:8', 'web-prod': '5% web/vs.yaml:8' },
    moves: [
      '/canary 25 --env web-prod',
      [
        'set.yaml',
        '-          - { env: prod, stable: "95", canary: "5" } # slowly',
        '+          - { env: prod, stable: "75", canary: "25" } # slowly',
      ],
    ],
  },
}

/** The share of an environment's only rollout in an older commit's file. */
async function shareThen(files: Files, then: Files, environment: string): Promise<unknown> {
  const worktree = (treeish: string) =>
    worktreeOf(new Map(Object.entries({ ...files, ...(treeish === 'now' ? {} : then) })))
  const mirror = {
    entries: (treeish: string) => worktree(treeish).entries(),
    read: (treeish: string, paths: readonly string[]) => worktree(treeish).read(treeish, paths),
  }
  const config = readConfig(undefined)
  assert.ok(config.ok)
  const { targets } = await loadSnapshot({ mirror, renderer }, 'now', { config: config.value })
  const target = targets.find(({ environments }) => environments.includes(environment))
  assert.ok(target !== undefined)
  const old = await readTargetAt({ mirror, renderer }, 'then', target)
  return old && (old.unclear === undefined ? standingOf(old).share : old.unclear.why)
}

test('an older commit that does not tell what deploys a folder does not tell its share', async () => {
  const patched = (patches: string): string =>
    APPLICATION('web', '').replace(
      /  source: .*\n/,
      `  source: { repoURL: https://github.com/acme/shop, path: web${patches} }\n`,
    )
  const weights = [95, 5].map(
    (weight, index) => `{op: replace, path: /spec/http/0/route/${index}/weight, value: ${weight}}`,
  )
  const patches = `, kustomize: { patches: [{ target: { kind: VirtualService }, patch: '[${weights.join(', ')}]' }] }`
  const files = { ...ROUTE, 'web/vs.yaml': VS, 'argo.yaml': patched(patches) }
  const then = (text: string): Promise<unknown> => shareThen(files, { 'argo.yaml': text }, 'web')
  assert.equal(await then(patched(patches.replace('95', '99').replace('5}', '1}'))), 1)
  assert.equal(await then(patched('')), 0)
  assert.equal(await then(''), 'transformer')
  assert.equal(await then(patched(patches).replace('name: web,', 'name: other,')), 'transformer')
})

test('an older commit has the elements of an ApplicationSet of a chart in another order', needsHelm, async () => {
  const elements = ["{ env: eu-1, weight: '50' }", "{ env: eu-2, weight: '5' }"]
  const withList = (...list: readonly string[]): Files => ({
    'set.yaml': SET(
      `    - list: { elements: [${list.join(', ')}] }`,
      "parameters: [{ name: canary.weight, value: '{{weight}}' }]",
    ),
  })
  const files = { ...CHART, ...withList(...elements) }
  const [eu1 = '', eu2 = ''] = elements
  assert.equal(await shareThen(files, withList(eu2, eu1), 'web-eu-2'), 5)
  assert.equal(await shareThen(files, withList(eu2.replace("'5'", "'1'"), eu1), 'web-eu-2'), 1)
  assert.equal(
    await shareThen(files, withList(eu1.replace('eu-1', 'eu-3'), eu2.replace('eu-2', 'eu-4')), 'web-eu-2'),
    undefined,
  )
})

test('a value that some Applications of a set share is named with those alone', needsHelm, async () => {
  const lists = [
    "[{ env: staging, weight: '50' }, { env: production, weight: '5' }]",
    '[{ region: eu }, { region: us }]',
  ].map((elements) => `          - list: { elements: ${elements} }\n`)
  const set = SET(
    `    - matrix:\n        generators:\n${lists.join('').trimEnd()}`,
    "parameters: [{ name: canary.weight, value: '{{weight}}' }, { name: region, value: '{{region}}' }]",
  ).replace("'web-{{env}}'", "'web-{{env}}-{{region}}'")
  const found = await refusal(
    new Map(Object.entries({ ...CHART, 'set.yaml': set })),
    '/canary 25 --env web-production-eu',
  )
  assert.deepEqual(found.code === 'cannot-edit' && found.refusal, {
    code: 'shared-value',
    file: 'set.yaml',
    line: 8,
    environment: 'web-production-eu',
    users: ['web-production-eu', 'web-production-us'],
  })
})

for (const [what, variant] of Object.entries(ONE_FOLDER)) test(what, needsKustomize, () => holds(variant))
for (const [what, variant] of Object.entries({ ...CHARTS, ...POST_RENDERED }))
  test(what, needsHelm, () => holds(variant))
for (const [what, variant] of Object.entries(DELEGATES)) test(what, needsKustomize, () => holds(variant))
