/** What a promotion carries from one environment to another, or why nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { preparePromotion } from '../../../src/flows/making/prepare-promotion.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import { BASE, CHART } from '../../memory/builds.ts'
import { memoryGitHub } from '../../memory/github/github.ts'
import { memoryMirror } from '../../memory/mirror.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { assertPage } from '../page.ts'

type Files = Readonly<Record<string, string>>
interface Wish {
  readonly from?: string
  readonly to?: string
  readonly service?: string
  readonly config?: unknown
}

async function prepared(
  files: Files,
  { from = 'staging', to = 'production', service, config = {} }: Wish,
): Promise<string> {
  const mirror = memoryMirror(memoryGitHub({ clock: { now: () => 0 }, files }))
  const treeish = (await mirror.fetch(['refs/heads/main'])).get('refs/heads/main') ?? assert.fail('no branch')
  const context = { mirror, renderer: memoryRenderer() }
  const snapshot = await loadSnapshot(context, treeish, { config: Config.parse(config) })
  const done = await preparePromotion(context, { treeish, snapshot }, { from, to, service })
  if (!done.ok) return `refused: ${JSON.stringify(done.error)}\n`
  const { plan, diff, rendered } = done.value
  const texts = [...plan.files].map(([path, text]) => `${path}${path in files ? '' : ' (new)'}\n${text}`)
  return `${texts.join('')}left: ${JSON.stringify(plan.left)}\nchanges: ${diff.resources.map(({ title }) => title).join(', ')}, ${diff.hidden} hidden\nrendered: ${rendered.join(', ')}\n`
}

const limits = (cpu: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: { spec: { priority: ${cpu} } } }\n`
const PODS =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { template: { spec: { priority: 1 } } }\n'
const SETTINGS = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web-settings }\ndata: { key: new }\n'
const OVERLAYS: Files = {
  ...BASE,
  'base/kustomization.yaml': 'resources: [route.yaml, subsets.yaml, pods.yaml]\n',
  'base/pods.yaml': PODS,
  'staging/kustomization.yaml': 'resources: [../base]\npatches: [{ path: limits.yaml }]\n',
  'staging/limits.yaml': limits('2'),
  'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: limits.yaml }]\n',
  'production/limits.yaml': limits('1'),
}
const READING = PODS.replace(
  'priority: 1',
  'containers: [{ name: a, image: web, envFrom: [{ configMapRef: { name: common } }] }]',
)
const setting = (value: string): string => SETTINGS.replace('web-settings', 'common').replace('new', value)
const SETTINGS_OF: Files = {
  ...OVERLAYS,
  'base/kustomization.yaml': 'resources: [route.yaml, subsets.yaml, pods.yaml, settings.yaml]\n',
  'base/pods.yaml': READING,
  'base/settings.yaml': setting('base'),
  'staging/limits.yaml': setting('new'),
  'production/limits.yaml': setting('old'),
}
const application = (name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  source: { path: charts/web, helm: { releaseName: web } }
`
const SHOP = `apiVersion: v1
kind: Service
metadata: { name: shop-canary }
spec: { selector: { app: shop } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop-pods }
spec: { template: { metadata: { labels: { app: shop } }, spec: { priority: 1 } } }
`
const SPLIT = BASE['base/route.yaml'].replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')

const CASES: Readonly<Record<string, readonly [Files, Wish]>> = {
  'a patch differs': [OVERLAYS, {}],
  'a patch differs, for the service alone': [OVERLAYS, { service: 'web' }],
  'a patch differs, for an object by its name': [{ ...OVERLAYS, 'base/pods.yaml': PODS }, { service: 'web' }],
  'a patch differs, for a Deployment without a route': [
    {
      ...OVERLAYS,
      'base/pods.yaml': `${PODS}---\n${PODS.replace('name: web', 'name: worker')}`,
      'staging/limits.yaml': limits('2').replace('name: web', 'name: worker'),
      'production/limits.yaml': limits('1').replace('name: web', 'name: worker'),
    },
    { service: 'worker' },
  ],
  'a patch differs, for a Deployment behind another Service of the route': [
    {
      ...OVERLAYS,
      'base/route.yaml': BASE['base/route.yaml'].replaceAll(/host: web, subset: (\w+)/g, 'host: shop-$1'),
      'base/pods.yaml': SHOP,
      'staging/limits.yaml': limits('2').replace('name: web', 'name: shop-pods'),
      'production/limits.yaml': limits('1').replace('name: web', 'name: shop-pods'),
    },
    { service: 'web' },
  ],
  'a service that is not there': [OVERLAYS, { service: 'api' }],
  'a patch differs, for a service that only the config calls so': [
    OVERLAYS,
    { service: 'shop', config: { services: { shop: { route: { kind: 'VirtualService', name: 'web' } } } } },
  ],
  'a file is new': [
    {
      ...OVERLAYS,
      'staging/kustomization.yaml': 'resources: [../base, settings.yaml]\npatches: [{ path: limits.yaml }]\n',
      'staging/settings.yaml': SETTINGS,
    },
    {},
  ],
  'a setting differs that is called like a field that stays': [
    {
      ...OVERLAYS,
      'base/kustomization.yaml': 'resources: [route.yaml, subsets.yaml, pods.yaml, settings.yaml]\n',
      'base/settings.yaml': SETTINGS,
      'staging/limits.yaml': SETTINGS.replace('key: new', 'namespace: new'),
      'production/limits.yaml': SETTINGS.replace('key: new', 'namespace: old'),
    },
    {},
  ],
  'a setting differs that only the pods of the service read': [SETTINGS_OF, { service: 'web' }],
  'a setting differs that the pods of another service read too': [
    { ...SETTINGS_OF, 'base/pods.yaml': `${READING}---\n${READING.replace('name: web', 'name: worker')}` },
    { service: 'web' },
  ],
  'the source has the share of a rollout as a patch inside its kustomization': [
    {
      ...OVERLAYS,
      'staging/kustomization.yaml': `resources: [../base]
patches:
  - path: limits.yaml
  - target: { kind: VirtualService, name: web }
    patch: |
      - { op: replace, path: /spec/http/0/route/0/weight, value: 95 }
      - { op: replace, path: /spec/http/0/route/1/weight, value: 5 }
  - target: { kind: Deployment, name: web }
    patch: |
      - { op: add, path: /spec/template/spec/hostNetwork, value: false }
`,
    },
    {},
  ],
  'a folder of the source with a kustomization of its own': [
    {
      ...OVERLAYS,
      'staging/kustomization.yaml': 'resources: [../base, more]\npatches: [{ path: limits.yaml }]\n',
      'staging/more/kustomization.yaml': 'resources: [settings.yaml]\n',
      'staging/more/settings.yaml': SETTINGS,
    },
    {},
  ],
  'nothing differs': [{ ...OVERLAYS, 'staging/limits.yaml': limits('1') }, {}],
  'to itself': [OVERLAYS, { to: 'staging' }],
  'from nowhere': [OVERLAYS, { from: 'test' }],
  'to nowhere': [OVERLAYS, { to: 'test' }],
  'to a target with a share that a person has set': [
    {
      ...OVERLAYS,
      'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: share.yaml }]\n',
      'production/share.yaml': SPLIT,
    },
    {},
  ],
  'to a target with a share that a person has set, for another service': [
    {
      ...OVERLAYS,
      'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: share.yaml }]\n',
      'production/share.yaml': SPLIT,
    },
    { service: 'api' },
  ],
  'from a chart': [{ ...OVERLAYS, ...CHART, 'apps/web.yaml': application('charted') }, { from: 'charted' }],
  'to a chart': [{ ...OVERLAYS, ...CHART, 'apps/web.yaml': application('charted') }, { to: 'charted' }],
  'to a folder without kustomize': [{ ...OVERLAYS, 'plain/map.yaml': SETTINGS }, { to: 'default' }],
  'from what does not build': [{ ...OVERLAYS, 'staging/kustomization.yaml': 'resources: [../base]\nimages: []\n' }, {}],
  'to what does not build': [
    { ...OVERLAYS, 'production/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
    {},
  ],
  'from what is refused': [{ ...OVERLAYS, 'staging/kustomization.yaml': 'resources: [../base, none.yaml]\n' }, {}],
  'to what is refused': [{ ...OVERLAYS, 'production/kustomization.yaml': 'resources: [../base, none.yaml]\n' }, {}],
  'a file of the target that another environment reads too': [
    {
      ...OVERLAYS,
      'canary/kustomization.yaml': 'resources: [../base]\npatches: [{ path: ../production/limits.yaml }]\n',
    },
    {},
  ],
  'a file of the target that another environment reads and overrides': [
    {
      ...OVERLAYS,
      'canary/kustomization.yaml':
        'resources: [../base]\npatches: [{ path: ../production/limits.yaml }, { path: own.yaml }]\n',
      'canary/own.yaml': limits('7'),
    },
    {},
  ],
  'a file of the target that another environment reads, which does not build': [
    {
      ...OVERLAYS,
      'canary/kustomization.yaml': 'resources: [../base]\nimages: []\npatches: [{ path: ../production/limits.yaml }]\n',
    },
    {},
  ],
  'a patch differs, and the deployer of the source adds another one': [
    {
      ...OVERLAYS,
      'apps/staging.yaml': application('staging').replace(/path: charts.*/, 'path: staging }'),
      'staging/.argocd-source-staging.yaml': `kustomize:\n  patches:\n    - patch: |-\n${limits('3').replaceAll(/^/gm, '        ')}\n`,
    },
    {},
  ],
  'a patch that does nothing in the target': [
    {
      ...OVERLAYS,
      'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: limits.yaml }, { path: last.yaml }]\n',
      'production/last.yaml': limits('5'),
    },
    {},
  ],
}

test('what a promotion carries, and why it is refused', async () => {
  const parts: string[] = []
  for (const [what, [files, wish]] of Object.entries(CASES)) parts.push(`## ${what}\n\n${await prepared(files, wish)}`)
  assertPage(new URL('promotions.md', import.meta.url), parts.join('\n'))
})
