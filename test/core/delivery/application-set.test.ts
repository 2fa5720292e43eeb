import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { DeliverySource } from '../../../src/core/delivery/delivery-source.ts'
import { readDeliveries } from '../../../src/core/delivery/delivery.ts'
import { fillingOf, paramsNow } from '../../../src/core/delivery/generators/elements.ts'
import { filledText } from '../../../src/core/delivery/generators/params.ts'
import { pathPattern } from '../../../src/core/text/path-pattern.ts'

const FILES: Readonly<Record<string, string>> = {
  'apps/web/kustomization.yaml': 'resources: []\n',
  'apps/db/kustomization.yaml': 'resources: []\n',
  'apps/old/kustomization.yaml': 'resources: []\n',
  'apps/web/more/a.yaml': 'a: 1\n',
  'clusters/eu/config.yaml': 'cluster: { name: eu-1, tier: gold }\n',
  'clusters/us/config.json': '{ "cluster": { "name": "us-1", "tier": "silver" } }',
}

const CLUSTERS: DeliverySource['clusters'] = {
  'eu-1': { server: 'https://eu', labels: { env: 'production', 'example.com/zone': 'eu' } },
  'us-1': { server: 'https://us', labels: { env: 'staging' } },
}

interface Set {
  readonly generators: string
  readonly path: string
  readonly name?: string
  readonly more?: string
  /** Paths of more sources. */
  readonly others?: readonly string[]
}

function read({ generators, path, name = 'web', more = '', others = [] }: Set, source: DeliverySource = {}) {
  const sources = others.map((other) => `{ repoURL: infra, path: '${other}' }`)
  const text = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: all, namespace: argocd }
spec:
  ${more}
  generators: ${generators}
  template:
    metadata: { name: "${name}" }
    spec: { source: { repoURL: infra, path: '${path}' }, sources: [${sources.join(', ')}] }
`
  const texts = new Map(Object.entries({ ...FILES, 'set.yaml': text }))
  return readDeliveries(texts, { repository: 'infra', paths: [...texts.keys()], clusters: CLUSTERS, ...source })
}

/** `web → apps/web`: the Applications of a set, and the folders that they deploy. */
function applications(set: Set, source: DeliverySource = {}): readonly string[] {
  return read(set, source).deliveries.map(({ title, path }) => `${title.replace('Application argocd/', '')} → ${path}`)
}

const GO = 'goTemplate: true'
const DIRECTORIES = '[{git: {repoURL: infra, directories: [{path: apps/*}, {path: apps/old, exclude: true}]}}]'

test('a list', () => {
  const generators =
    '[{list: {elements: [{env: eu, values: {folder: apps/web}}, {env: us, values: {folder: apps/db}}]}}]'
  const expected = ['web-eu → apps/web', 'web-us → apps/db']
  assert.deepEqual(applications({ generators, path: '{{values.folder}}', name: 'web-{{env}}' }), expected)
  assert.deepEqual(applications({ generators, path: '{{ values.folder }}', name: 'web-{{ env }}' }), expected)
  const go = { generators, path: '{{ .values.folder }}', name: 'web-{{.env}}', more: GO }
  assert.deepEqual(applications(go), expected)
})

test('folders and files of the repository', () => {
  const folders = ['db → apps/db', 'web → apps/web']
  assert.deepEqual(applications({ generators: DIRECTORIES, path: '{{path}}', name: '{{path.basename}}' }), folders)
  assert.deepEqual(
    applications({ generators: DIRECTORIES, path: '{{ .path.path }}', name: '{{ index .path.segments 1 }}', more: GO }),
    folders,
  )
  const files = '[{git: {repoURL: infra, files: [{path: "clusters/**/config.*"}]}}]'
  assert.deepEqual(
    applications({ generators: files, path: 'apps/{{path.basename}}', name: '{{cluster.name}}-{{cluster.tier}}' }),
    ['eu-1-gold → apps/eu', 'us-1-silver → apps/us'],
  )
  assert.deepEqual(
    applications({ generators: files, path: '{{ .path.path }}', name: '{{ .cluster.name }}', more: GO }),
    ['eu-1 → clusters/eu', 'us-1 → clusters/us'],
  )
  const others = DIRECTORIES.replace('infra', 'other')
  assert.deepEqual(applications({ generators: others, path: '{{path}}' }), [])
})

test('a file that has to be read first is requested', () => {
  const generators = '[{git: {repoURL: infra, files: [{path: "clusters/*/more.json"}]}}]'
  const found = read({ generators, path: '{{folder}}' }, { paths: ['clusters/eu/more.json'] })
  assert.deepEqual(found.needs, ['clusters/eu/more.json'])
})

test('clusters are those of the config, by their labels', () => {
  const generators = (selector: string): string => `[{clusters: {selector: ${selector}, values: {at: "x-{{name}}"}}}]`
  const set = (selector: string): Set => ({
    generators: generators(selector),
    path: 'apps/{{metadata.labels.env}}',
    name: '{{values.at}}',
  })
  assert.deepEqual(applications(set('{}')), ['x-eu-1 → apps/production', 'x-us-1 → apps/staging'])
  assert.deepEqual(applications(set('{matchLabels: {env: staging}}')), ['x-us-1 → apps/staging'])
  assert.deepEqual(applications(set('{matchExpressions: [{key: example.com/zone, operator: Exists}]}')), [
    'x-eu-1 → apps/production',
  ])
  assert.deepEqual(applications(set('{matchExpressions: [{key: env, operator: NotIn, values: [staging]}]}')), [
    'x-eu-1 → apps/production',
  ])
  const go = { ...set('{}'), path: '{{ index .metadata.labels "env" }}', name: '{{.name}}', more: GO }
  assert.deepEqual(applications(go), ['eu-1 → production', 'us-1 → staging'])
  // It is unknown which clusters there are.
  assert.deepEqual(applications(set('{}'), { clusters: undefined }), [])
})

test('a matrix, whose second generator may use the first, and a merge', () => {
  const list = '{list: {elements: [{env: eu}, {env: us}]}}'
  assert.deepEqual(
    applications({
      generators: `[{matrix: {generators: [${DIRECTORIES.slice(1, -1)}, ${list}]}}]`,
      path: '{{path}}/{{env}}',
      name: '{{path.basename}}-{{env}}',
    }),
    ['db-eu → apps/db/eu', 'db-us → apps/db/us', 'web-eu → apps/web/eu', 'web-us → apps/web/us'],
  )
  const inner = '{git: {repoURL: infra, directories: [{path: "clusters/{{env}}"}]}}'
  assert.deepEqual(
    applications({ generators: `[{matrix: {generators: [${list}, ${inner}]}}]`, path: '{{path}}', name: '{{env}}' }),
    ['eu → clusters/eu', 'us → clusters/us'],
  )
  const more = '{list: {elements: [{env: us, folder: apps/db}]}}'
  const base = '{list: {elements: [{env: eu, folder: apps/web}, {env: us, folder: apps/web}]}}'
  assert.deepEqual(
    applications({
      generators: `[{merge: {mergeKeys: [env], generators: [${base}, ${more}]}}]`,
      path: '{{folder}}',
      name: '{{env}}',
    }),
    ['eu → apps/web', 'us → apps/db'],
  )
})

test('a selector on a generator, and several generators', () => {
  const list = '{list: {elements: [{env: eu}, {env: us}]}}'
  const selected = list.replace(/\}$/, ', selector: {matchLabels: {env: us}}}')
  assert.deepEqual(applications({ generators: `[${selected}, ${list}]`, path: 'apps/{{env}}', name: '{{env}}' }), [
    'us → apps/us',
    'eu → apps/eu',
    'us → apps/us',
  ])
})

test('unknown Applications are not deployed, and no large input takes long', () => {
  const list = '[{list: {elements: [{env: eu}]}}]'
  assert.deepEqual(applications({ generators: list, path: '{{ .env | lower }}', more: GO }), [])
  assert.deepEqual(applications({ generators: list, path: 'apps/{{gone}}' }), [])
  assert.deepEqual(applications({ generators: '[{pullRequest: {}}]', path: 'apps/{{branch}}' }), [])
  assert.deepEqual(applications({ generators: '[{pullRequest: {}}]', path: 'apps/web' }), [
    'ApplicationSet argocd/all → apps/web',
  ])
  const patch = 'templatePatch: "spec: { source: { path: x } }"'
  assert.deepEqual(applications({ generators: list, path: 'apps/{{env}}', more: patch }), [])
  const many = `{list: {elements: [${'{a: b},'.repeat(900)}]}}`
  assert.deepEqual(applications({ generators: `[{matrix: {generators: [${many}, ${many}]}}]`, path: '{{a}}' }), [])
  assert.equal(pathPattern('[ab]'), undefined)
  assert.equal(pathPattern('*a*b*c*d*e*f*g*h'), undefined)
  assert.equal(pathPattern('a/**/{b,c}*.yaml')?.('a/x/y/bz.yaml'), true)
})

test('what an ApplicationSet adds to a build has its parameters filled in', () => {
  const text = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: all, namespace: argocd }
spec:
  generators: [{list: {elements: [{env: eu}, {env: us}]}}]
  template:
    metadata: { name: "web-{{env}}" }
    spec: { source: { repoURL: infra, path: web, kustomize: { namePrefix: "{{env}}-" } } }
`
  const { deliveries } = readDeliveries(new Map([['set.yaml', text]]))
  assert.deepEqual(
    deliveries.map(({ title, additions }) => [title, additions?.fields]),
    [
      ['Application argocd/web-eu', { namePrefix: 'eu-' }],
      ['Application argocd/web-us', { namePrefix: 'us-' }],
    ],
  )
})

const gapsOf = (set: Set, source: DeliverySource = {}): readonly string[] =>
  read(set, source).gaps.map(({ file, line, why, entry, prefix }) => `${file}:${line} ${why} ${entry} ${prefix}`)

test('a generator that cannot be expanded is named with its file and line', () => {
  const asks = '{pullRequest: {github: {owner: acme, repo: shop}}}'
  const list = '{list: {elements: [{env: eu}]}}'
  const path = 'apps/{{branch}}'
  assert.deepEqual(gapsOf({ generators: `[${list}, ${asks}]`, path }), ['set.yaml:6 generator pullRequest apps/'])
  for (const name of ['scmProvider', 'clusterDecisionResource', 'plugin'])
    assert.deepEqual(gapsOf({ generators: `\n  - ${name}: {}`, path }), [`set.yaml:7 generator ${name} apps/`])
  assert.deepEqual(
    gapsOf({ generators: `\n  - matrix:\n      generators:\n        - ${list}\n        - ${asks}`, path }),
    ['set.yaml:10 generator pullRequest apps/'],
  )
  assert.deepEqual(gapsOf({ generators: '[{clusters: {}}]', path: '{{name}}' }, { clusters: undefined }), [
    'set.yaml:6 generator clusters ',
  ])
  const several = (...others: readonly string[]): readonly string[] => gapsOf({ generators: `[${asks}]`, path, others })
  assert.deepEqual(several('apps/{{number}}', 'charts/web'), ['set.yaml:6 generator pullRequest apps/'])
  assert.deepEqual(several('charts/{{branch}}'), ['set.yaml:6 generator pullRequest '], 'it may deploy any folder')
  const lower = { generators: DIRECTORIES, path: '{{ .path.path | lower }}', more: GO }
  assert.deepEqual(gapsOf(lower), ['set.yaml:9 expression {{ .path.path | lower }} '])
})

test('known parts, and parts that do not decide which folders are deployed, are no gap', () => {
  assert.deepEqual(gapsOf({ generators: DIRECTORIES, path: '{{path}}' }), [])
  assert.deepEqual(gapsOf({ generators: '[{pullRequest: {}}]', path: 'apps/web', name: 'web-{{number}}' }), [])
  assert.deepEqual(gapsOf({ generators: '[{clusters: {}}]', path: 'apps/web' }, { clusters: undefined }), [])
  assert.deepEqual(gapsOf({ generators: '[{pullRequest: {}}]', path: '{{branch}}' }, { repository: 'other' }), [])
})

test('generators in generators are looked into as deep as Argo CD allows and a little more, and no deeper', () => {
  const nested = (depth: number): string =>
    depth === 0 ? '{pullRequest: {}}' : `{matrix: {generators: [${nested(depth - 1)}]}}`
  const nameAt = (depth: number): string =>
    gapsOf({ generators: `[${nested(depth)}]`, path: '{{branch}}' })
      .map((gap) => gap.replace(/^\S+ /, ''))
      .join()
  assert.match(nameAt(2), /^generator pullRequest /)
  assert.match(nameAt(4), /^generator pullRequest /)
  assert.match(nameAt(5), /^generator matrix /)
  assert.match(nameAt(50), /^generator matrix /)
})

test('an element of a list is found again by the name of its Application, or else by everything except numbers', () => {
  const spec = (elements: string, name: string): Readonly<Record<string, unknown>> =>
    parse(`{goTemplate: true, generators: [{list: {elements: ${elements}}}], template: {metadata: {name: '${name}'}}}`)
  const weightIn = (now: string, then: string, name: string): unknown => {
    const [params = {}] = parse(now)
    const filling = fillingOf(spec(now, name), params, { files: [], texts: new Map() })
    return paramsNow({ spec: spec(then, name) }, filling, new Map())['weight']
  }
  const now = '[{env: eu-1, region: a, weight: 5}, {env: eu-2, region: b, weight: 10}]'
  const named = 'web-{{ .env }}'
  assert.equal(weightIn(now, now, named), 5)
  assert.equal(weightIn(now, '[{env: eu-2, region: b, weight: 10}, {env: eu-1, region: a, weight: 1}]', named), 1)
  assert.equal(weightIn(now, '[{env: eu-2, region: b, weight: 10}, {env: eu-1, region: c, weight: 1}]', named), 1)
  assert.equal(weightIn(now, '[{env: eu-2, region: b, weight: 10}]', named), undefined)
  assert.equal(weightIn(now, '[{env: eu-2, region: b, weight: 10}, {env: eu-1, region: a, weight: 1}]', 'web'), 1)
  assert.equal(
    weightIn(now, '[{env: eu-1, region: c, weight: 1}, {env: eu-2, region: b, weight: 1}]', 'web'),
    undefined,
  )
  // It makes the only Application with that name.
  assert.equal(weightIn(now, '[{env: eu-1, region: c, weight: 1}]', 'web'), 1)
  const numbers = '[{cluster: 1, weight: 5}, {cluster: 2, weight: 10}]'
  assert.equal(weightIn(numbers, numbers, 'web'), 5)
  assert.equal(weightIn(numbers, '[{cluster: 2, weight: 10}, {cluster: 1, weight: 1}]', 'web'), undefined)
  assert.equal(weightIn(numbers, '[{cluster: 2, weight: 10}, {cluster: 1, weight: 1}]', 'web-{{ .cluster }}'), 1)
})

test('an expression that is more than a path, or an index of one, stays as it is', () => {
  const params = { a: 'v', list: ['x', 'y'], '': 'nothing' }
  const go = [
    '{{ .a }}',
    '{{- .a -}}',
    '{{.list.1}}',
    '{{ index .list 1 }}',
    '{{.}}',
    '{{}}',
    '{{ index . "a" }}',
    '{{ index .a }}',
  ]
  assert.deepEqual(
    go.map((text) => filledText(text, params, true)),
    ['v', 'v', 'y', 'y', ...go.slice(4)],
  )
  const plain = ['{{a}}', '{{ a }}', '{{b}}', '{{ a b }}', '{a}']
  assert.deepEqual(
    plain.map((text) => filledText(text, params, false)),
    ['v', 'v', ...plain.slice(2)],
  )
})
