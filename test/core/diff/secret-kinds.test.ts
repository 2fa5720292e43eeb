/** Kinds that hold secrets because the config says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { redact } from '../../../src/core/diff/redact.ts'
import { hasSecret, holdsSecrets, tellsSecret } from '../../../src/core/diff/secret-texts.ts'

const KINDS = ['example.com/VaultKey', 'Token']
const key = (kind: string): string =>
  `apiVersion: example.com/v1\nkind: ${kind}\nspec: { value: correct-horse-battery }\n`

test('a text is the manifest of such a kind in any case, as a list too, and only if it has a payload', () => {
  const table: readonly (readonly [string, boolean])[] = [
    [key('VaultKey'), true],
    [key('vaultkey'), true],
    [key('VAULTKEYLIST'), true],
    [key('"Token"'), true],
    [key('Secret'), true],
    [JSON.stringify({ kind: 'VaultKey', data: {} }), true],
    [key('Vault'), false],
    [key('MyToken'), false],
    ['kind: VaultKey\nname: a\n', false],
  ]
  for (const [text, expected] of table) assert.equal(tellsSecret(text, KINDS), expected, text)
})

test('an object holds secrets by its kind and group, and an annotation may hold one as text', () => {
  assert.equal(holdsSecrets({ apiVersion: 'example.com/v1', kind: 'VaultKey' }, KINDS), true)
  assert.equal(holdsSecrets({ apiVersion: 'other.com/v1', kind: 'VaultKey' }, KINDS), false)
  assert.equal(holdsSecrets({ apiVersion: 'any.com/v1', kind: 'Token' }, KINDS), true)
  assert.equal(holdsSecrets({ kind: 'Secret' }, []), true)
  assert.equal(holdsSecrets({ kind: 3 }, KINDS), false)
  const object = (text: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { text } })
  assert.equal(hasSecret(object(key('VaultKey')), KINDS), true)
  assert.equal(hasSecret(object(key('VaultKey')), []), false)
  assert.equal(hasSecret(object(key('ConfigMap')), KINDS), false)
})

test('an error that quotes such a file does not show its values', () => {
  const said = 'cannot read correct-horse-battery'
  assert.equal(redact(said, new Map([['a.yaml', key('VaultKey')]]), KINDS).includes('battery'), false)
  assert.equal(redact(said, new Map([['a.yaml', key('VaultKey')]])), said)
})

test('an object that Argo CD reads leniently is not read so if it may hold a secret', () => {
  const twice = (kind: string): string =>
    `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: { name: a }\nx: 1\nx: 2\n`
  const isRead = (kind: string): boolean => parseRendered(twice(kind), new Map(), { lenient: { secrets: KINDS } }).ok
  assert.deepEqual(['Widget', 'VaultKey', 'MySecret', '"MySecret"'].map(isRead), [true, false, false, false])
  const json = (kind: string): string => `{"apiVersion":"v1","kind":"${kind}","metadata":{"name":"a"},"x":1,"x":2}\n`
  const isReadAsJson = (kind: string): boolean => parseRendered(json(kind), new Map(), { lenient: { secrets: [] } }).ok
  assert.deepEqual(['Widget', 'MySecret'].map(isReadAsJson), [true, false])
})
