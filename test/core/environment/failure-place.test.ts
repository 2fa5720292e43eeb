/** The places to which kustomize's messages about failed builds lead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failurePlace } from '../../../src/core/environment/failure-place.ts'

const FILES: Readonly<Record<string, string>> = {
  // Comes first by name, but a reader should begin in a kustomization.
  'base/all.yaml': '# spec.unknown, spec.base\n- op: remove\n  path: /spec/gone\n',
  'base/kustomization.yaml': 'resources:\n  - vs.yaml\n  - broken.yaml\n# spec.unknown, spec.base\n',
  'base/vs.yaml':
    '# first\napiVersion: v1\nkind: Service\nmetadata: { name: web }\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\n',
  'base/twice.yaml': 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n',
  'prod/kustomization.yaml':
    'resources: [../base]\npatches:\n  - patch: |-\n      - { op: remove, path: /spec/gone }\n    target:\n      kind: Deployment\n      name: missing\nreplacements:\n  - targets:\n      - fieldPaths: [spec.unknown]\n',
  'prod/patch.yaml': '- op: remove\n  path: /spec/gone\n',
  'readme.txt': 'name: missing\n',
}

function placeOf(said: string, files: Readonly<Record<string, string>> = FILES): string | undefined {
  const environment = { name: 'prod', kind: 'kustomize', root: 'prod', files: Object.keys(files), refusals: [] }
  const place = failurePlace(environment, new Map(Object.entries(files)), said)
  return place === undefined ? undefined : `${place.file}:${place.line}`
}

test('the place of a failed build is the one in its message', () => {
  const broken = { ...FILES, 'base/broken.yaml': 'a: 1\nb: [\n' }
  const table: readonly (readonly [string, string | undefined, Readonly<Record<string, string>>?])[] = [
    ['yaml: line 3: did not find', 'base/broken.yaml:2', broken],
    [
      "recursed accumulation of path 'base': accumulating resources from 'broken.yaml': yaml: line 1",
      'base/broken.yaml:2',
      broken,
    ],
    [
      "recursed accumulation of path 'base': accumulating resources from 'vs.yaml': MalformedYAMLError: yaml: line 4: x",
      'base/vs.yaml:4',
    ],
    ["remove operation does not apply: path: '/spec/gone' missing", 'prod/kustomization.yaml:4'],
    ["remove operation does not apply: path: '/spec/gone' missing", 'prod/kustomization.yaml:4', broken],
    ['no matches for Id Deployment.v1.apps/web.[noNs]; failed', 'base/vs.yaml:6'],
    [
      "may not add resource with an already registered id: Service.v1.[noGrp]/web.[noNs]: accumulating resources from '../base/twice.yaml'",
      'base/twice.yaml:1',
    ],
    ['may not add resource with an already registered id: Service.v1.[noGrp]/web.[noNs]', 'base/twice.yaml:1'],
    ['no matches for Id Deployment.v1.apps/missing.[noNs]; failed', 'prod/kustomization.yaml:7'],
    ['unable to find field "spec.unknown" in replacement target', 'prod/kustomization.yaml:10'],
    ['unable to find field "spec.base" in replacement target', 'base/kustomization.yaml:4'],
    [
      "recursed accumulation of path 'base': accumulating resources from 'vs.yaml': in File: gone.yaml: yaml: line 4: x",
      'base/vs.yaml:4',
    ],
    ["recursed accumulation of path 'base': accumulating resources from 'vs.yaml': odd", 'prod/kustomization.yaml:1'],
    ['something else', 'prod/kustomization.yaml:1'],
    ['something else', undefined, { 'base/vs.yaml': '' }],
  ]
  for (const [said, expected, files] of table) assert.equal(placeOf(said, files), expected, said)
})
