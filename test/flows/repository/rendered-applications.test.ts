/** Applications in the templates of a chart: what they deploy is known only after the chart is rendered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parentProblem, refusalProblem } from '../../../src/core/problem/files.ts'
import { unseenStep } from '../../../src/flows/judgement/unseen-step.ts'
import { snapshotOf } from '../../core/samples.ts'
import { BASE, CHART } from '../../memory/builds.ts'
import {
  aBuiltWorld,
  answers,
  aPull,
  checkOf,
  comments,
  gateOf,
  merges,
  openSteps,
  says,
  textOn,
  type World,
} from '../world.ts'

const VALUES = 'charts/web/values-prod.yaml'
const CONFIG = {
  '.github/canary.yml': 'services:\n  web: { steps: [5, 25, 100], bake: 10m }\n',
  [VALUES]: '# Careful.\ncanary:\n  weight: 0 # percent\n',
}

/** An Application in a template, with the fields of its source. */
function template(name: string, source: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}
  namespace: argocd
spec:
  destination:
    namespace: {{ .Values.namespace }}
    server: https://kubernetes.default.svc
  syncPolicy: { automated: {} }
  source:
    repoURL: {{ .Values.repository }}
${source}`
}

const WEB = 'root/templates/web.yaml'
const RELEASE =
  '    path: charts/web\n    helm: { releaseName: web, valueFiles: ["values-{{ .Values.stage }}.yaml"] }\n'
const ROOT = {
  'root/Chart.yaml': 'apiVersion: v2\nname: of-apps\nversion: 0.1.0\n',
  'root/values.yaml': 'namespace: shop\nstage: prod\nrepository: https://github.com/acme/gitops\n',
  [WEB]: template('web-{{ .Values.stage }}', RELEASE),
}

/** The Application of the root chart, written in a file. */
const DEPLOYED = {
  'bootstrap.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: root, namespace: argocd }
spec:
  destination: { namespace: argocd, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source: { path: root }
`,
}

/** A pull request that changes nothing about traffic, for commands. */
async function onPull(world: World, text: string) {
  const pull = await aPull(world, { 'README.md': 'Hello.\n' })
  await says(world, 'alice', pull, text)
  return { pull, answer: answers(world, pull).at(-1) ?? '' }
}

for (const [how, more] of [
  ['an Application deploys', DEPLOYED],
  ['somebody applies by hand', {}],
] as const)
  test(`a command changes the values file of an Application from a chart that ${how}`, async () => {
    const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, ...more })
    const { pull, answer } = await onPull(world, '/canary 5')
    assert.match(answer, /web-prod/)
    assert.equal(textOn(world, pull.head.ref, VALUES), '# Careful.\ncanary:\n  weight: 5 # percent\n')
    assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
    await merges(world, 'alice', pull)
    const [step] = openSteps(world)
    assert.ok(step)
    assert.equal(step.head.ref, 'canary/web-prod/web/25')
    await world.pass(30)
    assert.match(gateOf(world, step), /^success/)
  })

test('a step is live only since the commit with which the chart of its Application rendered its weight', async () => {
  const source = '    path: charts/web\n    helm: { releaseName: web, valueFiles: [values-{{ .Values.stage }}.yaml] }\n'
  const files = {
    ...ROOT,
    [WEB]: template('web', source),
    'root/values.yaml': ROOT['root/values.yaml'].replace('stage: prod', 'stage: dev'),
  }
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...files,
    [VALUES]: 'canary:\n  weight: 5\n',
    'charts/web/values-dev.yaml': 'canary:\n  weight: 0\n',
  })
  await world.pass(60)
  const pull = await aPull(world, { 'root/values.yaml': ROOT['root/values.yaml'] })
  assert.match(comments(world, pull).join(), /0% → 5%/)
  await merges(world, 'alice', pull)
  await says(world, 'alice', pull, '/canary 25')
  const [step] = openSteps(world)
  assert.ok(step, answers(world, pull).at(-1))
  assert.match(gateOf(world, step), /^failure|^action_required|^running/)
  await world.pass(30)
  assert.match(gateOf(world, step), /^success/)
})

test('an ApplicationSet in a chart is expanded after the chart is rendered', async () => {
  const set = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: webs, namespace: argocd }
spec:
  generators:
    - list: { elements: [{ stage: dev }, { stage: "{{ .Values.stage }}" }] }
  template:
    metadata: { name: 'web-{{ "{{" }}stage{{ "}}" }}' }
    spec:
      destination: { namespace: shop, server: https://kubernetes.default.svc }
      source:
        path: charts/web
        helm: { releaseName: web, valueFiles: ['values-{{ "{{" }}stage{{ "}}" }}.yaml'] }
`
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...ROOT,
    [WEB]: set,
    'charts/web/values-dev.yaml': 'canary:\n  weight: 0\n',
  })
  const { pull, answer } = await onPull(world, '/canary 5 --env web-prod')
  assert.match(answer, /web-prod/)
  assert.equal(textOn(world, pull.head.ref, VALUES), '# Careful.\ncanary:\n  weight: 5 # percent\n')
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

test('a change of the chart’s values shows what it changes in the releases that the chart deploys', async () => {
  const files = { ...ROOT, [WEB]: template('web', RELEASE) }
  const dev = { 'charts/web/values-dev.yaml': 'canary:\n  weight: 5\n' }
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...files, ...DEPLOYED, ...dev })
  const pull = await aPull(world, { 'root/values.yaml': ROOT['root/values.yaml'].replace('stage: prod', 'stage: dev') })
  const [comment = ''] = comments(world, pull)
  assert.match(comment, /`web\/web 0% → 5%`/)
  assert.match(comment, /values-dev\.yaml/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

for (const [where, helm] of [
  ['values', '      valuesObject: { canary: { weight: {{ .Values.weight }} } }\n'],
  ['a parameter', '      parameters: [{ name: canary.weight, value: "{{ .Values.weight }}" }]\n'],
] as const)
  test(`a weight that a template renders into ${where} of its Application is not changed, and the refusal names the template`, async () => {
    for (const more of [{}, DEPLOYED]) await refusesRenderedWeight(helm, more)
  })

async function refusesRenderedWeight(helm: string, more: Readonly<Record<string, string>>): Promise<void> {
  const source = `    path: charts/web\n    helm:\n      releaseName: web\n${helm}`
  const values = `${ROOT['root/values.yaml']}weight: 5\n`
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...ROOT,
    [WEB]: template('web', source),
    'root/values.yaml': values,
    ...more,
  })
  const { pull, answer } = await onPull(world, '/canary 25')
  assert.match(answer, /come from values that the chart template at `root\/templates\/web\.yaml:16` renders/)
  assert.equal(textOn(world, pull.head.ref, 'root/values.yaml'), values)
  const change = await aPull(world, { 'root/values.yaml': values.replace('weight: 5', 'weight: 10') })
  assert.match(comments(world, change).join(), /`web\/web 5% → 10%`/)
}

test('a pull request that breaks the chart of a running rollout is red, and the next step waits for the repair', async () => {
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, ...DEPLOYED })
  const { pull } = await onPull(world, '/canary 5')
  await merges(world, 'alice', pull)
  const [step] = openSteps(world)
  assert.ok(step)
  const broken = { [WEB]: `{{ nope .Values }}\n${ROOT[WEB]}` }
  const change = await aPull(world, broken)
  assert.match(checkOf(world, change, 'canary/validate'), /^failure/)
  assert.match(comments(world, change).join(), /nope/)
  world.bob.push('main', broken)
  await world.settle()
  await world.pass(60)
  assert.equal(step.state, 'open')
  assert.match(checkOf(world, step, 'canary/validate'), /^(?:failure|action_required)/)
  assert.match(comments(world, step).join(), /Perch cannot render the chart `root`/)
  world.bob.push('main', { [WEB]: ROOT[WEB] })
  await world.settle()
  await world.pass(60)
  assert.equal(step.state, 'open')
  assert.match(checkOf(world, step, 'canary/validate'), /^success/)
  assert.match(gateOf(world, step), /^success/)
  assert.doesNotMatch(comments(world, step).join(), /Perch cannot render the chart/)
})

for (const file of [WEB, 'charts/web/templates/virtualservice.yaml'])
  test(`the repair of ${file} on the base branch passes if it brings the share back, and with a raise it is blocked`, async () => {
    const files: Readonly<Record<string, string>> = {
      ...CHART,
      ...CONFIG,
      ...ROOT,
      [VALUES]: 'canary:\n  weight: 50\n',
    }
    const world = await aBuiltWorld(files)
    world.bob.push('main', { [file]: `{{ nope .Values }}\n${files[file]}` })
    await world.settle()
    const raise = await aPull(world, { [file]: files[file], [VALUES]: 'canary:\n  weight: 80\n' })
    assert.match(gateOf(world, raise), /^failure: Blocked by live/)
    world.alice.close(raise)
    await world.settle()
    const repair = await aPull(world, { [file]: files[file] })
    assert.match(checkOf(world, repair, 'canary/validate'), /^success/)
    assert.match(gateOf(world, repair), /^success/)
  })

test('a pull request that breaks the chart of a rollout at 0% is red, because no gate would see its raise afterwards', async () => {
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT })
  const broken = { [WEB]: `{{ nope .Values }}\n${ROOT[WEB]}` }
  const change = await aPull(world, broken)
  assert.match(checkOf(world, change, 'canary/validate'), /^failure/)
  assert.match(comments(world, change).join(), /Perch cannot render the chart `root`/)
})

test('a pull request that breaks the chart is red also if the config names the folder, because its other values are a guess', async () => {
  const config = 'environments:\n  production: { path: charts/web }\n'
  const files = { ...ROOT, '.github/canary.yml': config, [VALUES]: 'canary:\n  weight: 5\n' }
  const world = await aBuiltWorld({ ...CHART, ...files })
  const change = await aPull(world, { [WEB]: `{{ nope .Values }}\n${ROOT[WEB]}` })
  assert.match(checkOf(world, change, 'canary/validate'), /^failure/)
  assert.match(reportOf(world, change), /Perch cannot render the chart `root`/)
})

test('a pull request that removes an Application from a chart is not red because of another chart that is broken', async () => {
  const other = { 'other/Chart.yaml': ROOT['root/Chart.yaml'], 'other/templates/web.yaml': `{{ nope }}\n${ROOT[WEB]}` }
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, ...other })
  const change = await aPull(world, { [WEB]: undefined })
  assert.match(checkOf(world, change, 'canary/validate'), /^success/)
})

test('a chart that cannot be rendered makes no check red, and a command says why its releases are unknown', async () => {
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, [WEB]: `{{ nope .Values }}\n${ROOT[WEB]}` })
  const { pull, answer } = await onPull(world, '/canary 5')
  assert.match(
    answer,
    /Perch cannot render the chart `root`, so it does not know what the templates of the chart deploy\./,
  )
  assert.match(answer, /function "nope" not defined|nope/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
  const change = await aPull(world, { 'root/values.yaml': 'namespace: other\n' })
  assert.match(checkOf(world, change, 'canary/validate'), /^success/)
  assert.match(reportOf(world, change), /Perch cannot render the chart .?`root`/)
})

test('of a chart with several values files that nothing deploys, Perch does not guess which one somebody applies', async () => {
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, 'root/values-eu.yaml': 'stage: prod\n' })
  const { answer } = await onPull(world, '/canary 5')
  assert.match(answer, /⛔ Perch cannot render the chart `root`/)
  assert.doesNotMatch(answer, /template engine/)
  assert.match(answer, /other values files than `values\.yaml`, for example `root\/values-eu\.yaml`/)
  const raise = await aPull(world, { [VALUES]: 'canary:\n  weight: 50\n' })
  assert.match(checkOf(world, raise, 'canary/validate'), /^success/)
  assert.match(reportOf(world, raise), /Perch cannot render the chart .?`root`/)
})

test('a second values file for a chart that somebody applies by hand is red, because nobody would see its rollouts afterwards', async () => {
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT })
  const second = { 'root/values-eu.yaml': 'stage: prod\n' }
  const change = await aPull(world, second)
  assert.match(checkOf(world, change, 'canary/validate'), /^failure/)
  assert.match(reportOf(world, change), /Commit the Application or HelmRelease that deploys the chart/)
  const explained = await aPull(world, { ...second, ...DEPLOYED })
  assert.match(checkOf(world, explained, 'canary/validate'), /^success/)
})

for (const share of [0, 5])
  test(`a new template of a chart changes no share of a rollout at ${share}%, and is red if it breaks the chart`, async () => {
    const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, [VALUES]: `canary:\n  weight: ${share}\n` })
    const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.stage }}\n'
    const change = await aPull(world, { 'root/templates/map.yaml': map })
    assert.equal(checkOf(world, change, 'canary/validate'), 'success: No canary traffic changes')
    const broken = await aPull(world, { 'root/templates/map.yaml': `{{ nope .Values }}\n${map}` })
    assert.match(checkOf(world, broken, 'canary/validate'), /^failure/)
    assert.match(reportOf(world, broken), /Perch cannot render the chart `root`/)
  })

test('a chart that renders only with the values of the chart that deploys it is not reported as broken', async () => {
  const inner = '    path: root\n    helm: { valuesObject: { git: { url: "{{ .Values.repository }}" } } }\n'
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...ROOT,
    [WEB]: ROOT[WEB].replace('.Values.repository', '.Values.git.url'),
    'top/Chart.yaml': 'apiVersion: v2\nname: top\nversion: 0.1.0\n',
    'top/values.yaml': 'namespace: argocd\nrepository: https://github.com/acme/gitops\n',
    'top/templates/root.yaml': template('root', inner),
  })
  const { answer } = await onPull(world, '/canary 5')
  assert.match(answer, /web-prod/)
  const change = await aPull(world, { 'root/values.yaml': `${ROOT['root/values.yaml']}more: 1\n` })
  assert.equal(checkOf(world, change, 'canary/validate'), 'success: No canary traffic changes')
  assert.doesNotMatch(reportOf(world, change), /Perch cannot render/)
})

test('of a chart whose HelmRelease an overlay patches, Perch says that it does not know what the chart deploys', async () => {
  const release = (name: string, chart: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: ${name}, namespace: flux-system }
spec:
  interval: 5m
  chart: { spec: { chart: ${chart}, sourceRef: { kind: GitRepository, name: flux-system } } }
`
  const values = '  values: { stage: dev }\n'
  const patch =
    '  - { target: { kind: HelmRelease }, patch: "[{ op: replace, path: /spec/values/stage, value: prod }]" }\n'
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...ROOT,
    [WEB]: release('web', 'charts/web').replace(
      'name: flux-system }',
      'name: flux-system }, valuesFiles: ["charts/web/values-{{ .Values.stage }}.yaml"]',
    ),
    'charts/web/values-dev.yaml': 'canary:\n  weight: 0\n',
    'clusters/base/kustomization.yaml': 'resources: [root.yaml]\n',
    'clusters/base/root.yaml': `${release('root', 'root')}${values}`,
    'clusters/prod/kustomization.yaml': `resources: [../base]\npatches:\n${patch}`,
  })
  const { answer } = await onPull(world, '/canary 5')
  assert.match(answer, /⛔ Perch cannot render the chart `root`/)
  assert.match(answer, /may patch the HelmRelease `root`/)
  const raise = await aPull(world, { [VALUES]: 'canary:\n  weight: 50\n' })
  assert.match(reportOf(world, raise), /may patch the HelmRelease/)
})

test('a chart without Applications is not reported as one that deploys something, although a chart deploys it', async () => {
  const other = {
    'charts/other/Chart.yaml': `${ROOT['root/Chart.yaml']}dependencies: [{ name: redis, version: 1.0.0, repository: "https://charts.example.com" }]\n`,
    'charts/other/values.yaml': 'size: 1\n',
    'root/templates/other.yaml': template('other-{{ .Values.stage }}', '    path: charts/other\n'),
  }
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, ...other })
  const change = await aPull(world, { 'charts/other/values.yaml': 'size: 2\n' })
  assert.match(checkOf(world, change, 'canary/validate'), /^success/)
  assert.match(reportOf(world, change), /redis/)
  assert.doesNotMatch(reportOf(world, change), /what the templates of the chart deploy/)
})

test('a pull request that renames the Application of a running rollout is red, and the problem says that the environment is gone', async () => {
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, [VALUES]: 'canary:\n  weight: 5\n' })
  const renamed = ROOT[WEB].replace('name: web-', 'name: shop-')
  const change = await aPull(world, { [WEB]: renamed })
  assert.match(checkOf(world, change, 'canary/validate'), /^failure/)
  assert.match(reportOf(world, change), /the environment `web-prod` is gone, or has another name/)
})

test('a second deployer of the same release changes no share, and neither does its removal', async () => {
  const files = { ...CHART, ...CONFIG, [VALUES]: 'canary:\n  weight: 5\n' }
  const prod = template('web', RELEASE)
    .replaceAll('{{ .Values.stage }}', 'prod')
    .replace(/{{ .Values.namespace }}/, 'shop')
    .replace(/{{ .Values.repository }}/, 'https://github.com/acme/gitops')
  const [first, second] = [{ 'a/web.yaml': prod }, { 'b/web.yaml': prod }]
  for (const [before, change] of [
    [first, { 'b/web.yaml': prod }],
    [{ ...first, ...second }, { 'b/web.yaml': undefined }],
    [{ ...first, ...second }, { 'a/web.yaml': undefined }],
    [{ ...ROOT, ...DEPLOYED }, { 'bootstrap.yaml': undefined }],
  ] as const) {
    const world = await aBuiltWorld({ ...files, ...before })
    const pull = await aPull(world, change)
    assert.equal(checkOf(world, pull, 'canary/validate'), 'success: No canary traffic changes')
  }
})

/** What a pull request's check says below its title. */
function reportOf({ state }: World, { head }: Awaited<ReturnType<typeof aPull>>): string {
  const run = state.runs.findLast((one) => one.sha === head.sha && one.name === 'canary/validate')
  return JSON.stringify(run?.report)
}

test('an Application that two releases of a chart render is named after them', async () => {
  const files = {
    ...CHART,
    ...ROOT,
    [WEB]: template('web', RELEASE),
    '.github/canary.yml': CONFIG['.github/canary.yml'],
  }
  const root = (stage: string): string =>
    DEPLOYED['bootstrap.yaml']
      .replace('name: root', `name: root-${stage}`)
      .replace('path: root', `path: root, helm: { valueFiles: [values-${stage}.yaml] }`)
  const values = Object.fromEntries(
    ['dev', 'prod'].flatMap((stage) => [
      [`bootstrap/${stage}.yaml`, root(stage)],
      [`root/values-${stage}.yaml`, `stage: ${stage}\n`],
      [`charts/web/values-${stage}.yaml`, 'canary:\n  weight: 0 # percent\n'],
    ]),
  )
  const world = await aBuiltWorld({ ...files, ...values })
  const { pull } = await onPull(world, '/canary 5 --env root-prod-web')
  assert.match(textOn(world, pull.head.ref, VALUES), /weight: 5/)
  assert.match(textOn(world, pull.head.ref, 'charts/web/values-dev.yaml'), /weight: 0/)
})

test('a chart that another chart deploys is rendered with the values from there', async () => {
  const inner = '    path: root\n    helm: { valuesObject: { stage: "{{ .Values.inner }}" } }\n'
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...ROOT,
    'root/values.yaml': ROOT['root/values.yaml'].replace('stage: prod', 'stage: dev'),
    'charts/web/values-dev.yaml': 'canary:\n  weight: 0\n',
    'top/Chart.yaml': 'apiVersion: v2\nname: top\nversion: 0.1.0\n',
    'top/values.yaml': 'namespace: argocd\ninner: prod\nrepository: https://github.com/acme/gitops\n',
    'top/templates/root.yaml': template('root', inner),
  })
  const { pull, answer } = await onPull(world, '/canary 5')
  assert.match(answer, /web-prod/)
  assert.match(textOn(world, pull.head.ref, VALUES), /weight: 5/)
})

test('a chart that deploys itself is rendered with the values from there', async () => {
  const itself = '    path: root\n    helm: { valuesObject: { stage: "prod" } }\n'
  const world = await aBuiltWorld({
    ...CHART,
    ...CONFIG,
    ...ROOT,
    [WEB]: template('web', RELEASE),
    'root/values.yaml': ROOT['root/values.yaml'].replace('stage: prod', 'stage: dev'),
    'root/templates/root.yaml': template('root', itself),
    'charts/web/values-dev.yaml': 'canary:\n  weight: 0\n',
  })
  const { pull, answer } = await onPull(world, '/canary 5')
  assert.match(answer, /`web\/web`/)
  assert.match(textOn(world, pull.head.ref, VALUES), /weight: 5/)
})

test('what a rendered Application adds to a folder is part of its build', async () => {
  const source = `    path: base
    kustomize:
      patches:
        - target: { kind: VirtualService }
          patch: |
            - op: replace
              path: /spec/http/0/route/1/weight
              value: {{ .Values.weight }}
            - op: replace
              path: /spec/http/0/route/0/weight
              value: {{ sub 100 .Values.weight }}
`
  const values = `${ROOT['root/values.yaml']}weight: 5\n`
  const world = await aBuiltWorld({
    ...BASE,
    '.github/canary.yml': CONFIG['.github/canary.yml'],
    ...ROOT,
    [WEB]: template('web', source),
    'root/values.yaml': values,
  })
  const change = await aPull(world, { 'root/values.yaml': values.replace('weight: 5', 'weight: 10') })
  assert.match(comments(world, change).join(), /5% → 10%/)
  const { answer } = await onPull(world, '/canary 25')
  assert.match(answer, /root\/templates\/web\.yaml/)
  assert.match(answer, /⛔/)
})

test('a template that is no YAML before it is rendered makes the folder that its Application deploys not red', async () => {
  const source = '    path: base\n    kustomize:\n      namespace: {{ .Values.namespace }}-{{ .Values.stage }}\n'
  const values = ROOT['root/values.yaml']
  const config = { '.github/canary.yml': CONFIG['.github/canary.yml'] }
  const world = await aBuiltWorld({ ...BASE, ...config, ...ROOT, [WEB]: template('web', source) })
  const change = await aPull(world, { 'root/values.yaml': `${values}more: 1\n` })
  assert.match(checkOf(world, change, 'canary/validate'), /^success/)
  const { answer } = await onPull(world, '/canary 5')
  assert.match(answer, /✅/)
})

test('a command changes a folder without a kustomization that a Flux Kustomization from a chart deploys', async () => {
  const kustomization = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: web, namespace: flux-system }
spec:
  interval: 5m
  path: ./tenants/web
  targetNamespace: {{ .Values.namespace }}-{{ .Values.stage }}
  sourceRef: { kind: GitRepository, name: flux-system }
`
  const config = { '.github/canary.yml': CONFIG['.github/canary.yml'] }
  const folder = {
    'tenants/web/route.yaml': BASE['base/route.yaml'],
    'tenants/web/subsets.yaml': BASE['base/subsets.yaml'],
  }
  const world = await aBuiltWorld({ ...config, ...folder, ...ROOT, [WEB]: kustomization })
  const { pull, answer } = await onPull(world, '/canary 5')
  assert.match(answer, /✅ `web\/web`/)
  assert.match(textOn(world, pull.head.ref, 'tenants/web/route.yaml'), /weight: 95[^]*weight: 5/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

test('a config can name the release of an Application that a chart renders', async () => {
  const config = 'environments:\n  production: { path: charts/web, deployer: web-prod }\n'
  const world = await aBuiltWorld({ ...CHART, ...CONFIG, ...ROOT, '.github/canary.yml': config })
  const { pull } = await onPull(world, '/canary 5 --env production')
  assert.match(textOn(world, pull.head.ref, VALUES), /weight: 5/)
  assert.match(checkOf(world, pull, 'canary/validate'), /^success/)
})

test('only a step whose rollout is not found waits for a chart that cannot be rendered', () => {
  const refusal = refusalProblem({ code: 'helm-values', file: 'root/Chart.yaml', line: 1, entry: 'x' })
  const problem = { ...parentProblem({ folder: 'root', files: [] }, refusal), environments: ['root'] }
  const { targets } = snapshotOf(BASE)
  const waits = (branch: string, author = 'perch[bot]'): boolean => {
    const around = { pull: { number: 2, author, branch, hasSay: true } }
    return (
      unseenStep({ botLogin: 'perch[bot]' }, { around: { ...NOTHING, ...around } }, { unrendered: [problem], targets })
        .length > 0
    )
  }
  assert.deepEqual(
    targets.map(({ service, environment }) => `${environment}/${service}`),
    ['base/web'],
  )
  assert.equal(waits('canary/gone/web/25'), true)
  assert.equal(waits('canary/@next/base/api/25'), true)
  assert.equal(waits('canary/gone/web/0'), false, 'a rollback')
  assert.equal(waits('canary/base/web/finish'), false)
  assert.equal(waits('canary/all/web/25'), false)
  assert.equal(waits('canary/gone/web/25', 'alice'), false)
})

const NOTHING = { stops: new Map(), claimant: async () => undefined, overrides: async () => [] }
