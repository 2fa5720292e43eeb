/** The whole review of the change between two trees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BASE, CHART } from '../../memory/builds.ts'
import { assertPage } from '../page.ts'
import { DR, VS } from '../../layouts/repository.ts'
import { type Files, reviewLines, UNKNOWN_SET } from './reviewing.ts'

const CONFIG = '.github/canary.yml'
const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { key: a }\n'
const WEB: Files = { 'web/vs.yaml': VS, 'web/dr.yaml': DR, 'web/map.yaml': MAP }

function at(share: number): string {
  return VS.replace('weight: 100', `weight: ${100 - share}`).replace('weight: 0', `weight: ${share}`)
}

const broken = { ...WEB, [CONFIG]: 'steps: many\n' }
for (const [path, isSaid] of [
  ['README.md', false],
  ['docs/more.md', false],
  ['.github/CODEOWNERS', false],
  ['.github/workflows/ci.sh', false],
  ['.github/policies/limits.rego', true],
  ['.github/more.yaml', true],
  ['Makefile', true],
  ['src/main.go', true],
  ['web/more.yaml', true],
] as const)
  test(`while the config is broken a change of ${path} ${isSaid ? 'is told so' : 'is not told'}`, async () => {
    const lines = await reviewLines(broken, { [path]: path.endsWith('.yaml') ? MAP.replace('web', 'more') : 'x\n' })
    assert.equal(
      lines.some((line) => line.startsWith('note: config')),
      isSaid,
      lines.join('\n'),
    )
  })

function application(name: string, path: string, source = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  source: { repoURL: https://github.com/acme/shop, path: ${path}${source} }
`
}

const BROKEN = 'apiVersion: v1\nkind: ConfigMap\nmetadata: [\n'
const BOMB = `${MAP}more:\n  a: &a [1]\n${Array.from({ length: 30 }, (_, index) => `  b${index}: &b${index} [*${index === 0 ? 'a' : `b${index - 1}`}, *${index === 0 ? 'a' : `b${index - 1}`}]\n`).join('')}`
const SECRET = 'apiVersion: v1\nkind: Secret\nmetadata: { name: key }\nstringData: { key: first }\n'
const DEPLOYED = { ...WEB, 'apps/web.yaml': application('production', 'web') }
const SERVED = {
  ...DEPLOYED,
  'web/vs.yaml': at(10),
  'web/service.yaml':
    'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }] }\n',
}
const CHARTED = { ...CHART, 'apps/web.yaml': application('production', 'charts/web', ', helm: { releaseName: web }') }
const VALUES = (weight: number, canary = 'v2'): string =>
  `versions: { stable: v1, canary: ${canary} }\ncanary: { enabled: true, weight: ${weight} }\n`
const OVERLAYS = {
  ...BASE,
  'production/kustomization.yaml': 'resources: [../base]\n',
  'staging/kustomization.yaml': 'resources: [../base]\n',
}
const CHECKED = {
  ...WEB,
  [CONFIG]: `policy: { path: policy }
validators: [yamllint, { name: kubeconform, schemas: schemas }, { name: kubectl-validate, crds: crds }, istioctl]
`,
  'policy/ports.rego': 'package main\n',
  'schemas/service-v1.json': '{}\n',
  'crds/all.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: a.b }\nspec: { group: b, names: { kind: A, plural: a }, versions: [{ name: v1 }] }\n',
}
const FORBIDDEN = MAP.replace('key: a', 'key: forbidden')
const ONLY_POLICY = { ...CHECKED, [CONFIG]: 'policy: { path: policy }\n' }
const NOT_COMPILING = { ...ONLY_POLICY, 'policy/ports.rego': 'package main\nnope\n' }
const named = (template: string): string => `services: { web: { analysis: { template: ${template} } } }\n`
const template = (condition: string): string => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  metrics:
    - name: rate
      interval: 1m
      successCondition: ${condition}
      provider: { prometheus: { address: http://elsewhere.example.com, query: rate } }
`
const TEMPLATE = { 'analysis/rate.yaml': template('result[0] > 1') }
const MEASURED = { ...WEB, ...TEMPLATE, [CONFIG]: named('rate') }
const TWO: Files = {
  ...WEB,
  'api/map.yaml': MAP,
  [CONFIG]: 'environments: { web: { path: web }, api: { path: api } }\n',
}
const OTHER_KEY = MAP.replace('key: a', 'key: b')
const RAISED = BASE['base/route.yaml'].replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')

type Change = readonly [Files, Readonly<Record<string, string | undefined>>]

const CHANGES: Readonly<Record<string, Change>> = {
  'a ConfigMap of a folder changes': [WEB, { 'web/map.yaml': OTHER_KEY }],
  'a share is raised': [WEB, { 'web/vs.yaml': at(10) }],
  'a share is lowered': [{ ...WEB, 'web/vs.yaml': at(10) }, { 'web/vs.yaml': at(0) }],
  'the version of an idle canary changes': [WEB, { 'web/dr.yaml': DR.replace('v2', 'v3') }],
  'the version of a canary with traffic changes': [
    { ...WEB, 'web/vs.yaml': at(10) },
    { 'web/dr.yaml': DR.replace('v2', 'v3') },
  ],
  'an idle route goes': [WEB, { 'web/vs.yaml': undefined }],
  'a route under way goes': [{ ...WEB, 'web/vs.yaml': at(10) }, { 'web/vs.yaml': undefined }],
  'a folder with a route under way goes': [
    { ...WEB, 'web/vs.yaml': at(10), 'more/map.yaml': MAP },
    { 'web/vs.yaml': undefined, 'web/dr.yaml': undefined, 'web/map.yaml': undefined },
  ],
  'a route under way moves to another file': [
    { ...WEB, 'web/vs.yaml': at(10) },
    { 'web/vs.yaml': undefined, 'web/route.yaml': at(10) },
  ],
  'a route under way moves to a folder of another name': [
    { ...WEB, 'web/vs.yaml': at(10) },
    {
      ...Object.fromEntries(Object.keys(WEB).map((path) => [path, undefined])),
      'shop/vs.yaml': at(10),
      'shop/dr.yaml': DR,
      'shop/map.yaml': MAP,
    },
  ],
  'a folder comes with a share': [{ 'README.md': '# Shop\n' }, { ...WEB, 'web/vs.yaml': at(10) }],
  'a folder has a route a second time': [WEB, { 'web/again.yaml': at(0) }],
  'a folder has a route a second time, with a share': [WEB, { 'web/again.yaml': at(30) }],
  'a deployed folder has a route a second time': [DEPLOYED, { 'web/again.yaml': at(0) }],
  'a deployed folder has a route a second time, with a share': [DEPLOYED, { 'web/again.yaml': at(30) }],
  'another file changes where a deployed folder had a route twice': [
    { ...DEPLOYED, 'web/again.yaml': at(30) },
    { 'web/map.yaml': OTHER_KEY },
  ],
  'a share is raised where a deployed folder had a route twice': [
    { ...DEPLOYED, 'web/again.yaml': at(0) },
    { 'web/again.yaml': at(20) },
  ],
  'a ConfigMap of a deployed folder comes twice': [DEPLOYED, { 'web/more.yaml': OTHER_KEY }],
  'a file of a folder breaks': [WEB, { 'web/map.yaml': BROKEN }],
  'a file of a folder is mended': [{ ...WEB, 'web/map.yaml': BROKEN }, { 'web/map.yaml': MAP }],
  'a broken file of a folder goes': [{ ...WEB, 'web/map.yaml': BROKEN }, { 'web/map.yaml': undefined }],
  'a broken file of a folder stays, beside a share that is raised': [
    { ...WEB, 'web/map.yaml': BROKEN },
    { 'web/vs.yaml': at(10) },
  ],
  'a broken file of a folder becomes another broken one': [
    { ...WEB, 'web/map.yaml': BROKEN },
    { 'web/map.yaml': `${BROKEN}- more\n` },
  ],
  'a file of a deployed folder breaks': [DEPLOYED, { 'web/map.yaml': BROKEN }],
  'aliases of a file become too many': [DEPLOYED, { 'web/map.yaml': BOMB }],
  'aliases of a file were too many': [{ ...DEPLOYED, 'web/map.yaml': BOMB }, { 'web/map.yaml': MAP }],
  'a Secret changes': [
    { ...DEPLOYED, 'web/secret.yaml': SECRET },
    { 'web/secret.yaml': SECRET.replace('first', 'second') },
  ],
  'nothing but a comment changes': [DEPLOYED, { 'web/map.yaml': `# Settings.\n${MAP}` }],
  'a base of two overlays gets another canary': [
    OVERLAYS,
    { 'base/subsets.yaml': BASE['base/subsets.yaml'].replace('v2', 'v3') },
  ],
  'a base of two overlays is raised': [OVERLAYS, { 'base/route.yaml': RAISED }],
  'one of two overlays is raised by a patch': [
    OVERLAYS,
    {
      'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: share.yaml }]\n',
      'production/share.yaml': RAISED,
    },
  ],
  'an overlay does not build any more': [
    OVERLAYS,
    { 'production/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
  ],
  'an overlay did not build before': [
    { ...OVERLAYS, 'production/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
    { 'production/kustomization.yaml': 'resources: [../base]\n' },
  ],
  'an overlay that does not build changes': [
    { ...OVERLAYS, 'production/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
    { 'production/kustomization.yaml': 'resources: [../base]\nimages: []\nlabels: []\n' },
  ],
  'an overlay goes': [OVERLAYS, { 'production/kustomization.yaml': undefined }],
  'an overlay comes': [BASE, { 'production/kustomization.yaml': 'resources: [../base]\n' }],
  'the share of a chart is raised': [CHARTED, { 'charts/web/values.yaml': VALUES(20) }],
  'a chart does not build any more': [CHARTED, { 'charts/web/values.yaml': 'canary: { enabled: true }\n' }],
  'a chart did not build before': [
    { ...CHARTED, 'charts/web/values.yaml': 'canary: { enabled: true }\n' },
    { 'charts/web/values.yaml': VALUES(0) },
  ],
  'a chart that does not build changes': [
    { ...CHARTED, 'charts/web/values.yaml': 'canary: { enabled: true }\n' },
    { 'charts/web/values.yaml': 'canary: { enabled: false }\n' },
  ],
  'the release of a chart goes': [CHARTED, { 'apps/web.yaml': undefined }],
  'the release of a chart under way goes': [
    { ...CHARTED, 'charts/web/values.yaml': VALUES(20) },
    { 'apps/web.yaml': undefined },
  ],
  'a chart and a folder change': [
    { ...CHARTED, ...WEB },
    { 'web/map.yaml': OTHER_KEY, 'charts/web/values.yaml': VALUES(0, 'v3') },
  ],
  'a config that is not valid comes': [WEB, { [CONFIG]: 'steps: many\n' }],
  'a config that is not valid comes with a share': [WEB, { [CONFIG]: 'steps: many\n', 'web/vs.yaml': at(10) }],
  'a valid config comes': [WEB, { [CONFIG]: 'services: { web: { steps: [5, 100] } }\n' }],
  'a config turns the roles around': [
    { ...WEB, 'web/vs.yaml': at(10) },
    { [CONFIG]: 'services: { web: { stable: canary, canary: stable } }\n' },
  ],
  'a config is mended': [broken, { [CONFIG]: 'services: { web: { steps: [5, 100] } }\n' }],
  'a config is mended, and a share raised': [
    broken,
    { [CONFIG]: 'services: { web: { steps: [5, 100] } }\n', 'web/vs.yaml': at(10) },
  ],
  'a share is raised while the config is broken': [broken, { 'web/vs.yaml': at(10) }],
  'a ConfigMap changes while the config is broken': [broken, { 'web/map.yaml': OTHER_KEY }],
  'words and a Makefile change while the config is broken': [broken, { 'README.md': 'x', Makefile: 'x' }],
  'words and a workflow change while the config is broken': [
    broken,
    { 'README.md': 'x', '.github/workflows/ci.sh': 'x' },
  ],
  'a file that stands behind one that cannot be read says what another one says': [
    { ...WEB, 'web/a.yaml': BROKEN },
    { 'web/z.yaml': `\n\n${OTHER_KEY}` },
  ],
  'a config stays broken in another way': [broken, { [CONFIG]: 'services: 3\n', 'web/vs.yaml': at(10) }],
  'a folder changes that an unknown generator may deploy': [
    { ...WEB, 'apps/set.yaml': UNKNOWN_SET },
    { 'web/map.yaml': OTHER_KEY },
  ],
  'a file changes that nothing renders, beside an unknown generator': [
    { ...WEB, 'apps/set.yaml': UNKNOWN_SET },
    { 'README.md': 'x' },
  ],
  'an unknown generator comes': [WEB, { 'apps/set.yaml': UNKNOWN_SET }],
  'a subset goes to which the route sends': [SERVED, { 'web/dr.yaml': DR.replace('name: canary', 'name: other') }],
  'a subset was not there before to which more is sent': [
    { ...SERVED, 'web/dr.yaml': DR.replace('name: canary', 'name: other') },
    { 'web/vs.yaml': at(20) },
  ],
  'a file of a folder about traffic stays unreadable while a ConfigMap changes': [
    { ...WEB, 'web/more.yaml': `${at(10).replace('name: web', 'name: more')}---\n${BROKEN}` },
    { 'web/map.yaml': OTHER_KEY },
  ],
  'a file of a folder about traffic becomes unreadable': [
    { ...WEB, 'web/more.yaml': at(10).replace('name: web', 'name: more') },
    { 'web/more.yaml': `${at(10).replace('name: web', 'name: more')}---\n${BROKEN}` },
  ],
  'the only route of a folder stays unreadable while its subsets change': [
    { ...WEB, 'web/vs.yaml': `${at(10)}---\n${BROKEN}` },
    { 'web/dr.yaml': DR.replace('name: canary', 'name: other') },
  ],
  'a subset comes with the traffic to it': [
    { ...SERVED, 'web/vs.yaml': at(0), 'web/dr.yaml': DR.replace('name: canary', 'name: other') },
    { 'web/dr.yaml': DR, 'web/vs.yaml': at(20) },
  ],
  'a subset comes with the traffic to it, and strict makes warnings red': [
    {
      ...SERVED,
      [CONFIG]: 'validate: strict\n',
      'web/vs.yaml': at(0),
      'web/dr.yaml': DR.replace('name: canary', 'name: other'),
    },
    { 'web/dr.yaml': DR, 'web/vs.yaml': at(20) },
  ],
}

/** The remarks of other programs, and which of them count. */
const CHECKS: Readonly<Record<string, Change>> = {
  'each program refuses what a change brings': [CHECKED, { 'web/map.yaml': FORBIDDEN }],
  'each program warns about what a change brings': [CHECKED, { 'web/map.yaml': MAP.replace('key: a', 'key: odd') }],
  'each program refuses what was there': [
    { ...CHECKED, 'web/old.yaml': FORBIDDEN.replace('name: web', 'name: old') },
    { 'web/map.yaml': OTHER_KEY },
  ],
  'yamllint speaks of a line that comes': [CHECKED, { 'web/map.yaml': `# new \n${MAP}` }],
  'yamllint speaks of a line that was there': [
    { ...CHECKED, 'web/map.yaml': `# old \n${MAP}` },
    { 'web/map.yaml': `# old \n${OTHER_KEY}` },
  ],
  'yamllint reads what is in no environment': [CHECKED, { 'other.yaml': '# new \n' }],
  'nothing is asked of words': [CHECKED, { 'README.md': 'x \n' }],
  'a policy does not compile any more': [ONLY_POLICY, { 'policy/ports.rego': 'nope\n' }],
  'a policy did not compile before': [NOT_COMPILING, { 'web/map.yaml': FORBIDDEN }],
  'a policy is mended': [NOT_COMPILING, { 'policy/ports.rego': 'package main\n' }],
  'a policy is mended, and refuses what comes with it': [
    NOT_COMPILING,
    { 'policy/ports.rego': 'package main\n', 'web/map.yaml': FORBIDDEN },
  ],
  'a policy is mended, and a share raised': [
    NOT_COMPILING,
    { 'policy/ports.rego': 'package main\n', 'web/vs.yaml': at(10) },
  ],
  'a policy stays broken in another way': [NOT_COMPILING, { 'policy/ports.rego': 'package nope\n' }],
  'schemas and CRDs go that are asked for': [
    CHECKED,
    { 'schemas/service-v1.json': undefined, 'crds/all.yaml': undefined },
  ],
  'programs are asked for from now on': [{ ...CHECKED, [CONFIG]: '' }, { [CONFIG]: CHECKED[CONFIG] }],
  'programs are not asked for any more': [CHECKED, { [CONFIG]: '', 'web/map.yaml': FORBIDDEN }],
  'a template of an analysis is broken': [MEASURED, { 'analysis/rate.yaml': template('result > 1') }],
  'a template of an analysis goes': [MEASURED, { 'analysis/rate.yaml': undefined }],
  'a template of an analysis changes': [MEASURED, { 'analysis/rate.yaml': template('result[0] > 2') }],
  'a template of an analysis was broken before': [
    { ...MEASURED, 'analysis/rate.yaml': template('result > 1') },
    { 'web/map.yaml': OTHER_KEY },
  ],
  'a template that is broken is named': [
    { ...WEB, 'analysis/rate.yaml': template('result > 1') },
    { [CONFIG]: named('rate') },
  ],
  'a template that is not there is named': [{ ...WEB, ...TEMPLATE }, { [CONFIG]: named('other') }],
  'a template that was broken is not named any more': [
    { ...MEASURED, 'analysis/rate.yaml': template('result > 1') },
    { [CONFIG]: 'services: { web: { bake: 5m } }\n' },
  ],
  'one of two folders becomes a bomb, and both change': [TWO, { 'web/map.yaml': BOMB, 'api/map.yaml': OTHER_KEY }],
  'one of two folders was a bomb before': [
    { ...TWO, 'web/map.yaml': BOMB },
    { 'web/map.yaml': MAP, 'api/map.yaml': OTHER_KEY },
  ],
  'one of two folders changes that an unknown generator may deploy': [
    { ...TWO, 'apps/set.yaml': UNKNOWN_SET, 'apps/web.yaml': application('web', 'web') },
    { 'web/map.yaml': OTHER_KEY, 'api/map.yaml': OTHER_KEY },
  ],
  'a config is mended, and a file beside it cannot be read': [
    { ...broken, 'web/more.yaml': BROKEN },
    { [CONFIG]: 'services: { web: { steps: [5, 100] } }\n', 'web/map.yaml': OTHER_KEY },
  ],
}

test('remarks of other programs on each kind of change', async () => {
  const parts: string[] = []
  for (const [what, [before, changed]] of Object.entries(CHECKS))
    parts.push(`## ${what}\n\n${(await reviewLines(before, changed)).map((line) => `- ${line}\n`).join('')}`)
  assertPage(new URL('checks.md', import.meta.url), parts.join('\n'))
})

test('the review of each kind of change', async () => {
  const parts: string[] = []
  for (const [what, [before, changed]] of Object.entries(CHANGES))
    parts.push(`## ${what}\n\n${(await reviewLines(before, changed)).map((line) => `- ${line}\n`).join('')}`)
  assertPage(new URL('reviews.md', import.meta.url), parts.join('\n'))
})
