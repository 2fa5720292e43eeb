import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { NO_OPTIONS } from '../../src/core/chart/release.ts'
import type { BuildSource } from '../../src/ports/renderer.ts'
import { BASE, CHART, SCHEMA } from './builds.ts'
import { memoryRenderer } from './renderer.ts'
import { QUIET } from '../quiet-log.ts'

const real = openRenderer({ log: QUIET })
const memory = memoryRenderer()
const HELM = {
  kind: 'helm',
  chart: 'charts/web',
  release: 'web',
  namespace: 'shop',
  values: [{ path: 'charts/web/values-production.yaml' }, { text: 'versions: { canary: v3 }' }],
  settings: [{ name: 'versions.stable', value: 'v2', isText: true }],
  options: NO_OPTIONS,
} as const
const PATCHED = {
  ...BASE,
  'overlays/a/kustomization.yaml': `resources: [../../base]
namespace: shop
patches:
  - path: subsets.yaml
  - target: { kind: VirtualService, name: web }
    patch: |-
      - { op: replace, path: /spec/http/0/route/0/weight, value: 75 }
      - { op: add, path: /spec/http/0/timeout, value: 3s }
      - { op: add, path: /spec/hosts/-, value: web.shop }
  - target: { kind: DestinationRule }
    patch: |-
      apiVersion: networking.istio.io/v1
      kind: DestinationRule
      metadata: { name: any, annotations: { c: d } }
`,
  'overlays/a/subsets.yaml': `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, labels: { a: b } }
spec:
  host: null
  subsets: [{ name: stable, labels: { version: v9 } }]
`,
}
const BUILDS: readonly (readonly [string, Readonly<Record<string, string>>, BuildSource])[] = [
  ['a chart', { ...CHART, 'charts/web/values-production.yaml': 'canary: { weight: 30 }\n' }, HELM],
  [
    'a chart without its route',
    { ...CHART, 'charts/web/values-production.yaml': 'canary: { enabled: false }\n' },
    HELM,
  ],
  [
    'a chart with a schema',
    { ...CHART, ...SCHEMA, 'charts/web/values-production.yaml': 'canary: { weight: 30 }\n' },
    HELM,
  ],
  [
    'a chart whose schema refuses a value',
    { ...CHART, ...SCHEMA, 'charts/web/values-production.yaml': 'canary: { weight: 300 }\n' },
    HELM,
  ],
  ['a broken chart', { ...CHART, 'charts/web/templates/a.yaml': 'a: {{ fail "no" }}\n' }, HELM],
  [
    'a chart with a value that is not there',
    { ...CHART, 'charts/web/templates/a.yaml': 'a: {{ .Values.b.c }}\n' },
    HELM,
  ],
  ['a kustomization with patches', PATCHED, { kind: 'kustomize', root: 'overlays/a' }],
  [
    'a resource that is not there',
    { 'a/kustomization.yaml': 'resources: [gone.yaml]\n' },
    { kind: 'kustomize', root: 'a' },
  ],
]

for (const [what, files, source] of BUILDS) {
  const tool = await real.tool(source.kind)
  const needs = tool === undefined ? { skip: `${source.kind} is not installed` } : {}
  test(`in memory like on a machine: ${what}`, needs, async () => {
    const [is, wanted] = [
      await memory.render(new Map(Object.entries(files)), source),
      await real.render(new Map(Object.entries(files)), source),
    ]
    assert.equal(is.ok, wanted.ok, JSON.stringify([is, wanted]))
    assert.deepEqual(objectsIn(is.ok ? is.yaml : ''), objectsIn(wanted.ok ? wanted.yaml : ''))
  })
}

function objectsIn(yaml: string): readonly unknown[] {
  return parseAllDocuments(yaml)
    .map((one): unknown => one.toJS())
    .filter((one) => one !== null)
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
