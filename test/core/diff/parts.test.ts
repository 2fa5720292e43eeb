/** What is shown of two renders, in which order, and what stays hidden. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { hideValues } from '../../../src/core/diff/hide-values.ts'
import { withoutIgnored } from '../../../src/core/diff/ignore.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { pairObjects } from '../../../src/core/diff/pair.ts'
import { redact } from '../../../src/core/diff/redact.ts'
import { diffEnvironment, rowsOf, withTraffic } from '../../../src/core/diff/review.ts'

function objectsIn(yaml: string): readonly RenderedObject[] {
  const rendered = parseRendered(yaml, new Map())
  assert.ok(rendered.ok, yaml)
  return rendered.objects
}

const config = Config.parse({})

function route(name: string, weights: readonly number[], annotations = '{}'): string {
  const entries = weights.map(
    (weight, index) =>
      `        - { destination: { host: ${name}, subset: ${['stable', 'canary', 'other'][index]} }, weight: ${weight} }\n`,
  )
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, annotations: ${annotations} }
spec:
  hosts: [${name}]
  http:
    - name: pinned
      match: [{ headers: { x: { exact: "1" } } }]
      route: [{ destination: { host: ${name}, subset: canary } }]
    - name: main
      route:
${entries.join('')}`
}

test('a row for each rule whose shares differ, by route, and none for a rule with one destination', () => {
  const before = [route('web', [95, 5]), route('api', [100, 0]), route('same', [50, 50]), route('gone', [60, 40])]
  const after = [route('web', [75, 25]), route('api', [90, 10]), route('same', [1, 1]), route('new', [80, 20])]
  const rows = rowsOf(
    'production',
    { before: objectsIn(before.join('---\n')), after: objectsIn(after.join('---\n')) },
    { config, targets: { before: [], after: [] } },
  )
  const parts = (all: (typeof rows)[number]['before']): string | undefined =>
    all?.map(({ name, share }) => `${name} ${share}`).join(' ')
  assert.deepEqual(
    rows.map((row) => [row.route, row.rule, parts(row.before), parts(row.after)]),
    [
      ['VirtualService default/api', 'main', 'stable 100 canary 0', 'stable 90 canary 10'],
      ['VirtualService default/gone', 'main', 'stable 60 canary 40', undefined],
      ['VirtualService default/new', 'main', undefined, 'stable 80 canary 20'],
      ['VirtualService default/web', 'main', 'stable 95 canary 5', 'stable 75 canary 25'],
    ],
  )
})

test('the resource of a row has the row, and others have none', () => {
  const before = parseRendered(`${route('web', [95, 5])}---\n${route('api', [95, 5])}`, new Map())
  const after = parseRendered(`${route('web', [75, 25])}---\n${route('api', [95, 5], '{ a: b }')}`, new Map())
  const diff = diffEnvironment('production', { before, after })
  assert.ok(diff.ok)
  const rows = rowsOf('production', diff.value.objects, { config, targets: { before: [], after: [] } })
  assert.deepEqual(
    withTraffic(diff.value.resources, rows).map(({ name, change, traffic, added, removed }) => [
      name,
      change,
      traffic.length,
      added,
      removed,
    ]),
    [
      ['api', 'changed', 0, 2, 1],
      ['web', 'changed', 1, 2, 2],
    ],
  )
  assert.equal(diff.value.unreadableBefore, undefined)
  const broken = parseRendered('a: [\n', new Map())
  const half = diffEnvironment('production', { before: broken, after })
  assert.ok(half.ok)
  assert.deepEqual(
    half.value.resources.map(({ change }) => change),
    ['added', 'added'],
  )
  assert.equal(half.value.unreadableBefore?.cause.kind, 'unreadable-render')
  assert.equal(diffEnvironment('production', { before: after, after: broken }).ok, false)
})

test('the items of a nameless list are objects, and what is no object is a problem with its line', () => {
  const list =
    'apiVersion: v1\nkind: List\nitems:\n  - { apiVersion: v1, kind: Service, metadata: { name: a, namespace: shop } }\n  - { apiVersion: apps/v1, kind: Deployment, metadata: { name: b } }\n'
  assert.deepEqual(
    objectsIn(list).map(({ group, kind, namespace, name }) => [group, kind, namespace, name]),
    [
      ['', 'Service', 'shop', 'a'],
      ['apps', 'Deployment', '', 'b'],
    ],
  )
  assert.deepEqual(
    objectsIn('apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: run- }\n').map(({ name }) => name),
    ['run-*'],
  )
  assert.deepEqual(objectsIn('---\n---\n# nothing\n'), [])
  const good = 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\n'
  for (const [yaml, line] of [
    [`${good}---\nkind: Odd\n`, 5],
    [`${good}---\napiVersion: v1\nkind: Odd\nmetadata: {}\n`, 5],
    [`${good}---\napiVersion: v1\nkind: Odd\nitems: []\n`, 5],
    [`${good}---\napiVersion: v1\nkind: List\nitems: [{}]\n`, 5],
    [
      `${good}---\napiVersion: v1\nkind: List\nitems: [{ apiVersion: v1, kind: Service, metadata: { name: b } }, null]\n`,
      5,
    ],
    [`${good}---\na: [\n`, 6],
  ] as const) {
    const read = parseRendered(yaml, new Map())
    assert.equal(read.ok ? 'ok' : read.problem.line, line, yaml)
  }
})

test('objects about traffic come first, and one whose generated name changes is one that changed', () => {
  const object = (kind: string, name: string, apiVersion = 'v1'): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: ${name} }\n`
  const before = objectsIn(
    [
      object('Service', 'a'),
      object('ConfigMap', 'c-2456789bcd'),
      object('Secret', 's-2456789bcd'),
      object('Pod', 'p-2456789bcd'),
    ].join('---\n'),
  )
  const after = objectsIn(
    [
      object('ConfigMap', 'c-bcdfghkmt2'),
      object('Secret', 's-bcdfghkmt2'),
      object('Pod', 'p-bcdfghkmt2'),
      object('DestinationRule', 'd', 'networking.istio.io/v1'),
    ].join('---\n'),
  )
  assert.deepEqual(
    pairObjects(before, after).map((pair) => `${pair.before?.name ?? '-'} ${pair.after?.name ?? '-'}`),
    ['- d', 'c-2456789bcd c-bcdfghkmt2', 'p-2456789bcd -', '- p-bcdfghkmt2', 's-2456789bcd s-bcdfghkmt2', 'a -'],
  )
})

test('an ignored place is hidden in its kind only, and what moves traffic is always shown', () => {
  const hide = (yaml: string, ...rules: readonly { kind?: string; path: string }[]): unknown => {
    const [before] = objectsIn(yaml)
    assert.ok(before !== undefined)
    return withoutIgnored({ before, after: before }, rules).after?.data
  }
  const map =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, labels: { x: "1" } }\ndata: { "a/b": "1", c: "2" }\nlist: [1, 2, 3]\n'
  const whole = hide(map)
  assert.deepEqual(hide(map, { kind: 'Secret', path: '/data' }), whole)
  assert.deepEqual(hide(map, { kind: 'apps/ConfigMap', path: '/data' }), whole)
  const without = (path: string, kind?: string): Record<string, unknown> =>
    hide(map, { path, ...(kind === undefined ? {} : { kind }) }) as Record<string, unknown>
  assert.deepEqual(without('/data/a~1b', 'ConfigMap')['data'], { c: '2' })
  assert.deepEqual(without('/list/1')['list'], [1, 3])
  assert.equal('data' in without('/data/*'), false, 'nothing is left of it')
  assert.deepEqual(without('/metadata/labels/x')['metadata'], { name: 'a' })
  const vs = route('web', [95, 5], '{ perch.dev/canary-percentage: "5", other: x }')
  const shown = hide(vs, { path: '/spec' }, { path: '/metadata/annotations' }, { path: '/apiVersion' }) as {
    apiVersion: unknown
    spec: unknown
    metadata: { annotations: unknown }
  }
  assert.equal(shown.apiVersion, 'networking.istio.io/v1')
  assert.deepEqual(shown.spec, objectsIn(vs)[0]?.data['spec'])
  assert.deepEqual(shown.metadata.annotations, { 'perch.dev/canary-percentage': '5' })
})

test('nested and overlapping values are hidden as one range', () => {
  const hide = (text: string, ...values: readonly string[]): string =>
    hideValues(new Set(values), { mark: '•', shortest: 2 })(text)
  assert.equal(hide('say abcdef now', 'bcd'), 'say a•ef now')
  assert.equal(hide('say abcdef now', 'abcd', 'cdef'), 'say • now')
  assert.equal(hide('say abcdef now', 'abcdef', 'cd', 'ef'), 'say • now')
  assert.equal(hide('abab', 'ab'), '••')
  assert.equal(hide('xabcabd', 'abcabd', 'cab'), 'x•')
  assert.equal(hide('x', 'x'), 'x', 'too short to be hidden')
  assert.equal(hide('aab', 'ab', 'aac'), 'a•')
  // The last letters of the last value are also the beginning of another one.
  assert.equal(hide('abxyq', 'xyq', 'abxy'), '•')
  assert.equal(hide('abxyzq', 'xyzq', 'abxyz'), '•')
  assert.equal(hide('abxyq', 'abxy', 'xyq'), '•')
})

test('values of Secrets are hidden in messages, in any spelling', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { key: "p@ss word/1" }\n'
  const files = new Map([['a.yaml', secret]])
  for (const form of [
    'p@ss word/1',
    'p%40ss%20word%2F1',
    'p%40ss+word%2F1',
    'p%40ss%20word/1',
    Buffer.from('p@ss word/1').toString('base64'),
    'p@ss word\\/1',
  ])
    assert.doesNotMatch(redact(`failed: ${form}!`, files), new RegExp(RegExp.escape(form)), form)
  assert.equal(redact('failed: other', files), 'failed: other')
  const mine = new Map([
    ['a.yaml', 'apiVersion: x/v1\nkind: Vault\nmetadata: { name: s }\nspec: { token: abcdefgh1 }\n'],
  ])
  assert.match(redact('abcdefgh1', mine), /abcdefgh1/)
  assert.doesNotMatch(redact('abcdefgh1', mine, ['x/Vault']), /abcdefgh1/)
})
