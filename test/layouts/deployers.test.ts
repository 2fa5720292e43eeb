/** What Argo CD and Flux add after the build is part of the render: it is read, shown, checked and edited like the files. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { gateReport, validateReport } from '../../src/core/message/check/checks.ts'
import { parseRendered } from '../../src/core/diff/objects.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { readConfig } from '../../src/core/config/read.ts'
import { setInCheckout } from '../../src/flows/checkout/checkout.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { readEnvironmentTexts } from '../../src/flows/build/environment-texts.ts'
import { renderEnvironment } from '../../src/flows/judgement/comparison/render.ts'
import { loadSnapshot } from '../../src/flows/repository/load.ts'
import type { Renderer } from '../../src/ports/renderer.ts'
import { command, DR, linesChanged, refusal, shares, VS, worktreeOf } from './repository.ts'
import { tools } from '../tools.ts'

const KUSTOMIZE = 'kustomize'
const skip = spawnSync(KUSTOMIZE, ['version']).status === 0 ? false : 'kustomize is not installed'

async function problems(files: Map<string, string>): Promise<readonly string[]> {
  const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(found.ok)
  return found.value.review.problems.map(({ code, cause }) => `${code} ${JSON.stringify(cause)}`)
}

/** What Perch renders for an environment, as objects by kind and name. */
async function rendered(files: Map<string, string>, name: string): Promise<Readonly<Record<string, unknown>>> {
  const mirror = worktreeOf(files)
  const config = readConfig(files.get('.github/canary.yml'))
  assert.ok(config.ok)
  const { environments } = await loadSnapshot({ mirror, renderer: tools.renderer }, 'HEAD', { config: config.value })
  const found = environments.find((environment) => environment.name === name)
  assert.ok(found !== undefined, environments.map((environment) => environment.name).join())
  const { environment, texts } = await readEnvironmentTexts({ mirror }, 'HEAD', found)
  const built = await renderEnvironment(tools, { environment, texts, secrets: [], documents: new Map() })
  assert.ok(built.ok && built.parsed.ok, JSON.stringify(built))
  return Object.fromEntries(built.parsed.objects.map((object) => [`${object.kind}/${object.name}`, object.data]))
}

const DEPLOYMENT =
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: "shop/web:v1"}]}\n'

const FOLDER = {
  'web/kustomization.yaml': 'resources: [vs.yaml, dr.yaml, deployment.yaml]\nimages: [{name: shop/web, newTag: v1}]\n',
  'web/vs.yaml': VS,
  'web/dr.yaml': DR,
  'web/deployment.yaml': DEPLOYMENT,
  'more/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - target: {kind: Deployment}\n    patch: |-\n      - {op: replace, path: /spec/replicas, value: 7}\n',
}

function repositoryOf(files: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries({ ...FOLDER, ...files }))
}

const argo = (kustomize: string, name = 'web'): string =>
  `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ${name}, namespace: argocd}\nspec:\n  destination: {namespace: shop}\n  syncPolicy: {automated: {}}\n  source:\n    repoURL: https://example.com/acme/infra\n    path: web\n    kustomize:\n${kustomize}`
const flux = (spec: string, name = 'web'): string =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\nspec:\n  interval: 10m\n  path: ./web\n${spec}`

/** What the real kustomize builds after its own `kustomize edit …` commands. */
function edited(files: Map<string, string>, commands: readonly (readonly string[])[]): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'perch-edit-'))
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const cwd = join(folder, 'web')
  for (const args of commands) execFileSync(KUSTOMIZE, ['edit', ...args], { cwd, stdio: 'pipe' })
  const parsed = parseRendered(execFileSync(KUSTOMIZE, ['build', '.'], { cwd, encoding: 'utf8' }))
  rmSync(folder, { recursive: true })
  assert.ok(parsed.ok)
  return Object.fromEntries(parsed.objects.map((object) => [`${object.kind}/${object.name}`, object.data]))
}

test('the `kustomize` of an Application has the same result as `kustomize edit`', { skip }, async () => {
  const table: readonly (readonly [string, ...(readonly string[])[]])[] = [
    ['namePrefix: eu-', ['set', 'nameprefix', '--', 'eu-']],
    ['nameSuffix: -eu', ['set', 'namesuffix', '--', '-eu']],
    ['namespace: shop', ['set', 'namespace', '--', 'shop']],
    ['images: ["shop/web:v2"]', ['set', 'image', 'shop/web:v2']],
    ['images: ["shop/web=eu.gcr.io/web:v2"]', ['set', 'image', 'shop/web=eu.gcr.io/web:v2']],
    ['images: ["shop/web=*:v3"]', ['set', 'image', 'shop/web=*:v3']],
    ['replicas: [{name: web, count: 3}]', ['set', 'replicas', 'web=3']],
    ['commonLabels: {team: shop}', ['add', 'label', 'team:shop']],
    [
      'commonLabels: {team: shop}\n      labelWithoutSelector: true',
      ['add', 'label', '--without-selector', 'team:shop'],
    ],
    ['commonAnnotations: {team: shop}', ['add', 'annotation', 'team:shop']],
    ['components: [../more]', ['add', 'component', '../more']],
  ]
  for (const [kustomize, ...commands] of table) {
    const files = repositoryOf({ 'argocd/web.yaml': argo(`      ${kustomize}\n`) })
    assert.deepEqual(await rendered(files, 'web'), edited(files, commands), kustomize)
    assert.deepEqual(await problems(files), [], kustomize)
  }
})

test(
  'the images that Argo CD’s Image Updater writes next to the manifests are part of the build',
  { skip },
  async () => {
    const app = argo('      images: ["shop/web:v0"]\n      namePrefix: eu-\n')
    const own = 'kustomize:\n  images:\n  - shop/web:v2\n'
    const prefix = ['set', 'nameprefix', '--', 'eu-']
    const table: readonly (readonly [Record<string, string>, ...(readonly string[])[]])[] = [
      [{ 'web/.argocd-source-web.yaml': own }, ['set', 'image', 'shop/web:v2'], prefix],
      [{ 'web/.argocd-source-argocd_web.yaml': own }, ['set', 'image', 'shop/web:v2'], prefix],
      [{ 'web/.argocd-source.yaml': own }, ['set', 'image', 'shop/web:v2'], prefix],
      // The file of the Application itself comes last, and null removes.
      [
        { 'web/.argocd-source.yaml': own.replace('v2', 'v1'), 'web/.argocd-source-web.yaml': own },
        ['set', 'image', 'shop/web:v2'],
        prefix,
      ],
      [
        { 'web/.argocd-source-web.yaml': 'kustomize: { namePrefix: null }\npath: more\n' },
        ['set', 'image', 'shop/web:v0'],
      ],
      // Of another Application.
      [{ 'web/.argocd-source-api.yaml': own }, ['set', 'image', 'shop/web:v0'], prefix],
    ]
    for (const [overrides, ...commands] of table) {
      const files = repositoryOf({ 'argocd/web.yaml': app, ...overrides })
      assert.deepEqual(await rendered(files, 'web'), edited(files, commands), JSON.stringify(overrides))
      assert.deepEqual(await problems(files), [])
    }
  },
)

test('an override of Argo CD that is not YAML is red, because Argo CD would build nothing', { skip }, async () => {
  const files = repositoryOf({
    'argocd/web.yaml': argo('      namePrefix: eu-\n'),
    'web/.argocd-source-web.yaml': 'kustomize: { images: [',
  })
  const [problem = '', ...others] = await problems(files)
  assert.match(problem, /broken-override/)
  assert.deepEqual(others, [])
})

const WEIGHTS =
  '        - target: {kind: VirtualService, name: web}\n          patch: |-\n            # who sets them\n            - {op: replace, path: /spec/http/0/route/0/weight, value: 90}\n            - {op: replace, path: /spec/http/0/route/1/weight, value: 10}\n'

test('a weight that a patch in an Application sets is read there, and changed there', async () => {
  const files = repositoryOf({ 'argocd/web.yaml': argo(`      patches:\n${WEIGHTS}`) })
  assert.deepEqual(await shares(files), { web: '10% argocd/web.yaml:15' })
  assert.deepEqual(await problems(files), [])
  const before = new Map(files)
  await command(files, '/canary 25 web')
  assert.deepEqual(linesChanged(before, files).slice(0, 5), [
    'web/vs.yaml',
    '+  annotations:',
    '+    perch.dev/canary-percentage: "25"',
    '+    perch.dev/canary-version: "v2"',
    '+    perch.dev/steps: "5,25,50,100"',
  ])
  assert.deepEqual(linesChanged(before, files).slice(5), [
    'argocd/web.yaml',
    '-            - {op: replace, path: /spec/http/0/route/0/weight, value: 90}',
    '-            - {op: replace, path: /spec/http/0/route/1/weight, value: 10}',
    '+            - {op: replace, path: /spec/http/0/route/0/weight, value: 75}',
    '+            - {op: replace, path: /spec/http/0/route/1/weight, value: 25}',
  ])
  assert.deepEqual(await problems(files), [])
  assert.deepEqual(await shares(files), { web: '25% argocd/web.yaml:15' })
})

test('the same in the second document of a file, in a Kustomization in a list of one', async () => {
  const patches = WEIGHTS.replaceAll(/^ {4}/gm, '')
  const other = argo('      {}\n', 'other').replace('path: web', 'path: more')
  const files = repositoryOf({ 'flux/web.yaml': `${other}---\n${flux(`  patches:\n${patches}`)}` })
  assert.deepEqual(await shares(files), { web: '10% flux/web.yaml:23' })
  await command(files, '/canary 25 web')
  assert.deepEqual(await shares(files), { web: '25% flux/web.yaml:23' })
  assert.match(files.get('flux/web.yaml') ?? '', /# who sets them\n.*value: 75\}\n.*value: 25\}/)
})

test('two Applications with their own patches are two environments, and only the wanted one moves', async () => {
  const one = (name: string): string => argo(`      namePrefix: ${name}-\n      patches:\n${WEIGHTS}`, `web-${name}`)
  const files = repositoryOf({ 'argocd/all.yaml': `${one('eu')}---\n${one('us')}` })
  assert.deepEqual(Object.keys(await rendered(files, 'web-eu')), [
    'Deployment/eu-web',
    'DestinationRule/eu-web',
    'VirtualService/eu-web',
  ])
  const asked = await refusal(files, '/canary 25 web')
  assert.equal(asked.code, 'ambiguous')
  const before = new Map(files)
  await command(files, '/canary 25 web --env web-us')
  const lines = linesChanged(before, files)
  assert.deepEqual(lines.filter((line) => /^[+-].*value: \d/.test(line)).length, 4)
  assert.deepEqual(
    Object.entries(await shares(files)).map(([name, share]) => `${name} ${share.split(' ')[0]}`),
    ['web-eu 10%', 'web-us 25%'],
  )
  assert.deepEqual(await problems(files), [])
})

const VARIABLES = VS.replace('weight: 100', 'weight: ${stable}').replace('weight: 0', 'weight: ${canary:=0}')
const SUBSTITUTE =
  '  postBuild:\n    substitute:\n      stable: "95" # in per cent\n      canary: "5"\n      other: "5"\n'

test('a weight that Flux fills in after the build is read with its value, and changed in the Kustomization', async () => {
  const files = repositoryOf({ 'web/vs.yaml': VARIABLES, 'flux/web.yaml': flux(SUBSTITUTE) })
  assert.match((await shares(files))['web'] ?? '', /^5% /)
  assert.deepEqual(await problems(files), [])
  const before = new Map(files)
  await command(files, '/canary 25 web')
  const lines = linesChanged(before, files)
  assert.deepEqual(lines.slice(lines.indexOf('flux/web.yaml')), [
    'flux/web.yaml',
    '-      stable: "95" # in per cent',
    '-      canary: "5"',
    '+      stable: "75" # in per cent',
    '+      canary: "25"',
    ...lines.slice(lines.indexOf('flux/web.yaml') + 5),
  ])
  assert.match((await shares(files))['web'] ?? '', /^25% /)
  assert.deepEqual(await problems(files), [])
})

test('a weight that is the default of a variable is changed there, and one that is a number is changed in place', async () => {
  const route = VS.replace('weight: 0', 'weight: ${canary:=0}').replace('hosts: [web]', 'hosts: ["web.${other}"]')
  const files = repositoryOf({ 'web/vs.yaml': route, 'flux/web.yaml': flux(SUBSTITUTE.replace(/ +canary.*\n/, '')) })
  assert.match((await shares(files))['web'] ?? '', /^0% /)
  const before = new Map(files)
  await command(files, '/canary 25 web')
  assert.deepEqual(
    linesChanged(before, files).filter((line) => /weight/.test(line)),
    [
      '-          weight: 100',
      '+          weight: 75',
      '-          weight: ${canary:=0}',
      '+          weight: ${canary:=25}',
    ],
  )
  assert.deepEqual(await problems(files), [])
})

test('a variable that another object uses too is not changed: the environment gets a patch', async () => {
  const files = repositoryOf({
    'web/vs.yaml': VARIABLES,
    'web/kustomization.yaml': 'resources: [vs.yaml, dr.yaml, other.yaml]\n',
    'web/other.yaml': DEPLOYMENT.replace('replicas: 1', 'replicas: ${canary}'),
    'flux/web.yaml': flux(SUBSTITUTE),
  })
  await command(files, '/canary 25 web')
  assert.match(files.get('flux/web.yaml') ?? '', /canary: "5"/)
  assert.match((await shares(files))['web'] ?? '', /^25% /)
  assert.deepEqual(await problems(files), [])
})

test('the same from a ConfigMap of the repository, which several Kustomizations use', async () => {
  const settings =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata:\n  stable: "95"\n  canary: "5"\n  size: "5"\n'
  const from = '  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n'
  const files = repositoryOf({
    'web/vs.yaml': VARIABLES,
    'flux/web.yaml': flux(from),
    'flux/db.yaml': flux(from, 'db').replace('./web', './db'),
    'flux/settings.yaml': settings,
    'db/kustomization.yaml': 'resources: [db.yaml]\n',
    'db/db.yaml': DEPLOYMENT.replace('replicas: 1', 'replicas: ${size}').replaceAll('web', 'db'),
  })
  assert.deepEqual(await problems(files), [])
  const before = new Map(files)
  await command(files, '/canary 25 web')
  assert.deepEqual(
    linesChanged(before, files).filter((line) => /^(?:flux|[+-] {2}[a-z]+: ")/.test(line)),
    ['flux/settings.yaml', '-  stable: "95"', '-  canary: "5"', '+  stable: "75"', '+  canary: "25"'],
  )
  assert.deepEqual(await problems(files), [])
})

test('an unknown variable stays: no number, no weight, and never red', async () => {
  const files = repositoryOf({
    'web/vs.yaml': VARIABLES.replace('hosts: [web]', 'hosts: ["${host}.${domain}"]'),
    'flux/web.yaml': flux('  postBuild: {substitute: {host: web}, substituteFrom: [{kind: Secret, name: secret}]}\n'),
  })
  const objects = await rendered(files, 'web')
  const { spec } = objects['VirtualService/web'] as { spec: { hosts: unknown; http: [{ route: unknown }] } }
  assert.deepEqual(spec.hosts, ['web.${domain}'])
  assert.deepEqual(await problems(files), [])
  const refused = await refusal(files, '/canary 25 web')
  assert.ok(refused.code === 'cannot-edit', JSON.stringify(refused))
})

test('Flux generates a kustomization for a folder without one, and adds to it', async () => {
  const files = repositoryOf({
    'flux/web.yaml': flux(
      `  targetNamespace: shop\n  commonMetadata: {annotations: {team: a}, labels: {b: c}}\n${SUBSTITUTE}`,
    ),
    'web/vs.yaml': VARIABLES,
  })
  files.delete('web/kustomization.yaml')
  const { 'VirtualService/web': route, 'Deployment/web': workload } = await rendered(files, 'web')
  const { metadata, spec } = route as { metadata: unknown; spec: { http: [{ route: [unknown, { weight: unknown }] }] } }
  assert.deepEqual(metadata, { name: 'web', namespace: 'shop', annotations: { team: 'a' }, labels: { b: 'c' } })
  assert.equal(spec.http[0].route[1].weight, 5)
  const { template } = (workload as { spec: { template: { metadata: unknown } } }).spec
  assert.deepEqual(template.metadata, { labels: { app: 'web' } })
  await command(files, '/canary 25 web')
  assert.match((await shares(files))['web'] ?? '', /^25% /)
  assert.deepEqual(await problems(files), [])
})

test('a configured environment has what its deployer adds', async () => {
  const files = repositoryOf({
    '.github/canary.yml': 'environments: {production: {path: web}}\n',
    'argocd/web.yaml': argo('      nameSuffix: -eu\n'),
  })
  assert.ok('VirtualService/web-eu' in (await rendered(files, 'production')))
  // If two deployers differ, and neither sets weights, the content of the files counts for both.
  files.set('argocd/us.yaml', argo('      nameSuffix: -us\n', 'us'))
  assert.ok('VirtualService/web' in (await rendered(files, 'production')))
})

const TWO_REGIONS = {
  'argocd/eu.yaml': argo(`      patches:\n${WEIGHTS}`, 'web-eu'),
  'argocd/us.yaml': argo('      nameSuffix: -us\n', 'web-us'),
}

test('a configured folder that deployers build with different weights needs one environment for each, and is never red for it', async () => {
  const files = repositoryOf({ ...TWO_REGIONS, '.github/canary.yml': 'environments: {production: {path: web}}\n' })
  assert.deepEqual(await problems(files), [])
  const refused = await refusal(files, '/canary 25 web')
  assert.match(
    plainWords(explainRefusal(refused)),
    /argocd\/eu.yaml:1 adds .* sets the weights of web.* deployer with the name/,
  )
  // One that keeps its own weights does not stop changes for the others.
  files.set('web/vs.yaml', VS.replace('weight: 100', 'weight: 75').replace('weight: 0', 'weight: 25'))
  assert.deepEqual(await problems(files), [])
})

test('an environment of the config can be one of several deployments of a folder', async () => {
  const environments = `environments:
  eu: { path: web, deployer: web-eu }
  us: { path: web, deployer: argocd/us.yaml }
`
  const files = repositoryOf({ ...TWO_REGIONS, '.github/canary.yml': environments })
  assert.deepEqual(await shares(files), { eu: '10% argocd/eu.yaml:15', us: '0% web/vs.yaml:8' })
  assert.ok('VirtualService/web-us' in (await rendered(files, 'us')))
  await command(files, '/canary 25 web --env eu')
  assert.deepEqual(await shares(files), { eu: '25% argocd/eu.yaml:15', us: '0% web/vs.yaml:8' })
  assert.deepEqual(await problems(files), [])
  files.set('.github/canary.yml', 'environments: { eu: { path: web, deployer: web-asia } }\n')
  assert.match((await problems(files)).join(), /no-such-deployer/)
})

test('weights that two clusters fill in differently belong to one environment each', async () => {
  const fill = (canary: number): string =>
    flux(`  postBuild: {substitute: {stable: "${100 - canary}", canary: "${canary}"}}\n`)
  const files = repositoryOf({
    'web/vs.yaml': VARIABLES,
    'clusters/eu/web.yaml': fill(10),
    'clusters/us/web.yaml': fill(5),
    '.github/canary.yml': 'environments: {production: {path: web}}\n',
  })
  assert.match(plainWords(explainRefusal(await refusal(files, '/canary 25 web'))), /clusters\/eu\/web.yaml:1 adds/)
  files.set('.github/canary.yml', 'environments: {us: {path: web, deployer: clusters/us/web.yaml}}\n')
  await command(files, '/canary 25 web')
  assert.match(files.get('clusters/us/web.yaml') ?? '', /stable: "75", canary: "25"/)
  assert.deepEqual(await problems(files), [])
})

const SET = (patch: string): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec:
  goTemplate: true
  generators:
    - git: {repoURL: https://example.com/acme/infra, directories: [{path: web}]}
  template:
    metadata: {name: "{{ .path.basename }}-eu"}
    spec:
      destination: {namespace: shop}
      source:
        repoURL: https://example.com/acme/infra
        path: "{{ .path.path }}"
        kustomize:
          namePrefix: "{{ .path.basename }}-"
          patches:
            - target: {kind: VirtualService}
              patch: |-
                - {op: replace, path: /spec/http/0/route/0/weight, value: 90}
                - {op: replace, path: /spec/http/0/route/1/weight, value: 10}
${patch}`

test('an ApplicationSet that searches for folders: weights in its template are read, and changed there', async () => {
  const files = repositoryOf({ 'argocd/set.yaml': SET('') })
  assert.ok('VirtualService/web-web' in (await rendered(files, 'web')))
  assert.deepEqual(await shares(files), { web: '10% argocd/set.yaml:20' })
  await command(files, '/canary 25 web')
  assert.match(files.get('argocd/set.yaml') ?? '', /value: 75\}\n.*value: 25\}/)
  assert.deepEqual(await problems(files), [])
})

test('a patch that an ApplicationSet fills in keeps its template when a weight in it changes', async () => {
  const template = '                - {op: add, path: /metadata/labels, value: {app: "{{ .path.basename }}"}}\n'
  const files = repositoryOf({ 'argocd/set.yaml': SET(template) })
  assert.match((await shares(files))['web'] ?? '', /^10% /)
  await command(files, '/canary 25 web')
  assert.match(files.get('argocd/set.yaml') ?? '', /value: 75\}\n.*value: 25\}\n.*app: "\{\{ \.path\.basename \}\}"/)
  assert.deepEqual(await problems(files), [])
})

test('a variable that is no whole number is refused with the Kustomization that fills it in', async () => {
  const files = repositoryOf({
    'web/vs.yaml': VS.replace('weight: 100', 'weight: ${stable}').replace('weight: 0', 'weight: ${canary}'),
    'flux.yaml': flux('  postBuild: { substitute: { stable: "94", canary: "5.5" } }\n'),
  })
  assert.match(
    plainWords(explainRefusal(await refusal(files, '/canary 25'))),
    /^flux\.yaml:\d+ fills in the weight "5\.5" for rule main at web\/vs\.yaml:13, .* Correct the value of the variable/,
  )
})

test('a root of Flux with files above it, on a machine that cannot isolate kustomize, is neither green nor red', async () => {
  const files = new Map([
    ['apps/vs.yaml', VS],
    ['apps/dr.yaml', DR],
    ['clusters/east/kustomization.yaml', 'resources: [../../apps/vs.yaml, ../../apps/dr.yaml]\n'],
    ['flux.yaml', flux('', 'east').replace('./web', './clusters/east')],
  ])
  const blocked = { ok: false, code: 'not-confined', detail: '' } as const
  const renderer: Renderer = { tool: async () => 'kustomize v5.5.0', render: async () => blocked }
  const worktree = worktreeOf(files)
  const found = await reviewFolder({ ...tools, renderer, worktree }, { environment: undefined })
  assert.ok(found.ok)
  const { review } = found.value
  assert.deepEqual(
    review.problems.map(({ code, file }) => `${code} ${file}`),
    ['not-confined clusters/east/kustomization.yaml'],
  )
  assert.deepEqual(
    [validateReport(review), gateReport(review)].map(({ conclusion }) => conclusion),
    ['action_required', 'action_required'],
  )
  const wish = { kind: 'share', service: undefined, environment: undefined, percent: 25 } as const
  const raised = await setInCheckout({ worktree, renderer }, wish)
  assert.ok(!raised.ok)
  assert.match(plainWords(explainRefusal(raised.error)), /hide all other files .* install bubblewrap/s)
  assert.equal(files.get('apps/vs.yaml'), VS)
})
