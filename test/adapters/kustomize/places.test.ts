import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRenderer } from '../../../src/adapters/kustomize/renderer.ts'
import { failurePlace } from '../../../src/core/environment/failure-place.ts'
import { needsKustomize } from '../../tools.ts'
import { QUIET } from '../../quiet-log.ts'

/** The messages of the real kustomize about failed builds, and the lines of the user's files to which they lead. */

const renderer = openRenderer({ log: QUIET, path: process.env['PATH'] ?? '' })

const BASE = {
  'base/kustomization.yaml': 'resources: [d.yaml]\n',
  'base/d.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n',
}
const K = 'o/prod/kustomization.yaml'
const from = (...lines: readonly string[]): string => ['resources:', '- ../../base', ...lines, ''].join('\n')
const JSON_PATCH = '- op: test\n  path: /spec/replicas\n  value: 1\n- op: remove\n  path: /spec/gone\n'
const patchOf = (name: string): string => `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\n`

interface Case {
  readonly files: Readonly<Record<string, string>>
  readonly place: string
}

const CASES: Readonly<Record<string, Case>> = {
  'a patch file for what is not there': {
    files: { [K]: from('patches:', '- path: p.yaml'), 'o/prod/p.yaml': `# a patch\n${patchOf('other')}` },
    place: 'o/prod/p.yaml:2',
  },
  'an old-style patch file for what is not there': {
    files: { [K]: from('patchesStrategicMerge: [p.yaml]'), 'o/prod/p.yaml': patchOf('other') },
    place: 'o/prod/p.yaml:1',
  },
  'a patch in the kustomization for what is not there': {
    files: {
      [K]: from(
        'patches:',
        '- patch: |-',
        '    apiVersion: apps/v1',
        '    kind: Deployment',
        '    metadata:',
        '      name: other',
      ),
    },
    place: `${K}:8`,
  },
  'an operation of a JSON patch that does not fit': {
    files: {
      [K]: from('patches:', '- target: {kind: Deployment, name: web}', '  path: j.yaml'),
      'o/prod/j.yaml': JSON_PATCH,
    },
    place: 'o/prod/j.yaml:5',
  },
  'an operation in the kustomization that does not fit': {
    files: {
      [K]: from(
        'patches:',
        '- target: {kind: Deployment}',
        '  patch: |-',
        '    - op: replace',
        '      path: /spec/x/y',
        '      value: 1',
      ),
    },
    place: `${K}:7`,
  },
  'an operation that adds to what is not there': {
    files: {
      [K]: from(
        'patches:',
        '- target: {kind: Deployment}',
        '  patch: |-',
        '    - {op: add, path: /spec/x/y, value: 1}',
      ),
    },
    place: `${K}:6`,
  },
  'a resource that is no YAML': {
    files: {
      [K]: from('- y.yaml'),
      'o/prod/y.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: b: c\n',
    },
    place: 'o/prod/y.yaml:5',
  },
  'a resource of the base that is no YAML': {
    files: { [K]: from(), 'base/d.yaml': `${BASE['base/d.yaml']}---\napiVersion: v1\nkind: [\n` },
    place: 'base/d.yaml:7',
  },
  'a key that is there twice': {
    files: {
      [K]: from('- y.yaml'),
      'o/prod/y.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: b\n  a: c\n',
    },
    place: 'o/prod/y.yaml:6',
  },
  'an object that is there twice': {
    files: { [K]: from('- d.yaml'), 'o/prod/d.yaml': `# again\n${BASE['base/d.yaml']}` },
    place: 'o/prod/d.yaml:2',
  },
  'an object without a name': {
    files: { [K]: from('- y.yaml'), 'o/prod/y.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n' },
    place: 'o/prod/y.yaml:1',
  },
  'a replacement from what is not there': {
    files: {
      [K]: from(
        'replacements:',
        '- source: {kind: ConfigMap, name: nope, fieldPath: data.x}',
        '  targets: [{select: {kind: Deployment}, fieldPaths: [spec.x]}]',
      ),
    },
    place: `${K}:4`,
  },
  'a replacement into a field that is not there': {
    files: {
      [K]: from(
        'replacements:',
        '- source: {kind: Deployment, name: web, fieldPath: spec.replicas}',
        '  targets: [{select: {kind: Deployment}, fieldPaths: [spec.foo.bar]}]',
      ),
    },
    place: `${K}:5`,
  },
  'something that tells no place': {
    files: { [K]: from('patches:', '- patch: "{{"') },
    place: `${K}:1`,
  },
}

for (const [what, { files, place }] of Object.entries(CASES)) {
  test(`a build fails for ${what}: ${place}`, needsKustomize, async () => {
    const texts = new Map(Object.entries({ ...BASE, ...files }))
    const rendered = await renderer.render(texts, { kind: 'kustomize', root: 'o/prod' })
    assert.ok(!rendered.ok && rendered.code === 'build-failed', JSON.stringify(rendered))
    const environment = { root: 'o/prod', files: [...texts.keys()].sort() }
    const found = failurePlace(environment, texts, rendered.detail)
    assert.equal(`${found?.file}:${found?.line}`, place, rendered.detail)
  })
}
