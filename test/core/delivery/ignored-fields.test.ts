/** What Argo CD ignores in the cluster, and what its Applications and Flux patch after the build. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDeliveries } from '../../../src/core/delivery/delivery.ts'
import { jqPaths } from '../../../src/core/delivery/ignored/jq-paths.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { findingsIn } from '../../../src/core/finding/find.ts'

const ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web]
  http:
    - name: main
      match: [{ uri: { prefix: / } }]
      route:
        - { destination: { host: web, subset: stable }, weight: 90 }
        - { destination: { host: web, subset: canary }, weight: 10 }
`

const HTTP_ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  rules:
    - name: main
      backendRefs: [{ name: web-stable, port: 80, weight: 90 }, { name: web-canary, port: 80, weight: 10 }]
`

function objectsOf(text: string) {
  const parsed = parseRendered(text)
  assert.ok(parsed.ok)
  return parsed.objects
}

/** Whether a deployer leaves the weights of a route alone, according to the texts. */
function ignored(texts: readonly string[], route = ROUTE): readonly string[] {
  const { deliveries } = readDeliveries(new Map(texts.map((text, index) => [`${index}.yaml`, text])))
  return findingsIn(objectsOf(route), { deliveries }).flatMap(({ detail, grade }) =>
    detail.code === 'weights-ignored' ? [`${grade} ${detail.how}`] : [],
  )
}

function application(entries: string, { options = '[RespectIgnoreDifferences=true]', more = '' } = {}): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: web, namespace: argocd }
spec:
  destination: { namespace: shop }
  source: { repoURL: infra, path: a${more} }
  syncPolicy: { automated: {}, syncOptions: ${options} }
  ignoreDifferences: [${entries}]
`
}

const OF = 'group: networking.istio.io, kind: VirtualService'

test('an entry counts if it ignores a weight of this object', () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    [`{ ${OF}, jsonPointers: [/spec/http] }`, ['error never']],
    [`{ ${OF}, jsonPointers: [/spec/http/0/route/1/weight] }`, ['error never']],
    [`{ ${OF}, jsonPointers: [/spec/http/3/route] }`, []],
    [`{ ${OF}, jsonPointers: [/spec/http/0/match, /spec/hosts, /metadata/annotations] }`, []],
    [`{ ${OF}, name: legacy, jsonPointers: [/spec/http] }`, []],
    [`{ ${OF}, name: web, namespace: shop, jsonPointers: [/spec/http] }`, ['error never']],
    [`{ ${OF}, namespace: other, jsonPointers: [/spec/http] }`, []],
    ['{ group: "*", kind: "*", managedFieldsManagers: [rollouts-controller] }', ['error never']],
    ['{ group: "*.istio.io", kind: Virtual*, jsonPointers: [/spec] }', ['error never']],
    ['{ group: apps, kind: Deployment, jsonPointers: [/spec] }', []],
    [`{ ${OF}, jqPathExpressions: [".spec.http[].route[].weight"] }`, ['error never']],
    [`{ ${OF}, jqPathExpressions: [".spec.http[]?.route[]?.weight"] }`, ['error never']],
    [`{ ${OF}, jqPathExpressions: ['.spec["http"][0].route'] }`, ['error never']],
    [`{ ${OF}, jqPathExpressions: ['.. | .weight?'] }`, ['error never']],
    [`{ ${OF}, jqPathExpressions: ['recurse | .weight?'] }`, ['error never']],
    [`{ ${OF}, jqPathExpressions: ['.spec.hosts | recurse | .weight?'] }`, []],
    [`{ ${OF}, jqPathExpressions: ['recurse(.route[]) | .weight?'] }`, ['warning unread']],
    [`{ ${OF}, jqPathExpressions: ['.spec.http[] | select(.name == "main") | .route[].weight'] }`, ['error never']],
    [`{ ${OF}, jqPathExpressions: ['.spec.http[] | select(.name == "other") | .route[].weight'] }`, []],
    [`{ ${OF}, jqPathExpressions: ['select(.metadata.name == "legacy") | .spec'] }`, []],
    [
      `{ ${OF}, jqPathExpressions: ['.spec.http[].route[] | select(.destination.subset | startswith("can")) | .weight'] }`,
      ['error never'],
    ],
    [`{ ${OF}, jqPathExpressions: [".spec.http[].match", ".status"] }`, []],
    [`{ ${OF}, jqPathExpressions: ['walk(if type == "object" then del(.weight) else . end)'] }`, ['warning unread']],
  ]
  for (const [entry, expected] of table) assert.deepEqual(ignored([application(entry)]), expected, entry)
})

test('without RespectIgnoreDifferences a sync applies them all the same, so it is only worth knowing', () => {
  for (const options of ['[]', '[CreateNamespace=true]', '[RespectIgnoreDifferences=false]'])
    assert.deepEqual(ignored([application(`{ ${OF}, jsonPointers: [/spec/http] }`, { options })]), ['note compared'])
})

test('an expression may pick a route of the Gateway API by what is in it', () => {
  const entry = (query: string): string =>
    application(`{ group: gateway.networking.k8s.io, kind: HTTPRoute, jqPathExpressions: ['${query}'] }`)
  assert.deepEqual(ignored([entry('select(.spec.rules[].name == "main") | .spec.rules')], HTTP_ROUTE), ['error never'])
  assert.deepEqual(ignored([entry('select(.spec.rules[].name == "other") | .spec.rules')], HTTP_ROUTE), [])
  assert.deepEqual(ignored([entry('.spec.rules[].backendRefs[].weight')]), [], 'a VirtualService is none')
})

test('so do the values of its chart, what releases that, and the object of its operator', () => {
  const key = 'resource.customizations.ignoreDifferences.networking.istio.io_VirtualService'
  const values = (indent: string): string =>
    ['configs:', '  cm:', `    ${key}: |`, '      jsonPointers: [/spec/http]']
      .map((line) => `${indent}${line}\n`)
      .join('')
  const release = (helm: string): string =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: argocd }\nspec:\n  source:\n    chart: argo-cd\n    helm:\n${helm}`
  const operator = `apiVersion: argoproj.io/v1beta1
kind: ArgoCD
metadata: { name: argocd }
spec:
  resourceIgnoreDifferences:
    resourceIdentifiers:
      - { group: networking.istio.io, kind: VirtualService, customization: { jqPathExpressions: ['.spec.http[].route[].weight'] } }
`
  const all = [
    values(''),
    release(`      values: |\n${values('        ')}`),
    release(`      valuesObject:\n${values('        ')}`),
    operator,
    operator.replace('VirtualService', 'DestinationRule'),
    values('').replace('_VirtualService', '_Gateway'),
  ]
  assert.deepEqual(
    all.map((text) => ignored([application(''), text]).length),
    [1, 1, 1, 1, 0, 0],
  )
})

test('argocd-cm speaks for every Application', () => {
  const settings = (data: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: argocd-cm, namespace: argocd }\ndata:\n${data}`
  const key = '  resource.customizations.ignoreDifferences.'
  const body = ' |\n    jqPathExpressions: [".spec.http[].route[].weight"]\n'
  assert.deepEqual(ignored([application(''), settings(`${key}networking.istio.io_VirtualService:${body}`)]), [
    'error never',
  ])
  assert.deepEqual(ignored([application(''), settings(`${key}all:${body}`)]), ['error never'])
  assert.deepEqual(ignored([application(''), settings(`${key}apps_Deployment:${body}`)]), [])
  const old =
    '  resource.customizations: |\n    networking.istio.io/VirtualService:\n      ignoreDifferences: |\n        jsonPointers: [/spec/http]\n'
  assert.deepEqual(ignored([application(''), settings(old)]), ['error never'])
  assert.deepEqual(ignored([settings(`${key}all:${body}`)]), [], 'nothing of ours is deployed by Argo CD')
})

test('the patches of a deployer after the build decide what is live', () => {
  const patched = (patches: string): readonly string[] =>
    ignored([application('', { more: `, kustomize: { patches: [${patches}] }` })])
  const operation = (path: string): string => `"- { op: replace, path: ${path}, value: 100 }"`
  const target = 'target: { kind: VirtualService, name: web }'
  assert.deepEqual(patched(`{ ${target}, patch: ${operation('/spec/http/0/route/0/weight')} }`), ['error patched'])
  assert.deepEqual(patched(`{ ${target}, patch: ${operation('/spec/http/0/timeout')} }`), [])
  assert.deepEqual(patched(`{ target: { kind: VirtualService, name: other }, patch: ${operation('/spec/http')} }`), [])
  assert.deepEqual(patched(`{ target: { kind: Virtual.*, name: w.* }, patch: ${operation('/spec/http')} }`), [
    'error patched',
  ])
  assert.deepEqual(patched(`{ ${target}, patch: "- { op: test, path: /spec/http, value: [] }" }`), [])
  const merge = (name: string, spec: string): string =>
    `{ patch: "{ apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: { name: ${name} }, spec: ${spec} }" }`
  assert.deepEqual(patched(merge('web', '{ http: [] }')), ['error patched'])
  assert.deepEqual(patched(merge('web', '{ hosts: [a] }')), [])
  assert.deepEqual(patched(merge('other', '{ http: [] }')), [])
  const flux = `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps }\nspec: { path: a, patches: [{ ${target}, patch: ${operation('/spec/http/0/route')} }] }\n`
  assert.deepEqual(ignored([flux]), ['error patched'])
})

test('jq: paths in an object, and what is left unread', () => {
  const object = { a: [{ b: 1, c: 'x' }, { b: 2 }], 'd.e': { f: null } }
  const table: readonly (readonly [string, unknown])[] = [
    ['.', [[]]],
    ['.a', [['a']]],
    [
      '.a[]',
      [
        ['a', 0],
        ['a', 1],
      ],
    ],
    ['.a.[1].b', [['a', 1, 'b']]],
    ['.a[-1]', [['a', 1]]],
    ['."d.e".f', [['d.e', 'f']]],
    ['.["d.e"]["f"]', [['d.e', 'f']]],
    ['.a, .g', [['a'], ['g']]],
    ['.a[] | select(.b > 1 and (.c == "x" | not))', [['a', 1]]],
    ['.a[] | select(.c // "y" | contains("y"))', [['a', 1]]],
    ['.a[] | select(has("c")) | .b', [['a', 0, 'b']]],
    ['.a | empty', []],
    ['(.a)[0]', [['a', 0]]],
    ['"text"', []],
    ['select((.a[].b > 1) and true) | .a', [['a']]],
    ['select(true and (.a[].b > 1)) | .a', [['a']]],
    ['select((.a[].b > 2) or (.a[].b > 1)) | .a', [['a']]],
    ['select((.a[].b > 1) or (.a[].b > 2)) | .a', [['a']]],
    ['select((.a[].b > 2) or false) | .a', []],
    [`${'('.repeat(50)}.a${')'.repeat(50)}`, [['a']]],
    [`${'('.repeat(51)}.a${')'.repeat(51)}`, 'unknown'],
    ['.a[1:]', 'unknown'],
    ['.a |', 'unknown'],
    ['.a[', 'unknown'],
    ['.a as $x | $x', 'unknown'],
    ['def f: f; f', 'unknown'],
    ['.a[] | select(test("x"))', 'unknown'],
    ['recurse(.a)', 'unknown'],
    [`${'.. | '.repeat(40)}..`, 'unknown'],
    [`${'('.repeat(1_900)}.a`, 'unknown'],
    ['.'.repeat(5_000), 'unknown'],
  ]
  for (const [expression, expected] of table) assert.deepEqual(jqPaths(expression, object), expected, expression)
})
