import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loneTemplates } from '../../../src/core/chart/lone-templates.ts'

const ROUTE = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: {{ .Release.Name }} }\n'
const ALL =
  'apiVersion: v2\nname: all\nversion: 0.1.0\ndependencies: [{ name: web, version: 0.1.0, repository: "file://../web" }]\n'
const FILES = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'charts/web/templates/route.yaml': ROUTE,
  'charts/all/Chart.yaml': ALL,
}

/** What Perch says about the template of `web`, if these files belong to an environment. */
function found(...owned: readonly string[]): readonly unknown[] {
  const owners = new Map(owned.map((file) => [file, []]))
  return loneTemplates({ owners, texts: new Map(Object.entries(FILES)) }).map(({ chart, copiedIn }) => [
    chart,
    copiedIn,
  ])
}

test('for a template of a chart that another chart has copied, the words say that helm renders the copy', () => {
  assert.deepEqual(found(), [['charts/web', undefined]])
  assert.deepEqual(found('charts/all/Chart.yaml'), [['charts/web', 'charts/all']])
  assert.deepEqual(found('charts/all/Chart.yaml', 'charts/web/templates/route.yaml'), [])
})
