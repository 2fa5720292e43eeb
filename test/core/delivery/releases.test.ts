import assert from 'node:assert/strict'
import { test } from 'node:test'
import { releaseBuild } from '../../../src/core/chart/release-build.ts'
import { readReleases } from '../../../src/core/delivery/releases.ts'
import { type Environment } from '../../../src/core/environment/environment.ts'
import { discoverEnvironments } from '../../../src/core/environment/discover-environments.ts'

const CHART = { 'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n', 'charts/web/values.yaml': '' }

/** The environments of a repository whose only chart is `charts/web`. */
function environments(files: Readonly<Record<string, string>>, repository?: string): readonly Environment[] {
  const texts = new Map(Object.entries({ ...CHART, ...files }))
  const { releases } = readReleases(texts, { repository })
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  return discoverEnvironments({ entries, texts, releases }).environments.filter(({ kind }) => kind === 'helm')
}

/** What helm is asked for each of them, or why it is not asked. */
function asked(files: Readonly<Record<string, string>>, repository?: string): Readonly<Record<string, unknown>> {
  const texts = new Map(Object.entries({ ...CHART, ...files }))
  return Object.fromEntries(
    environments(files, repository).map(({ name, release, refusals }) => {
      assert.ok(release !== undefined)
      const { release: called, namespace, values, settings } = releaseBuild(release.release, release.copies, texts)
      const refused = refusals.map(({ code, entry, file, line }) => `${code} ${entry} ${file}:${line}`)
      const given = [
        ...values.map((one) => ('path' in one ? one.path : one.text.trim())),
        ...settings.map((one) => `${one.name}=${one.value}${one.isText ? ' (text)' : ''}`),
      ]
      return [name, [`${called} in ${namespace}`, ...given, ...refused]]
    }),
  )
}

function application(name: string, source: string): string {
  return `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ${name}, namespace: argocd }\nspec:\n  destination: { namespace: shop }\n${source}`
}

const HERE = 'repoURL: https://github.com/acme/shop.git'

test('an Application whose path is a chart: the values in the order in which Argo CD gives them', () => {
  const source = `  source:
    ${HERE}
    path: charts/web
    helm:
      releaseName: front
      valueFiles: [values.yaml, ../../production.yaml, /top.yaml, missing.yaml]
      ignoreMissingValueFiles: true
      values: "a: text"
      parameters: [{ name: b, value: "5" }, { name: c, value: x, forceString: true }]
`
  const files = { 'app.yaml': application('web', source), 'production.yaml': 'x: 1', 'top.yaml': 'x: 2' }
  assert.deepEqual(asked(files, 'shop'), {
    web: ['front in shop', 'charts/web/values.yaml', 'production.yaml', 'top.yaml', 'a: text', 'b=5', 'c=x (text)'],
  })
  assert.deepEqual(asked(files, 'other'), {})
  // Then the path is one in a registry.
  const charted = source.replace('path: charts/web', 'path: charts/web\n    chart: web')
  assert.deepEqual(asked({ ...files, 'app.yaml': application('web', charted) }, 'shop'), {})
  const object = source.replace('values: "a: text"', 'valuesObject: { a: { b: 1 } }\n      values: "a: no"')
  assert.deepEqual(asked({ ...files, 'app.yaml': application('web', object) })['web'], [
    'front in shop',
    'charts/web/values.yaml',
    'production.yaml',
    'top.yaml',
    '{"a":{"b":1}}',
    'b=5',
    'c=x (text)',
  ])
})

test('parameters that Argo CD’s Image Updater writes into the chart’s folder take the place of the Application’s own', () => {
  const source = (helm: string): string => `  source:\n    ${HERE}\n    path: charts/web\n    helm: ${helm}\n`
  const of = (helm: string, override: string, name = '-web'): unknown =>
    asked(
      {
        'app.yaml': application('web', source(helm)),
        [`charts/web/.argocd-source${name}.yaml`]: override,
        'charts/web/eu.yaml': '',
      },
      'shop',
    )['web']
  const updated = 'helm:\n  parameters:\n  - name: image.tag\n    value: "2.0"\n    forcestring: true\n'
  const own = '{ valuesObject: { a: 1 }, parameters: [{ name: b, value: "5" }] }'
  assert.deepEqual(of(own, updated), ['web in shop', '{"a":1}', 'image.tag=2.0 (text)'])
  assert.deepEqual(of(own, updated, '-other'), ['web in shop', '{"a":1}', 'b=5'])
  assert.deepEqual(of(own, 'helm: { valuesObject: { c: 2 } }'), ['web in shop', '{"a":1}', '{"c":2}', 'b=5'])
  assert.deepEqual(of('{ values: "a: 1" }', 'helm: { values: "a: 2", valueFiles: [eu.yaml] }', ''), [
    'web in shop',
    'charts/web/eu.yaml',
    'a: 2',
  ])
  assert.deepEqual(of(own, 'helm: { parameters: null }'), ['web in shop', '{"a":1}'])
})

test('values that are not in this repository are named', () => {
  const source = (entry: string): string =>
    `  sources:\n    - { ${HERE}, path: charts/web, helm: { valueFiles: ["${entry}"] } }\n    - { ${HERE}, ref: here }\n    - { repoURL: https://github.com/acme/values.git, ref: there }\n`
  const of = (entry: string): unknown =>
    asked({ 'app.yaml': application('web', source(entry)), 'p.yaml': '' }, 'shop')['web']
  assert.deepEqual(of('$here/p.yaml'), ['web in shop', 'p.yaml'])
  for (const entry of [
    '$there/p.yaml',
    'https://example.com/p.yaml',
    'S3+x://p.yaml',
    '../../../p.yaml',
    '$here/../p.yaml',
    '{{ env }}.yaml',
    '$here/{{ env }}.yaml',
  ])
    assert.deepEqual(of(entry), ['web in shop', `helm-values ${entry} app.yaml:7`])
  // Argo CD replaces its own variables.
  for (const entry of [
    '$p.yaml',
    'p-$ARGOCD_APP_NAME.yaml',
    '$ARGOCD_APP_NAME/p.yaml',
    '$here/p-$ARGOCD_APP_NAME.yaml',
  ])
    assert.deepEqual(of(entry), ['web in shop', `helm-values ${entry} app.yaml:7`])
  assert.deepEqual(of('/none.yaml'), ['web in shop', 'helm-values none.yaml app.yaml:7'])
})

test('values that helm fills into an Application of a chart of Applications are not known, and are named', () => {
  const source = (helm: string): string => `  source:\n    ${HERE}\n    path: charts/web\n    helm:\n${helm}`
  const values =
    '      values: |\n        {{- toYaml .Values | nindent 8 }}\n        a: {{ .Values.cluster }}.example.com\n'
  const own = { 'charts/apps/Chart.yaml': 'apiVersion: v2\nname: apps\nversion: 0.1.0\n' }
  const of = (file: string, helm: string): unknown => asked({ ...own, [file]: application('web', source(helm)) })['web']
  const said = (tag: string): string => `helm-values ${tag} charts/apps/templates/edge/web.yaml:10`
  const inChart = (helm: string): string => JSON.stringify(of('charts/apps/templates/edge/web.yaml', helm))
  assert.ok(inChart(values).includes(said('{{- toYaml .Values | nindent 8 }}')))
  assert.ok(inChart('      parameters: [{ name: a, value: "{{ .Values.a }}" }]\n').includes(said('{{ .Values.a }}')))
  assert.ok(inChart('      valuesObject: { a: "{{ .Values.a }}" }\n').includes(said('{{ .Values.a }}')))
  // In other places it is text for the chart, which may pass it to `tpl`.
  assert.deepEqual(of('apps/templates/web.yaml', '      values: "a: \'{{ .Release.Name }}\'"\n'), [
    'web in shop',
    "a: '{{ .Release.Name }}'",
  ])
})

test('releases are named after their deployers; equal releases are one, and folders distinguish the others', () => {
  const source = (file: string): string =>
    `  source: { ${HERE}, path: charts/web, helm: { releaseName: web, valueFiles: [/${file}] } }\n`
  const names = (files: Readonly<Record<string, string>>): readonly string[] =>
    environments({ 'a.yaml': '', 'b.yaml': '', ...files }).map(({ name }) => name)
  assert.deepEqual(
    names({ 'x/1.yaml': application('one', source('a.yaml')), 'x/2.yaml': application('two', source('b.yaml')) }),
    ['one', 'two'],
  )
  assert.deepEqual(
    names({ 'x/1.yaml': application('web', source('a.yaml')), 'y/1.yaml': application('web', source('b.yaml')) }),
    ['x-web', 'y-web'],
  )
  assert.deepEqual(
    names({ 'x/1.yaml': application('east', source('a.yaml')), 'y/1.yaml': application('west', source('a.yaml')) }),
    ['east'],
  )
})

const RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: shop }
spec:
  chart: { spec: { chart: ./charts/web, sourceRef: { kind: GitRepository, name: infra, namespace: flux-system } } }
`
const GIT = (url: string): string =>
  `apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: infra, namespace: flux-system }\nspec: { url: ${url}, ref: { branch: main } }\n`

test('a HelmRelease whose chart is a folder of this repository', () => {
  assert.deepEqual(asked({ 'web.yaml': RELEASE }), { web: ['web in shop'] })
  const here = { 'web.yaml': RELEASE, 'git.yaml': GIT('ssh://git@github.com/acme/shop.git') }
  assert.deepEqual(asked(here, 'shop'), { web: ['web in shop'] })
  assert.deepEqual(asked(here, 'other'), {})
  assert.deepEqual(asked({ 'web.yaml': RELEASE.replace('kind: GitRepository', 'kind: HelmRepository') }), {})
  const target = RELEASE.replace('spec:\n', 'spec:\n  targetNamespace: live\n')
  assert.deepEqual(asked({ 'web.yaml': target }), { web: ['live-web in live'] })
})

test('a HelmRelease takes values from ConfigMaps and Secrets, then its own', () => {
  const from = (entries: string): string => `${RELEASE}  valuesFrom: ${entries}\n  values: { own: 1 }\n`
  const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map, namespace: shop }\ndata: { values.yaml: "a: 1", one: "2" }\n`
  const secret = `apiVersion: v1\nkind: Secret\nmetadata: { name: key, namespace: shop }\ndata: { values.yaml: ${btoa('b: 2')} }\n`
  const of = (entries: string, more: Readonly<Record<string, string>> = {}): unknown =>
    asked({ 'web.yaml': from(entries), 'map.yaml': map, 'key.yaml': secret, ...more })['web']
  assert.deepEqual(of('[{ kind: Secret, name: key }, { kind: ConfigMap, name: map }]'), [
    'web in shop',
    'b: 2',
    'a: 1',
    '{"own":1}',
  ])
  assert.deepEqual(of('[{ kind: ConfigMap, name: map, valuesKey: one, targetPath: x.y }]'), [
    'web in shop',
    '{"own":1}',
    'x.y=2',
  ])
  assert.deepEqual(of('[{ kind: ConfigMap, name: gone }]'), [
    'web in shop',
    '{"own":1}',
    'helm-values ConfigMap gone web.yaml:6',
  ])
  assert.deepEqual(of('[{ kind: ConfigMap, name: gone, optional: true }]'), ['web in shop', '{"own":1}'])
  const sops = `${secret}sops: { mac: x }\n`
  assert.deepEqual(of('[{ kind: Secret, name: key }]', { 'key.yaml': sops }), [
    'web in shop',
    '{"own":1}',
    'helm-values Secret key web.yaml:6',
  ])
})

test('a HelmRelease that a kustomization merges with another, or that something changes after the build, is not guessed at', () => {
  const patch =
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: web }\nspec: { values: { a: 1 } }\n'
  assert.deepEqual(asked({ 'base/web.yaml': RELEASE, 'production/web.yaml': patch }), {
    web: ['web in shop', 'helm-values production/web.yaml production/web.yaml:1'],
  })
  assert.deepEqual(
    asked({ 'web.yaml': `${RELEASE}  postRenderers: [{ kustomize: { images: [] } }, { other: {} }]\n` }),
    {
      web: ['web in shop', 'helm-values postRenderers web.yaml:6'],
    },
  )
})

test('dependencies: in charts/ by name or as a package, a folder of the repository, or missing', () => {
  const needing = (dependency: string): Readonly<Record<string, string>> => ({
    'web.yaml': RELEASE,
    'charts/web/Chart.yaml': `${CHART['charts/web/Chart.yaml']}dependencies:\n  - ${dependency}\n`,
    'charts/common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\n',
    'charts/web/charts/cache/Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 1.0.0\n',
    'charts/web/charts/db-12.1.0.tgz': '',
  })
  for (const dependency of [
    '{ name: redis }',
    '{ name: db, condition: db.enabled }',
    '{ name: common, repository: "file://../common" }',
  ])
    assert.deepEqual(asked(needing(dependency)), { web: ['web in shop'] }, dependency)
  for (const dependency of ['cache', 'd', 'nats'])
    assert.deepEqual(
      asked(needing(`{ name: ${dependency}, repository: "oci://example.com" }`)),
      { web: ['web in shop', `helm-dependency ${dependency} charts/web/Chart.yaml:5`] },
      dependency,
    )
})

test('a chart that the config names in place of a folder', () => {
  const files = { 'production.yaml': 'a: 1', 'web.yaml': RELEASE }
  const texts = new Map(Object.entries({ ...CHART, ...files }))
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const { releases } = readReleases(texts, {})
  const of = (configured: Parameters<typeof discoverEnvironments>[0]['configured']): unknown => {
    const [found] = discoverEnvironments({ entries, texts, releases, ...(configured && { configured }) }).environments
    return [
      found?.kind,
      found?.release?.release.name,
      found?.deliveries?.map((key) => String(JSON.parse(key)[1])),
      found?.refusals.map(({ code, entry }) => `${code} ${entry}`),
    ]
  }
  assert.deepEqual(
    of({ production: { helm: { chart: './charts/web/', values: ['production.yaml'], release: 'front' } } }),
    ['helm', 'front', [], []],
  )
  assert.deepEqual(of({ production: { helm: { chart: 'charts/web', values: ['none.yaml'] } } }), [
    'helm',
    undefined,
    [],
    ['helm-values none.yaml'],
  ])
  assert.deepEqual(of({ production: { path: 'charts/web' } }), ['helm', 'web', ['HelmRelease shop/web'], []])
  assert.deepEqual(of({ production: { helm: { chart: 'charts/none', values: [] } } }), [
    'helm',
    undefined,
    [],
    ['no-chart charts/none'],
  ])
})

test('a values file that a template names without quotes is shown as it is written', () => {
  for (const tag of ['{{ .Values.file }}', '{{ .Values.file | default "a.yaml" }}']) {
    const source = `  source:\n    path: charts/web\n    helm: { valueFiles: [${tag}] }\n`
    assert.deepEqual(asked({ 'app.yaml': application('web', source) }), {
      web: ['web in shop', `helm-values ${tag} app.yaml:8`],
    })
  }
})
