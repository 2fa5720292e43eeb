/** Repositories of many shapes: their rollouts, their problems, and the files that `/canary 25` changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { argoRollout } from '../owners.ts'
import { command, DR, linesChanged, VS as IDLE, worktreeOf } from './repository.ts'
import { needsKustomize, renderer, tools } from '../tools.ts'

const VS = IDLE.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')
const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n'
const DEPLOYMENT = (version: string, replicas = 2): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${version} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web, version: ${version} } }
  template:
    metadata: { labels: { app: web, version: ${version} } }
    spec: { containers: [{ name: web, image: "web:${version}" }] }
`

type Files = Readonly<Record<string, string>>

/** A root `web`, with more objects. */
function root(vs: string, more: Files = {}): Files {
  const files = {
    'vs.yaml': vs,
    'dr.yaml': DR,
    'svc.yaml': SERVICE,
    'v1.yaml': DEPLOYMENT('v1'),
    'v2.yaml': DEPLOYMENT('v2'),
  }
  const all = Object.entries({ ...files, ...more })
  const names = all.map(([name]) => name).filter((name) => /\.(?:yaml|json)$/.test(name))
  return Object.fromEntries([
    ['web/kustomization.yaml', `resources: [${names.join(', ')}]\n`],
    ...all.map(([name, text]) => [`web/${name}`, text]),
  ])
}

const over = (text: string, more: Files = {}): Files => ({
  ...root(VS),
  'o/kustomization.yaml': `resources: [../web]\n${text}`,
  ...more,
})

const scaler = (apiVersion: string, kind: string, spec: string): Files =>
  root(VS, {
    'v2.yaml': DEPLOYMENT('v2', 0),
    'by.yaml': `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: web }\nspec: ${spec}\n`,
  })

const APPLICATION = (fields: string, source = ''): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {}, syncOptions: [RespectIgnoreDifferences=true] }
${fields}  source: { repoURL: https://github.com/acme/shop, path: web${source} }
`
const ignoring = (entry: string): string =>
  `  ignoreDifferences:\n    - { group: networking.istio.io, kind: VirtualService, ${entry} }\n`
const FLUX = (fields: string): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec:
  interval: 10m
  path: ./web
  sourceRef: { kind: GitRepository, name: flux-system }
${fields}`
const VARIABLES = VS.replace('weight: 90', 'weight: ${stable:=90}').replace('weight: 10', 'weight: ${canary:=10}')
const GATEWAY =
  'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: public }\nspec: { selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }\n'
const WEIGHT_PATCH = (stable: number): string =>
  `      - { op: replace, path: /spec/http/0/route/0/weight, value: ${stable} }\n      - { op: replace, path: /spec/http/0/route/1/weight, value: ${100 - stable} }\n`

interface Shape {
  readonly files: Files
  /** `environment share`, of each rollout. */
  readonly rollouts: readonly string[]
  /** The problems. */
  readonly red?: readonly string[]
  readonly notes?: readonly string[]
  /** The files that a command for the first rollout changes. */
  readonly edits: readonly string[]
}

const one = (files: Files, edits: readonly string[] = ['web/vs.yaml'], more: Partial<Shape> = {}): Shape => ({
  files,
  rollouts: ['web 10'],
  edits,
  ...more,
})

const SHAPES: Readonly<Record<string, Shape>> = {
  'weights of tls and tcp': one(
    root(
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec:\n  hosts: [web]\n' +
        ['tls:\n    - match: [{ port: 443, sniHosts: [web] }]\n      route:', 'tcp:\n    - route:']
          .map(
            (start) =>
              `  ${start}\n        - { destination: { host: web, subset: stable }, weight: 90 }\n        - { destination: { host: web, subset: canary }, weight: 10 }\n`,
          )
          .join(''),
    ),
  ),
  'a canary that KEDA scales from 0': one(
    scaler('keda.sh/v1alpha1', 'ScaledObject', '{ scaleTargetRef: { name: web-v2 }, triggers: [] }'),
  ),
  'a canary that an autoscaler scales': one(
    scaler(
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      '{ scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web-v2 }, maxReplicas: 3 }',
    ),
  ),
  'a canary that a Rollout runs from a Deployment': one(
    scaler(
      'argoproj.io/v1alpha1',
      'Rollout',
      '{ replicas: 2, workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web-v2 }, strategy: { canary: {} } }',
    ),
  ),
  'a canary with 0 replicas': one(root(VS, { 'v2.yaml': DEPLOYMENT('v2', 0) }), undefined, { red: ['no-pods'] }),
  'a canary that an overlay scales to 0': one(over('replicas: [{ name: web-v2, count: 0 }]\n'), undefined, {
    rollouts: ['o 10'],
    red: ['no-pods'],
  }),
  'a Gateway by all its names': one(
    {
      ...root(
        VS.replace(
          'hosts: [web]',
          'hosts: [web.example.com]\n  gateways: [public, shop/public, public.shop.svc.cluster.local]',
        ),
        { 'gw.yaml': GATEWAY },
      ),
      'o/kustomization.yaml': 'resources: [../web]\nnamespace: shop\n',
    },
    undefined,
    { rollouts: ['o 10'] },
  ),
  'weights that a jq expression leaves to the cluster': one(
    { ...root(VS), 'app.yaml': APPLICATION(ignoring('jqPathExpressions: [".spec.http[]?.route[]?.weight"]')) },
    undefined,
    { red: ['weights-ignored'] },
  ),
  'weights that Argo CD leaves to the Rollout that writes them': one(
    {
      ...root(VS, { 'rollout.yaml': argoRollout() }),
      'app.yaml': APPLICATION(ignoring('jqPathExpressions: [".spec.http[]?.route[]?.weight"]')),
    },
    ['web/rollout.yaml'],
    { notes: ['two-writers'] },
  ),
  'a jq expression for another object': one({
    ...root(VS),
    'app.yaml': APPLICATION(ignoring('name: other, jqPathExpressions: [".spec.http[].route[].weight"]')),
  }),
  'an Application that follows a tag': one(
    { ...root(VS), 'app.yaml': APPLICATION('', ', targetRevision: v1.2.3') },
    undefined,
    { notes: ['not-synced'] },
  ),
  'variables with defaults that Flux assigns': one({
    ...root(VARIABLES),
    'flux.yaml': FLUX('  postBuild: { substitute: { env: eu } }\n'),
  }),
  'weights that a Flux patch sets': one(
    {
      ...root(VS),
      'flux.yaml': FLUX(
        `  patches:\n    - target: { kind: VirtualService, name: web }\n      patch: |\n${WEIGHT_PATCH(80).replaceAll('      -', '        -')}`,
      ),
    },
    ['flux.yaml', 'web/vs.yaml'],
    { rollouts: ['web 20'] },
  ),
  'lines that end as on Windows': one(root(VS.replaceAll('\n', '\r\n'))),
  'anchors beside the weights': one(root(VS.replace('hosts: [web]', 'hosts: &hosts [web]\n  exportTo: *hosts'))),
  'one line in braces': one(
    root(
      '{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: web}, spec: {hosts: [web], http: [{route: [{destination: {host: web, subset: stable}, weight: 90}, {destination: {host: web, subset: canary}, weight: 10}]}]}}\n',
    ),
  ),
  'documents with comments and a mark of byte order': one(
    root(`\uFEFF# all\n---\n# nothing\n---\n${VS}...\n---\n${GATEWAY}`),
  ),
  'YAML that only Go reads, beside the route': one(
    root(VS, {
      'cm.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  text: "one\n  two\n\tthree"\n',
    }),
  ),
  'a large binary file in a generator': one(
    {
      ...root(VS),
      'web/logo.png': 'x'.repeat(600_000),
      'o/kustomization.yaml': 'resources: [../web]\nconfigMapGenerator: [{ name: logo, files: [logo.png] }]\n',
      'o/logo.png': '\u0000\u0001'.repeat(300_000),
    },
    undefined,
    { rollouts: ['o 10'] },
  ),
  'a Job whose name the cluster makes, which kustomize refuses': {
    files: root(VS, { 'job.yaml': 'apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: m- }\nspec: {}\n' }),
    rollouts: ['web 10'],
    red: ['build-failed'],
    edits: [],
  },
  'a component in a component': one(
    over('components: [../c1]\n', {
      'c1/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../c2]\n',
      'c2/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target: { kind: VirtualService }\n    patch: |-\n${WEIGHT_PATCH(85)}`,
    }),
    ['c2/kustomization.yaml', 'web/vs.yaml'],
    { rollouts: ['o 15'] },
  ),
  'a replacement from a literal of a generator': one(
    over(
      `configMapGenerator: [{ name: traffic, literals: [stable=85, canary=15] }]\nreplacements:\n${['stable', 'canary']
        .map(
          (role, index) =>
            `  - source: { kind: ConfigMap, name: traffic, fieldPath: data.${role} }\n    targets: [{ select: { kind: VirtualService }, fieldPaths: [spec.http.0.route.${index}.weight] }]\n`,
        )
        .join('')}`,
    ),
    ['o/kustomization.yaml', 'web/vs.yaml'],
    { rollouts: ['o 15'] },
  ),
  'labels with selectors and a suffix': one(
    over('nameSuffix: -eu\nlabels: [{ pairs: { team: a }, includeSelectors: true }]\n'),
    undefined,
    { rollouts: ['o 10'] },
  ),
  'a route of the Gateway API to Services of another namespace': {
    files: {
      'web/kustomization.yaml': 'resources: [route.yaml]\n',
      'web/route.yaml':
        'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: web, namespace: edge }\nspec:\n  parentRefs: [{ name: public, namespace: ingress }]\n  rules:\n    - backendRefs:\n        - { name: web, namespace: shop, port: 80, weight: 9 }\n        - { name: web-canary, namespace: shop, port: 80, weight: 1 }\n',
    },
    rollouts: ['web 10'],
    edits: ['web/route.yaml'],
  },
}

for (const [what, { files: given, rollouts, red = [], notes = [], edits }] of Object.entries(SHAPES)) {
  test(what, needsKustomize, async () => {
    const files = new Map(Object.entries(given))
    const status = await statusOfCheckout({ worktree: worktreeOf(files), renderer })
    assert.ok(status.ok)
    const { standings } = status.value
    assert.deepEqual(
      standings.map(({ target, share }) => `${target.environment} ${share}`),
      rollouts,
    )
    const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
    assert.ok(found.ok)
    const { review } = found.value
    assert.deepEqual(
      [review.problems, review.notes].map((all) => all.map(({ code }) => code)),
      [red, notes],
    )
    if (edits.length === 0) return
    const before = new Map(files)
    await command(files, '/canary 25')
    assert.deepEqual(
      linesChanged(before, files)
        .filter((line) => !/^[-+]/.test(line))
        .sort(),
      [...edits].sort(),
    )
  })
}
