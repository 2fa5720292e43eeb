/** Parts of a working environment that Perch does not see. They are not the fault of a pull request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validateReport } from '../../../src/core/message/check/checks.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { LARGE_BYTES } from '../../../src/ports/mirror.ts'
import { DR, refusal, VS as IDLE } from '../../layouts/repository.ts'
import { type Files, reviewed as review } from './reviewing.ts'
import { needsHelm, needsKustomize, renderer } from '../../tools.ts'

/** The output of the real programs. */
const reviewed = (before: Files, changed: Files): ReturnType<typeof review> => review(before, changed, { renderer })

const SPLIT = IDLE.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')
const KUSTOMIZATION = 'redis/kustomization.yaml'
const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: { name: redis }\nspec: { selector: { app: redis } }\n'

/** A root with a chart that kustomize fetches, of a version. */
function fetching(version: string, resources = 'service.yaml'): string {
  return `resources: [${resources}]\nhelmCharts:\n  - { name: redis, version: ${version}, repo: "https://charts.example.com", releaseName: redis }\n`
}

/** A root with a base from the network, at a tag. */
function remote(tag: string): string {
  return `resources:\n  - service.yaml\n  - https://github.com/acme/redis//deploy?ref=${tag}\n`
}

for (const [what, written] of [
  ['chart', fetching],
  ['base', remote],
] as const) {
  test(
    `another version of a ${what} from the network is a note if Perch moves nothing there`,
    needsKustomize,
    async () => {
      const before = { [KUSTOMIZATION]: written('1.2.3'), 'redis/service.yaml': SERVICE }
      const changed = { [KUSTOMIZATION]: written('2.0.0') }
      const { problems, notes } = await reviewed(before, changed)
      assert.deepEqual(problems, [])
      assert.deepEqual(notes, [`${what === 'chart' ? 'helm' : 'remote'} ${KUSTOMIZATION}`])
    },
  )
}

test(
  'another version of a chart from the network is red next to a split, and so is a new chart',
  needsKustomize,
  async () => {
    const files = { 'redis/service.yaml': SERVICE, 'redis/vs.yaml': SPLIT, 'redis/dr.yaml': DR }
    const all = 'service.yaml, vs.yaml, dr.yaml'
    const beside = await reviewed(
      { ...files, [KUSTOMIZATION]: fetching('1.2.3', all) },
      { [KUSTOMIZATION]: fetching('2.0.0', all) },
    )
    assert.deepEqual(beside.problems, [`helm ${KUSTOMIZATION}`])
    const before = { 'redis/service.yaml': SERVICE, [KUSTOMIZATION]: 'resources: [service.yaml]\n' }
    const brought = await reviewed(before, { [KUSTOMIZATION]: fetching('1.2.3') })
    assert.deepEqual(brought.problems, [`helm ${KUSTOMIZATION}`])
  },
)

test('a file about traffic in a root with unseen parts is red, whatever its object is', needsKustomize, async () => {
  const before = { [KUSTOMIZATION]: fetching('1.2.3'), 'redis/service.yaml': SERVICE }
  const route = IDLE.replace(/route:[^]*$/, 'route: [{ destination: { host: web, subset: v2 } }]\n')
  for (const text of [route, DR, SERVICE.replaceAll('redis', 'web')]) {
    const changed = { [KUSTOMIZATION]: fetching('1.2.3', 'service.yaml, all.yaml'), 'redis/all.yaml': text }
    assert.deepEqual((await reviewed(before, changed)).problems, [`helm ${KUSTOMIZATION}`], text)
  }
})

test('a route in a file with a binary file’s name is judged by its render', needsKustomize, async () => {
  const bytes = (text: string): string => Buffer.from(text).toString('base64')
  const root = { 'web/kustomization.yaml': 'resources: [route.bin, dr.yaml]\n', 'web/dr.yaml': DR }
  const raised = SPLIT.replace('weight: 90', 'weight: 40').replace('weight: 10', 'weight: 60')
  const { problems } = await reviewed({ ...root, 'web/route.bin': bytes(SPLIT) }, { 'web/route.bin': bytes(raised) })
  assert.deepEqual(problems, ['stray-split '])
})

const CHART = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'chart/templates/map.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }} }\ndata: { key: {{ required "a key" .Values.key }} }\n',
}

function applicationSet(values: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web, namespace: argocd }
spec:
  goTemplate: true
  generators:
    - plugin: { configMapRef: { name: secrets } }
  template:
    metadata: { name: web }
    spec:
      destination: { namespace: web, server: https://kubernetes.default.svc }
      source:
        repoURL: https://github.com/acme/shop
        path: chart
        helm:
          values: |
${values}`
}

test('a release whose values only a generator knows is a note if helm does not render it', needsHelm, async () => {
  const { problems, notes, review } = await reviewed(CHART, {
    'apps/web.yaml': applicationSet('            key: {{ .key }}\n'),
  })
  assert.deepEqual(problems, [])
  assert.ok(notes.includes('values-unknown chart/Chart.yaml'), notes.join('\n'))
  const [found] = review.notes.filter(({ code }) => code === 'values-unknown')
  assert.match(found === undefined ? '' : explainProblem(found).what, /without a value for `\{\{ \.key \}\}`/)
})

test('a release with known values that helm does not render is red', needsHelm, async () => {
  const { problems } = await reviewed(CHART, { 'apps/web.yaml': applicationSet('            other: 1\n') })
  assert.deepEqual(problems, ['build-failed chart/templates/map.yaml'])
})

const ROOT = {
  'root/Chart.yaml': 'apiVersion: v2\nname: root\nversion: 0.1.0\n',
  'root/values.yaml': 'key:\n',
  'root/templates/web.yaml': application('chart', '{{ toYaml .Values | nindent 8 }}\n'),
}

function application(path: string, values: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${path}, namespace: argocd }
spec:
  destination: { namespace: web, server: https://kubernetes.default.svc }
  source:
    repoURL: https://github.com/acme/shop
    path: ${path}
    helm:
      values: |
        ${values}`
}

test(
  'a release that helm does not render is a note if its values come from a chart that a person applies',
  needsHelm,
  async () => {
    const { problems, notes, review } = await reviewed(CHART, ROOT)
    assert.deepEqual(problems, [])
    assert.ok(notes.includes('values-by-hand chart/templates/map.yaml'), notes.join('\n'))
    const [found] = review.notes.filter(({ code }) => code === 'values-by-hand')
    assert.match(found === undefined ? '' : explainProblem(found).what, /a key/)
  },
)

test('it is red if the repository also tells which values that chart has', needsHelm, async () => {
  const { problems } = await reviewed(CHART, { ...ROOT, 'apps/root.yaml': application('root', '{ other: 1 }\n') })
  assert.deepEqual(problems, ['build-failed chart/templates/map.yaml'])
})

test('it is red if helm rendered it before', needsHelm, async () => {
  const { problems } = await reviewed(
    { ...CHART, ...ROOT, 'root/values.yaml': 'key: a\n' },
    { 'root/values.yaml': 'key:\n' },
  )
  assert.deepEqual(problems, ['values-by-hand chart/templates/map.yaml'])
})

test('a chart may ask for a version of Kubernetes that helm was not built with', needsHelm, async () => {
  const files = { ...CHART, 'chart/Chart.yaml': `${CHART['chart/Chart.yaml']}kubeVersion: ">=1.33.0-0"\n` }
  const { problems, notes } = await reviewed(files, { 'apps/web.yaml': applicationSet('            key: a\n') })
  assert.deepEqual([...problems, ...notes.filter((note) => !note.startsWith('generator'))], [])
})

test('a key store in a ConfigMap is part of the build, to the byte', needsKustomize, async () => {
  const bytes = Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2])
  const before = {
    'broker/kustomization.yaml': 'configMapGenerator:\n  - { name: trust, files: [trust.jks] }\n',
    'broker/trust.jks': bytes.toString('base64'),
  }
  const { problems, review } = await reviewed(before, { 'broker/trust.jks': Buffer.of(0xfe, 1).toString('base64') })
  assert.deepEqual(problems, [])
  const [text = ''] = review.diffs.flatMap(({ resources }) => resources.map((one) => JSON.stringify(one)))
  assert.ok(text.includes(bytes.toString('base64')), text)
})

test('a limit of a Rollout that a folder has twice is refused for that reason', async () => {
  const rollout = (weight: number): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: web }\nspec:\n  strategy:\n    canary:\n      canaryService: web-canary\n      stableService: web\n      trafficRouting: { istio: { virtualService: { name: web } } }\n      steps:\n        - setWeight: ${weight}\n        - pause: {}\n`
  const files = new Map(
    Object.entries({ 'k8s/vs.yaml': SPLIT, 'k8s/dr.yaml': DR, 'k8s/a.yaml': rollout(10), 'k8s/b.yaml': rollout(20) }),
  )
  const found = await refusal(files, '/canary 25')
  assert.equal(found.code, 'unreadable')
  assert.equal(found.code === 'unreadable' && found.problem?.code, 'duplicate')
})

test('of the large files in a folder that nothing deploys, only those about traffic are compared', async () => {
  const padding = `# ${'x'.repeat(LARGE_BYTES)}\n`
  const map = (key: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: all }\ndata: { key: ${key} }\n`
  const files = { 'web/vs.yaml': SPLIT, 'web/dr.yaml': DR, 'web/all.yaml': `${map('a')}${padding}` }
  const shown = async (before: Files, changed: Files): Promise<readonly string[]> =>
    (await review(before, changed)).review.diffs.flatMap(({ resources }) => resources.map(({ title }) => title))
  assert.deepEqual(await shown(files, { 'web/all.yaml': `${map('b')}${padding}` }), [])
  assert.deepEqual(await shown(files, { 'web/all.yaml': map('b') }), ['ConfigMap all'])
  const raised = SPLIT.replace('weight: 90', 'weight: 80').replace('weight: 10', 'weight: 20')
  const large = { ...files, 'web/vs.yaml': `${SPLIT}${padding}` }
  assert.deepEqual(await shown(large, { 'web/vs.yaml': `${raised}${padding}` }), ['VirtualService web'])
})

const TEMPLATE = IDLE.replace('weight: 100', 'weight: {{ sub 100 .Values.weight }}').replace(
  'weight: 0',
  'weight: {{ .Values.weight }}',
)

test('a change of a chart with routes that nothing here deploys is noted, once for each chart', async () => {
  for (const folder of ['', 'charts/web/']) {
    const before = {
      [`${folder}Chart.yaml`]: 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
      [`${folder}values.yaml`]: 'weight: 10\n',
      [`${folder}templates/internal.yaml`]: TEMPLATE,
      [`${folder}templates/route.yaml`]: TEMPLATE,
      [`${folder}README.md`]: 'The chart.\n',
      '.github/settings.yml': 'a: 1\n',
    }
    for (const [changed, noted] of [
      [{ [`${folder}values.yaml`]: 'weight: 50\n' }, 'templates/internal.yaml'],
      [{ [`${folder}templates/_names.tpl`]: '{{ define "name" }}web{{ end }}\n' }, 'templates/internal.yaml'],
      [{ [`${folder}README.md`]: 'Our chart.\n', '.github/settings.yml': 'a: 2\n' }, undefined],
    ] as const) {
      const { problems, notes, review: result } = await reviewed(before, changed)
      assert.deepEqual(problems, [])
      assert.deepEqual(notes, noted === undefined ? [] : [`template ${folder}${noted}`])
      const { title, conclusion } = validateReport(result)
      assert.equal(conclusion, 'success')
      assert.equal(title, noted === undefined ? 'No canary traffic changes' : 'No known change of canary traffic')
    }
  }
})
