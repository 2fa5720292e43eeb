/** Small repositories of each kind, and what may happen in them. */
import { DR, VS } from '../../../layouts/repository.ts'
import { BASE, CHART } from '../../../memory/builds.ts'
import { type Files, UNKNOWN_SET } from '../reviewing.ts'

export type Changes = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>

function application(name: string, path: string, source = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  source: { repoURL: https://github.com/acme/shop, path: ${path}${source} }
`
}

/** A kustomization with a base from the network. */
function withBase(tag: string, files = 'vs.yaml, dr.yaml, map.yaml'): string {
  return `resources: [${files}, "https://github.com/acme/shop//deploy?ref=${tag}"]\n`
}

function helmRelease(values: string, valuesFrom = '[]'): string {
  return `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: shop }
spec:
  interval: 5m
  chart:
    spec:
      chart: ./charts/web
      sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }
  valuesFrom: ${valuesFrom}
  values: ${values}
`
}

function share(text: string, percent: number): string {
  return text.replace('weight: 100', `weight: ${100 - percent}`).replace('weight: 0', `weight: ${percent}`)
}

const CONFIG = '.github/canary.yml'
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { key: a }\n'
const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n'
const EVERYWHERE: Changes = {
  'the config breaks': { [CONFIG]: 'steps: many\n' },
  'warnings become red': { [CONFIG]: 'validate: strict\n' },
  'an unknown generator comes': { 'apps/set.yaml': UNKNOWN_SET },
}

/** A repository of each kind, and what may happen in it. */
export const REPOSITORIES: Readonly<Record<string, readonly [Files, Changes]>> = {
  'a deployed folder': [
    {
      'apps/web.yaml': application('production', 'web'),
      'web/vs.yaml': share(VS, 10),
      'web/dr.yaml': DR,
      'web/service.yaml': SERVICE,
      'web/map.yaml': MAP,
    },
    {
      ...EVERYWHERE,
      'the config names the folder': { [CONFIG]: 'environments: { web: { path: web } }\n' },
      'the share is raised': { 'web/vs.yaml': share(VS, 20) },
      'the share is lowered to 0': { 'web/vs.yaml': VS },
      'the route goes': { 'web/vs.yaml': undefined },
      'the route breaks': { 'web/vs.yaml': 'spec: [\n' },
      'the route comes twice': { 'web/again.yaml': share(VS, 30) },
      'the canary gets a new version': { 'web/dr.yaml': DR.replace('v2', 'v3') },
      'the canary’s subset goes': { 'web/dr.yaml': DR.replace('name: canary', 'name: other') },
      'the Service goes': { 'web/service.yaml': undefined },
      'a ConfigMap changes': { 'web/map.yaml': MAP.replace('key: a', 'key: b') },
      'a ConfigMap breaks': { 'web/map.yaml': 'kind: [\n' },
      'a ConfigMap comes twice': { 'web/more.yaml': MAP.replace('key: a', 'key: c') },
      'a Secret comes': {
        'web/secret.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData: { key: first }\n',
      },
      'nothing deploys the folder': { 'apps/web.yaml': undefined },
    },
  ],
  'two overlays of a base': [
    {
      ...BASE,
      'eu/kustomization.yaml': 'resources: [../base]\n',
      'us/kustomization.yaml': 'resources: [../base]\n',
    },
    {
      ...EVERYWHERE,
      'the base is raised': { 'base/route.yaml': share(BASE['base/route.yaml'], 10) },
      'the base gets a new version': { 'base/subsets.yaml': BASE['base/subsets.yaml'].replace('v2', 'v3') },
      'the route of the base breaks': { 'base/route.yaml': 'spec: [\n' },
      'one overlay is raised': {
        'eu/kustomization.yaml': 'resources: [../base]\npatches: [{ path: share.yaml }]\n',
        'eu/share.yaml': share(BASE['base/route.yaml'], 30),
      },
      'one overlay does not build': { 'eu/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
      'one overlay becomes empty': { 'eu/kustomization.yaml': 'resources: []\n' },
      'one overlay goes': { 'eu/kustomization.yaml': undefined },
    },
  ],
  'a release of a chart': [
    { ...CHART, 'apps/web.yaml': application('production', 'charts/web', ', helm: { releaseName: web }') },
    {
      ...EVERYWHERE,
      'the share is raised': {
        'charts/web/values.yaml': 'versions: { stable: v1, canary: v2 }\ncanary: { enabled: true, weight: 20 }\n',
      },
      'the canary gets a new version': {
        'charts/web/values.yaml': 'versions: { stable: v1, canary: v3 }\ncanary: { enabled: true, weight: 0 }\n',
      },
      'the chart does not build': { 'charts/web/values.yaml': 'canary: { enabled: true }\n' },
      'the release goes': { 'apps/web.yaml': undefined },
      'a second release comes': {
        'apps/more.yaml': application('staging', 'charts/web', ', helm: { releaseName: web }'),
      },
      'a folder comes': { 'web/map.yaml': MAP },
    },
  ],
  'a root with a base from the network': [
    {
      'web/kustomization.yaml': withBase('v1.0.0'),
      'web/vs.yaml': share(VS, 10),
      'web/dr.yaml': DR,
      'web/map.yaml': MAP,
    },
    {
      ...EVERYWHERE,
      'the share is raised': { 'web/vs.yaml': share(VS, 20) },
      'the route goes': { 'web/kustomization.yaml': withBase('v1.0.0', 'dr.yaml, map.yaml'), 'web/vs.yaml': undefined },
      'a ConfigMap changes': { 'web/map.yaml': MAP.replace('key: a', 'key: b') },
      'the base gets another version': { 'web/kustomization.yaml': withBase('v1.0.1') },
      'the base goes': { 'web/kustomization.yaml': 'resources: [vs.yaml, dr.yaml, map.yaml]\n' },
      'another root uses it': { 'eu/kustomization.yaml': 'resources: [../web]\n' },
    },
  ],
  'a HelmRelease in a kustomization': [
    {
      ...CHART,
      'shop/kustomization.yaml': 'resources: [web.yaml, map.yaml]\nnamespace: shop\n',
      'shop/web.yaml': helmRelease('{ canary: { weight: 10 } }'),
      'shop/map.yaml': MAP,
    },
    {
      ...EVERYWHERE,
      'the share is raised': { 'shop/web.yaml': helmRelease('{ canary: { weight: 20 } }') },
      'the release goes': { 'shop/kustomization.yaml': 'resources: [map.yaml]\n', 'shop/web.yaml': undefined },
      'the release needs values that are not here': {
        'shop/web.yaml': helmRelease('{ canary: { weight: 10 } }', '[{ kind: ConfigMap, name: elsewhere }]'),
      },
      'the chart does not build': { 'charts/web/values.yaml': 'canary: { enabled: true }\n' },
      'the canary gets a new version': {
        'shop/web.yaml': helmRelease('{ canary: { weight: 10 }, versions: { canary: v3 } }'),
      },
      'a ConfigMap changes': { 'shop/map.yaml': MAP.replace('key: a', 'key: b') },
    },
  ],
}
