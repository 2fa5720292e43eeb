import assert from 'node:assert/strict'
import { test } from 'node:test'
import { substituteText, variablesIn } from '../../../src/core/delivery/substitute.ts'
import { withVariables } from '../../../src/core/delivery/variables.ts'

const VALUES: Readonly<Record<string, string>> = { cluster: 'eu-1', weight: '5', empty: '', place: 'Köln' }

/** The text with `?` for unknown values. */
function filled(text: string): string | undefined {
  return substituteText(text, (name) => (name.startsWith('unknown') ? undefined : (VALUES[name] ?? '')))
}

test('variables are replaced like in Flux', () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ['no variables, $HOME, a $ and 5$', 'no variables, $HOME, a $ and 5$'],
    ['a ${cluster} b', 'a eu-1 b'],
    ['${cluster}${weight}', 'eu-15'],
    ['${gone}', ''],
    ['${gone:=10}', '10'],
    ['${gone:-10}', '10'],
    ['${gone=10}', '10'],
    ['${empty:-10}', '10'],
    ['${weight:=10}', '5'],
    ['${gone:=a ${cluster} b}', 'a eu-1 b'],
    ['${gone:=${also:=x}}y', 'xy'],
    ['${gone:=}', ''],
    ['$${cluster}', '${cluster}'],
    ['$$', '$'],
    ['$$${cluster}', '$eu-1'],
    ['$$$${cluster}', '$${cluster}'],
    ['${cluster^^}', 'EU-1'],
    ['${cluster^}', 'Eu-1'],
    ['${#cluster}', '4'],
    ['${cluster:3}', '1'],
    ['${cluster:0:2}', 'eu'],
    ['${cluster:-2}', 'eu-1'],
    ['${cluster: -3}', 'u-1'],
    ['${cluster: -3:1}', 'u'],
    ['${cluster: -9}', 'eu-1'],
    // Flux counts bytes, and may cut a character in two.
    ['${place}', 'Köln'],
    ['${place:2}', '${place:2}'],
    // Unknown expressions stay, with everything that depends on them.
    ['${unknown}', '${unknown}'],
    ['a ${unknown:=5} ${weight}', 'a ${unknown:=5} 5'],
    ['${gone:=${unknown}}', '${gone:=${unknown}}'],
    ['${weight:=${unknown}}', '5'],
    ['${cluster#eu-}', '${cluster#eu-}'],
    ['${cluster/eu/us}', '${cluster/eu/us}'],
    // Flux refuses these.
    ['${', undefined],
    ['${cluster', undefined],
    ['${list[@]}', undefined],
    ['${a-b}', undefined],
    ['${}', undefined],
  ]
  for (const [text, expected] of table) assert.equal(filled(text), expected, text)
})

test('text that is designed to take long does not', () => {
  const depth = 100_000
  assert.equal(filled('${a:='.repeat(depth) + '}'.repeat(depth)), undefined)
  assert.equal(filled('${a'.repeat(depth)), undefined)
  assert.equal(filled('${a:=b}'.repeat(depth)), 'b'.repeat(depth))
  const long = { known: new Map([['a', 'x'.repeat(1024 * 1024)]]), isWhole: true, places: new Map() }
  const { length } = withVariables('${a}'.repeat(depth), long)
  assert.ok(length > 20 * 1024 * 1024 && length < 21 * 1024 * 1024, String(length))
})

test('a text names its variables', () => {
  assert.deepEqual(variablesIn('a ${b} ${c:=${d}} ${#e} $f $(g)'), ['b', 'c', 'd', 'e'])
})

test('an object of what was built can switch variables off, and one that Flux would refuse stays as it is', () => {
  const object = (name: string, text: string, note = ''): string =>
    `apiVersion: v1\ndata:\n  text: ${text}\nkind: ConfigMap\nmetadata:\n${note}  name: ${name}\n`
  const off = '  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: disabled\n'
  const parts = [object('a', '${cluster}'), object('b', '${cluster}', off), object('c', '${cluster} ${d[@]}')]
  const variables = { known: new Map(Object.entries(VALUES)), isWhole: true, places: new Map() }
  assert.equal(withVariables(parts.join('---\n'), variables), [object('a', 'eu-1'), parts[1], parts[2]].join('---\n'))
})
