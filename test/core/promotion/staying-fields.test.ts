/** The fields of kustomizations that a promotion leaves where they are, and why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stayingEntries, stayingFields } from '../../../src/core/promotion/carry-kustomization.ts'
import { environmentNames } from '../../../src/core/promotion/environment-names.ts'
import type { FolderKustomization } from '../../../src/core/promotion/folder.ts'

const NAMES = environmentNames(['staging'], ['production'])

function kustomization(path: string, data: FolderKustomization['data']): FolderKustomization {
  return { folder: '', path: `${path}/kustomization.yaml`, text: '', data }
}

function staying(source: FolderKustomization['data'], target: FolderKustomization['data']): readonly string[] {
  const pair = { source: kustomization('staging', source), target: kustomization('production', target) }
  return stayingFields(pair, NAMES).map(({ file, what, why }) => `${file} ${what}: ${why}`)
}

test('fields that a kustomization sets for all objects belong to their environment, and others are not carried exactly', () => {
  const placed = ['commonAnnotations', 'commonLabels', 'labels', 'namePrefix', 'nameSuffix', 'namespace', 'replicas']
  for (const field of placed) {
    assert.deepEqual(staying({ [field]: ['a'] }, { [field]: ['b'] }), [
      `production/kustomization.yaml ${field}: placement`,
    ])
    assert.deepEqual(staying({ [field]: ['a'] }, {}), [`production/kustomization.yaml ${field}: placement`])
    assert.deepEqual(staying({ [field]: ['a'] }, { [field]: ['a'] }), [])
  }
  const table: readonly (readonly [object, object, string])[] = [
    [{ secretGenerator: [1] }, {}, 'secretGenerator: secret'],
    [{ configMapGenerator: [1] }, {}, 'configMapGenerator: not-exact'],
    [{ configMapGenerator: [1] }, { configMapGenerator: [2] }, 'configMapGenerator: not-exact'],
    [{}, { configMapGenerator: [2] }, 'configMapGenerator: target-only'],
  ]
  for (const [source, target, expected] of table)
    assert.deepEqual(staying({ ...source }, { ...target }), [`production/kustomization.yaml ${expected}`])
  const compared = ['apiVersion', 'kind', 'metadata', 'images', 'resources', 'patches']
  for (const field of [...compared, 'patchesStrategicMerge', 'patchesJson6902'])
    assert.deepEqual(staying({ [field]: 'a' }, { [field]: 'b' }), [], field)
})

test('entries that only the source has and that name no file stay with it', () => {
  const entries = (source: FolderKustomization['data'], target: FolderKustomization['data']): readonly string[] =>
    stayingEntries(
      { source: kustomization('staging', source), target: kustomization('production', target) },
      () => 'not-exact',
    ).map(({ file, what, why }) => `${file} ${what}: ${why}`)
  const inline = { patch: '- op: remove\n  path: /a\n', target: { kind: 'Service' } }
  const stays = (field: string): string => `staging/kustomization.yaml ${field}: not-exact`
  assert.deepEqual(entries({ patches: [inline] }, {}), [stays('patches')])
  assert.deepEqual(entries({ patches: [inline] }, { patches: [inline] }), [])
  assert.deepEqual(entries({ patches: [{ path: 'a.yaml' }] }, {}), [])
  assert.deepEqual(entries({ patchesStrategicMerge: ['kind: Service\nmetadata: { name: a }\n'] }, {}), [
    stays('patchesStrategicMerge'),
  ])
  assert.deepEqual(entries({ patchesJson6902: [{ ...inline, path: undefined }] }, {}), [stays('patchesJson6902')])
  assert.deepEqual(entries({ resources: ['a.yaml', 'b\n'] }, {}), [stays('resources')])
})
