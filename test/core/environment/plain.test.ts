/** The places of lines in the render of a folder, and what a change of deployers does to environments. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsMoved, hasOneNamespace, namespaceOf } from '../../../src/core/environment/environment.ts'
import { placeInPlain, renderPlain } from '../../../src/core/environment/plain.ts'
import { snapshotOf, virtualService } from '../samples.ts'

test('each line of a folder’s render is at its line in a file', () => {
  const texts = new Map([
    ['a.yaml', 'one\ntwo\n'],
    ['b.yaml', '\uFEFFthree'],
    ['c.yaml', ''],
    ['d.yaml', 'four\n\nsix\n'],
  ])
  const files = [...texts.keys()]
  const lines = renderPlain(files, texts).split('\n')
  const placed = lines.slice(0, -1).map((line, index) => {
    const place = placeInPlain(files, texts, index + 1)
    return `${line} ${place?.file}:${place?.line}`
  })
  assert.deepEqual(placed, [
    'one a.yaml:1',
    'two a.yaml:2',
    // An open value at the end of a file fails on the line after it.
    '--- a.yaml:2',
    'three b.yaml:1',
    '--- b.yaml:1',
    ' c.yaml:1',
    '--- c.yaml:1',
    'four d.yaml:1',
    ' d.yaml:2',
    'six d.yaml:3',
  ])
  assert.equal(placeInPlain(files, texts, 12), undefined)
})

function application(name: string, path: string, namespace: string): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name} }
spec:
  source: { repoURL: https://github.com/acme/gitops, path: ${path} }
  destination: { namespace: ${namespace}, server: https://kubernetes.default.svc }
`
}

test('an environment moves if its deployer puts it into another namespace, and not if nobody tells which', () => {
  const environmentsOf = (...applications: readonly string[]) =>
    snapshotOf({
      'a/vs.yaml': virtualService(95, 5),
      'b/vs.yaml': virtualService(95, 5),
      'apps.yaml': applications.join('---\n'),
    }).environments
  const before = environmentsOf(application('a', 'a', 'shop'), application('b', 'b', 'shop'))
  const moved = (...applications: readonly string[]): readonly string[] => [
    ...environmentsMoved(before, environmentsOf(...applications)),
  ]
  const stays = application('b', 'b', 'shop')
  assert.deepEqual(moved(application('a', 'a', 'shop'), stays), [])
  assert.deepEqual(moved(application('a', 'a', 'test'), stays), ['a'])
  assert.deepEqual(moved(application('a', 'a', "'{{ namespace }}'"), stays), [])
  assert.deepEqual(moved(stays), [])
  const both = environmentsOf(application('a', 'a', 'shop'), application('a2', 'a', 'test'), stays)
  const namespaces = both.map((one) => `${one.name} ${namespaceOf(one)} ${hasOneNamespace(one)}`)
  assert.deepEqual(namespaces, ['a undefined false', 'b shop true', 'default undefined true'])
  assert.equal(hasOneNamespace(undefined), true)
})
