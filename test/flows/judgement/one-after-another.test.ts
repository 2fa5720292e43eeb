/** What a review says about a change depends on what was so before: of each two changes, the review of the second after the first. */
import { test } from 'node:test'
import { DR, VS } from '../../layouts/repository.ts'
import { BASE, CHART } from '../../memory/builds.ts'
import { assertPage } from '../page.ts'
import { type Files, reviewLines, UNKNOWN_SET } from './reviewing.ts'

type Changes = Readonly<Record<string, Readonly<Record<string, string | undefined>>>>

function application(name: string, path: string, source = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  source: { repoURL: https://github.com/acme/shop, path: ${path}${source} }
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
const REPOSITORIES: Readonly<Record<string, readonly [Files, Changes]>> = {
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
}

/** What the second line-up adds and lacks. */
function difference(alone: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...after.filter((line) => !alone.includes(line)).map((line) => `  - and: ${line}`),
    ...alone.filter((line) => !after.includes(line)).map((line) => `  - not: ${line}`),
  ]
}

/** The review of each change alone, and how it differs after another change, also of the change that takes that one back. */
async function pageOf(files: Files, changes: Changes): Promise<string> {
  const parts: string[] = []
  for (const [what, change] of Object.entries(changes)) {
    const alone = await reviewLines(files, change)
    const lines = [`### ${what}`, '', ...alone.map((line) => `- ${line}`)]
    for (const [earlier, first] of Object.entries(changes)) {
      const before = Object.fromEntries(Object.entries({ ...files, ...first }).filter(([, text]) => text !== undefined))
      const isSame = earlier === what
      const undone = Object.fromEntries(Object.keys(change).map((path) => [path, files[path]]))
      const after = await reviewLines(before as Files, isSame ? undone : change)
      const beside = isSame ? after.map((line) => `  - ${line}`) : difference(alone, after)
      if (beside.length > 0) lines.push(isSame ? '- taken back:' : `- after “${earlier}”:`, ...beside)
    }
    parts.push(`${lines.join('\n')}\n`)
  }
  return parts.join('\n')
}

test('the review of each change after each other change', async () => {
  const parts: string[] = []
  for (const [what, [files, changes]] of Object.entries(REPOSITORIES))
    parts.push(`## ${what}\n\n${await pageOf(files, changes)}`)
  assertPage(new URL('one-after-another.md', import.meta.url), parts.join('\n'))
})
