/** Which requests match which conditions of a rule, in Istio and the Gateway API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  areDisjoint,
  covers,
  gatewayMatch,
  isForSome,
  istioMatch,
  type Match,
} from '../../../src/core/exposure/match.ts'

const istio = (value: unknown): Match => istioMatch(value)
const uri = (how: string, text: string): unknown => ({ uri: { [how]: text } })
const header = (name: string, value: unknown): unknown => ({ headers: { [name]: value } })
const path = (type: string, value: string): Match => gatewayMatch({ path: { type, value } })

test('a condition that every request matches requires nothing', () => {
  const all: readonly unknown[] = [
    {},
    { name: 'main', statPrefix: 'x', gateways: ['mesh'] },
    uri('prefix', '/'),
    uri('prefix', ''),
    uri('regex', '.*'),
    uri('regex', '/.*'),
    { uri: {} },
    { authority: {} },
    { method: { regex: '.*' } },
  ]
  for (const value of all) assert.deepEqual(istio(value), [], JSON.stringify(value))
  const some: readonly unknown[] = [uri('prefix', '/a'), uri('regex', '/a.*'), { method: { prefix: '/' } }]
  for (const value of some) assert.equal(istio(value).length, 1, JSON.stringify(value))
  for (const match of [{}, { path: { value: '/' } }, { path: { type: 'RegularExpression', value: '.*' } }])
    assert.deepEqual(gatewayMatch(match), [], JSON.stringify(match))
  assert.deepEqual(path('PathPrefix', '/a//'), [{ on: 'uri', how: 'path', text: '/a' }])
})

test('names of headers and parameters ignore case, and their values and labels do not', () => {
  assert.deepEqual(istio(header('X-Canary', { exact: 'Yes' })), [{ on: 'header:x-canary', how: 'exact', text: 'Yes' }])
  assert.deepEqual(istio({ queryParams: { Beta: { exact: '1' } } }), [{ on: 'query:beta', how: 'exact', text: '1' }])
  assert.deepEqual(istio({ sourceLabels: { App: 'Web' } }), [{ on: 'source:App', how: 'exact', text: 'Web' }])
  assert.deepEqual(istio({ withoutHeaders: { 'X-Bot': { exact: 'a' } } })[0]?.on, 'header:x-bot')
  assert.deepEqual(istio({ port: 80 }), [{ on: 'port', how: 'exact', text: '80' }])
  const named = gatewayMatch({
    headers: [{ name: 'X-A', value: 'B' }],
    queryParams: [{ name: 'Q', type: 'RegularExpression', value: '.+' }],
  })
  assert.deepEqual(named, [
    { on: 'header:x-a', how: 'exact', text: 'B' },
    { on: 'query:q', how: 'regex', text: '.+' },
  ])
  assert.deepEqual(istio({ ...(uri('exact', '/A') as object), ignoreUriCase: true })[0]?.how, 'other')
})

test('one rule covers another if it matches every request of the other', () => {
  const table: readonly (readonly [Match, Match, boolean])[] = [
    [istio({}), istio(uri('exact', '/a')), true],
    [istio(uri('exact', '/a')), istio({}), false],
    [istio(uri('prefix', '/a')), istio(uri('exact', '/ab')), true],
    [istio(uri('prefix', '/a')), istio(uri('prefix', '/ab')), true],
    [istio(uri('prefix', '/ab')), istio(uri('prefix', '/a')), false],
    [istio(uri('prefix', '/a')), istio(uri('regex', '/a.*')), false],
    [istio(uri('regex', '/a.*')), istio(uri('regex', '/a.*')), true],
    [path('PathPrefix', '/a'), path('Exact', '/a'), true],
    [path('PathPrefix', '/a'), path('Exact', '/a/b'), true],
    [path('PathPrefix', '/a'), path('Exact', '/ab'), false],
    [path('PathPrefix', '/a'), path('PathPrefix', '/a/b'), true],
    [path('PathPrefix', '/a'), istio(uri('prefix', '/a')), false],
    [path('PathPrefix', '/a'), istio(uri('prefix', '/a/')), true],
    [istio(uri('prefix', '/a')), path('PathPrefix', '/a'), true],
    [istio(header('x', {})), istio(header('x', { exact: '1' })), true],
    [istio(header('x', {})), istio(header('x', { suffix: '1' })), false],
    [istio(header('x', { exact: '1' })), istio(header('x', {})), false],
    [istio(header('x', { exact: '1' })), istio(header('y', { exact: '1' })), false],
    [istio({ withoutHeaders: { x: { exact: '1' } } }), istio(header('x', { exact: '2' })), true],
    [istio({ withoutHeaders: { x: { exact: '1' } } }), istio(header('x', { exact: '1' })), false],
    [istio({ withoutHeaders: { x: { prefix: 'a' } } }), istio(header('x', { exact: 'b' })), true],
    [istio({ ...(header('x', { exact: '1' }) as object), port: 80 }), istio(header('x', { exact: '1' })), false],
  ]
  for (const [wide, narrow, expected] of table)
    assert.equal(covers(wide, narrow), expected, JSON.stringify([wide, narrow]))
})

test('two rules have no common request if one requires what the other forbids', () => {
  const table: readonly (readonly [Match, Match, boolean])[] = [
    [istio(uri('exact', '/a')), istio(uri('exact', '/b')), true],
    [istio(uri('exact', '/a')), istio(uri('exact', '/a')), false],
    [istio(uri('exact', '/b')), istio(uri('prefix', '/a')), true],
    [istio(uri('exact', '/ab')), istio(uri('prefix', '/a')), false],
    [istio(uri('prefix', '/a')), istio(uri('prefix', '/b')), true],
    [istio(uri('prefix', '/a')), istio(uri('prefix', '/ab')), false],
    [istio(uri('prefix', '/a')), istio(uri('regex', '/b')), false],
    [path('PathPrefix', '/a'), path('PathPrefix', '/ab'), true],
    [path('PathPrefix', '/ab'), istio(uri('prefix', '/a')), false],
    [path('PathPrefix', '/a/b'), istio(uri('prefix', '/c')), true],
    [istio(header('x', { exact: '1' })), istio(header('y', { exact: '2' })), false],
    [istio(header('x', {})), istio({ withoutHeaders: { x: {} } }), true],
    [istio(header('x', { exact: '1' })), istio({ withoutHeaders: { x: {} } }), true],
    [istio(header('x', { exact: '1' })), istio({ withoutHeaders: { x: { exact: '1' } } }), true],
    [istio(header('x', { exact: '2' })), istio({ withoutHeaders: { x: { exact: '1' } } }), false],
  ]
  for (const [one, other, expected] of table) {
    assert.equal(areDisjoint(one, other), expected, JSON.stringify([one, other]))
    assert.equal(areDisjoint(other, one), expected, 'either way')
  }
})

test('only a header of their own or a query parameter makes a rule one for some', () => {
  const some: readonly unknown[] = [
    header('x-canary', { exact: '1' }),
    header('x-canary', {}),
    // Its name only contains a common one.
    header('x-not-via', {}),
    { queryParams: { beta: {} } },
  ]
  const all: readonly unknown[] = [
    {},
    header('user-agent', { regex: '.*Chrome.*' }),
    header('x-forwarded-for', {}),
    header('host', { exact: 'a' }),
    { withoutHeaders: { 'x-canary': {} } },
    uri('prefix', '/beta'),
    { sourceLabels: { app: 'web' } },
  ]
  for (const value of some) assert.equal(isForSome(istio(value)), true, JSON.stringify(value))
  for (const value of all) assert.equal(isForSome(istio(value)), false, JSON.stringify(value))
  assert.equal(isForSome(istio(header('hostess', {}))), true)
})

test('a prefix of characters and one of path elements take other requests only if neither continues the other', () => {
  const on = (how: 'prefix' | 'path', text: string) => [{ on: 'uri', how, text }] as const
  const table: readonly (readonly [characters: string, elements: string, areApart: boolean])[] = [
    ['/shop', '/sh', false],
    ['/sh', '/shop', false],
    ['/shop', '/cart', true],
    ['/old/shop', '/shop', true],
    ['/shop', '/old/shop', true],
  ]
  for (const [characters, elements, expected] of table) {
    assert.equal(areDisjoint(on('prefix', characters), on('path', elements)), expected, `${characters} ${elements}`)
    assert.equal(areDisjoint(on('path', elements), on('prefix', characters)), expected, `${elements} ${characters}`)
  }
})
