/** Each spelling of a number in YAML: how kustomize renders it, and how Perch reads it before and after. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRenderer } from '../../../src/adapters/kustomize/renderer.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { readRoute } from '../../../src/core/traffic/read-route.ts'
import { QUIET } from '../../quiet-log.ts'

const renderer = openRenderer({ log: QUIET, path: process.env['PATH'] ?? '' })
const needs = (await renderer.tool()) === undefined ? { skip: 'neither kustomize nor kubectl is installed' } : {}

/** The spelling, kustomize's output, and the weight that Perch reads; `unknown` if Kubernetes refuses the object. */
const SPELLINGS: readonly (readonly [string, string, number | 'none' | 'unknown'])[] = [
  ['100', '100', 100],
  ['0144', '100', 100],
  ['0x64', '100', 100],
  ['0X64', '100', 100],
  ['0b11', '3', 3],
  ['0B11', '3', 3],
  ['0o14', '12', 12],
  ['0O14', '12', 12],
  ['1e2', '100', 100],
  ['1E2', '100', 100],
  ['+100', '100', 100],
  ['+0x10', '16', 16],
  ['1_000', '1000', 1000],
  ['0_144', '100', 100],
  ['012_3', '83', 83],
  ['1__0', '10', 10],
  ['1_', '1', 1],
  ['!!int "5"', '5', 5],
  ['!!int 5', '5', 5],
  ['!!int 0144', '100', 100],
  ['!!float 5', '5', 5],
  ['5.0', '5', 5],
  ['1.', '1', 1],
  ['00', '0', 0],
  ['08', '8', 8],
  ['-0', '0', 0],
  ['~', 'null', 'none'],
  ['null', 'null', 'none'],
  ['"5"', '"5"', 'unknown'],
  ["'0144'", '"0144"', 'unknown'],
  ['!!str 5', '"5"', 'unknown'],
  ['.5', '0.5', 'unknown'],
  ['1e-2', '0.01', 'unknown'],
  ['1_0.5', '10.5', 'unknown'],
  ['-0x10', '-16', 'unknown'],
  ['-5', '-5', 'unknown'],
  ['_1', '_1', 'unknown'],
  ['0x', '0x', 'unknown'],
  ['5e', '5e', 'unknown'],
  ['1:30', '"1:30"', 'unknown'],
  ['9223372036854775808', '9223372036854775808', 'unknown'],
  ['0xffffffffffffffff', '18446744073709551615', 'unknown'],
]

function objectWith(spelling: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  http:
  - route:
    - destination: {host: web, subset: canary}
      weight: ${spelling}
`
}

function weightIn(yaml: string): number | 'none' | 'unknown' {
  const manifest = parseManifest('web.yaml', yaml)
  assert.ok(manifest.ok)
  const [object] = manifest.value.objects
  assert.ok(object !== undefined)
  const [entry] =
    readRoute(manifest.value, object, { stable: undefined, canary: undefined }).rules[0]?.destinations ?? []
  assert.ok(entry !== undefined)
  return entry.badWeight === undefined ? (entry.weight ?? 'none') : 'unknown'
}

function dataOf(yaml: string): unknown {
  const parsed = parseRendered(yaml)
  assert.ok(parsed.ok)
  return parsed.objects[0]?.data['spec']
}

test('a weight is read as kustomize reads it, or not at all', needs, async () => {
  for (const [spelling, rendered, expected] of SPELLINGS) {
    const source = objectWith(spelling)
    const built = await renderer.render(
      new Map([
        ['kustomization.yaml', 'resources: [web.yaml]\nnamespace: shop\n'],
        ['web.yaml', source],
      ]),
      { kind: 'kustomize', root: '' },
    )
    assert.ok(built.ok, spelling)
    assert.equal(/weight: (.*)/.exec(built.yaml)?.[1], rendered, spelling)
    assert.equal(weightIn(source), expected, `${spelling} in the file`)
    assert.equal(weightIn(built.yaml), expected, `${spelling} as rendered`)
    // A folder without a kustomization is rendered unchanged.
    assert.deepEqual(dataOf(source), dataOf(built.yaml), spelling)
  }
})
