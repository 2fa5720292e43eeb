/** What Perch refuses in a kustomization with charts, because kustomize might read it differently. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKustomization } from '../../../src/core/environment/kustomization.ts'

function read(text: string): readonly string[] {
  const { references, complaints } = readKustomization(text, 'kustomization.yaml')
  return [
    ...references.map(({ entry, leadsTo, line }) => `${leadsTo} ${entry}:${line}`),
    ...complaints.map(({ code, entry, line }) => `${code} ${entry}:${line}`),
  ]
}

test('charts are read from their home, with their values, and nothing else is understood', () => {
  const chart = 'helmCharts:\n  - name: web\n'
  assert.deepEqual(read(chart), ['chart charts/web:2'])
  assert.deepEqual(read(`${chart}helmGlobals: { chartHome: own }\n`), ['chart own/web:2'])
  assert.deepEqual(read(`${chart}helmGlobals: { configHome: x }\n`), [
    'chart charts/web:2',
    'unknown-field configHome:3',
  ])
  assert.deepEqual(read(`${chart}    valuesFile: a.yaml\n    additionalValuesFiles: [b.yaml]\n`), [
    'chart charts/web:2',
    'file a.yaml:3',
    'file b.yaml:4',
  ])
  assert.deepEqual(read(`${chart}    version: 1.2.0\n    repo: https://charts.example.com\n`), [
    'chart charts/web-1.2.0/web:2',
  ])
  assert.deepEqual(read(`${chart}    version: 1.2.0\n`), ['chart charts/web:2'])
  assert.deepEqual(read(`${chart}    devel: true\n`), ['chart charts/web:2', 'unknown-field devel:3'])
  assert.deepEqual(read('helmCharts: [{ version: 1 }, text]\n'), ['unparsable 0:1', 'unparsable 1:1'])
  assert.deepEqual(read('helmChartInflationGenerator: [{ chartName: web }]\n'), [
    'plugin helmChartInflationGenerator:1',
  ])
})
