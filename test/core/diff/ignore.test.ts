import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/core/config/read.ts'
import { type RenderedChanges, diffRendered } from '../../../src/core/diff/changes.ts'
import type { IgnoreRule } from '../../../src/core/diff/ignore.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'

function objects(yaml: string): readonly RenderedObject[] {
  const parsed = parseRendered(yaml)
  assert.ok(parsed.ok)
  return parsed.objects
}

function diff(before: string, after: string, ignore: readonly IgnoreRule[]): RenderedChanges {
  return diffRendered(objects(before), objects(after), { secrets: [], ignore })
}

function lines({ changes }: RenderedChanges): string {
  return changes
    .flatMap(({ hunks }) => hunks.flatMap((hunk) => hunk.lines.filter((line) => /^[+-]/.test(line))))
    .join('\n')
}

const deployment = (chart: string, image: string, checksum = chart): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {helm.sh/chart: ${chart}}}
spec:
  template:
    metadata: {annotations: {checksum/config: ${checksum}, checksum/env: ${checksum}}}
    spec: {containers: [{name: a, image: ${image}}, {name: b, image: ${image}}]}
`

const NOISE: readonly IgnoreRule[] = [
  { path: '/metadata/labels/helm.sh~1chart' },
  { kind: 'apps/Deployment', path: '/spec/template/metadata/annotations/checksum~1*' },
]

test('a resource with only hidden changes is counted and not shown', () => {
  const found = diff(deployment('web-1', 'a:1'), deployment('web-2', 'a:1'), NOISE)
  assert.deepEqual(found, { changes: [], hidden: 1 })
  assert.equal(diff(deployment('web-1', 'a:1'), deployment('web-2', 'a:1'), []).hidden, 0)
})

test('if a resource has other changes too, these are shown', () => {
  const found = diff(deployment('web-1', 'a:1'), deployment('web-2', 'a:2'), NOISE)
  assert.deepEqual(
    lines(found)
      .split('\n')
      .map((line) => line.replaceAll(' ', '')),
    ['-image:a:1', '+image:a:2', '-image:a:1', '+image:a:2'],
  )
  assert.equal(found.hidden, 0)
  const images = { path: '/spec/template/spec/containers/*/image' }
  assert.equal(diff(deployment('web-1', 'a:1'), deployment('web-2', 'a:2'), [...NOISE, images]).hidden, 1)
})

test('what the whole of a map hides leaves no empty map to differ', () => {
  const map = (data: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a${data}}\n`
  const rule = { path: '/metadata/annotations/*' }
  assert.equal(diff(map(''), map(', annotations: {at: now}'), [rule]).hidden, 1)
})

test('a rule for another kind or group hides nothing', () => {
  for (const kind of ['StatefulSet', 'extensions/Deployment'])
    assert.equal(
      diff(deployment('web-1', 'a:1'), deployment('web-2', 'a:1'), [
        { kind, path: '/metadata/labels/*' },
        { kind, path: '/spec/*' },
      ]).hidden,
      0,
    )
})

test('added and removed resources are shown, whatever the rules are', () => {
  assert.equal(diff('', deployment('web-1', 'a:1'), [{ path: '/*' }]).changes.length, 1)
})

const route = (weight: number, label = 'a'): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, labels: {x: ${label}}, annotations: {perch.dev/canary-percentage: "${weight}", other: ${label}}}
spec: {hosts: [api], http: [{route: [{destination: {host: api}, weight: ${weight}}]}]}
`

test('weights, hosts and the annotations of Perch cannot be hidden', () => {
  for (const path of [
    '/spec',
    '/*',
    '/metadata',
    '/metadata/annotations',
    '/metadata/*/*canary*',
    '/spec/http/*/route',
  ]) {
    const shown = lines(diff(route(5), route(25), [{ path }]))
    assert.match(shown, /\+.*weight: 25/, path)
    assert.match(shown, /\+.*perch.dev\/canary-percentage: "25"/, path)
  }
  const rules = ['/metadata/labels/x', '/metadata/annotations/other'].map((path) => ({ path }))
  assert.equal(diff(route(5, 'a'), route(5, 'b'), rules).hidden, 1)
})

test('a rule that makes no sense is an error with its line', () => {
  for (const path of ['metadata/labels', '/', '', '/a//b', '/a~2']) {
    const config = readConfig(`diff:\n  ignore:\n    - path: "${path}"\n`)
    assert.ok(!config.ok && config.error[0]?.line === 3, path)
  }
  for (const text of [
    'diff: {hide: []}',
    'diff: {ignore: [{path: /a, name: x}]}',
    'secrets: [a/b/C]',
    'secrets: Secret',
  ])
    assert.ok(!readConfig(text).ok, text)
  assert.ok(
    readConfig('diff: {ignore: [{kind: apps/Deployment, path: "/a/*/b~1c"}]}\nsecrets: [Credentials, a.io/B]\n').ok,
  )
})
