/** Which of many owners writes a route: by its kind, place, names and rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownedRoutes } from '../../../src/core/owner/owned-routes.ts'
import { ownerLookup, type WrittenRoute } from '../../../src/core/owner/owner-lookup.ts'

const WEB: WrittenRoute = { kind: 'VirtualService', namespace: 'shop', names: ['web'], labels: {}, rules: [] }

test('a Rollout writes the rules of a VirtualService that it names, or all', () => {
  const writes = (service: object) => {
    const istio = { virtualService: { name: 'web', ...service } }
    const spec = { strategy: { canary: { trafficRouting: { istio } } } }
    const object = { group: 'argoproj.io', kind: 'Rollout', namespace: '', name: 'a', data: { spec } }
    const find = ownerLookup(ownedRoutes(object).map((owned) => [owned, 'it'] as const))
    return (...rules: readonly (readonly [section: string, name?: string])[]) =>
      find({ ...WEB, rules: rules.map(([section, name]) => ({ section, name })) }) === 'it'
  }
  const all = writes({})
  assert.deepEqual([all(['http']), all(['tls']), all(['tcp', 'x']), all()], [true, true, true, true])
  const named = writes({ routes: ['main'] })
  assert.deepEqual(
    [
      named(['http', 'main']),
      named(['http', 'other']),
      named(['http']),
      named(['tls']),
      named(['tls'], ['http', 'main']),
    ],
    [true, false, false, false, true],
  )
  // A route without rules may get one.
  assert.equal(named(), true)
  const tls = writes({ tlsRoutes: [{ port: 443 }] })
  assert.deepEqual([tls(['http', 'main']), tls(['tls']), tls(['tcp'])], [false, true, false])
})

test('if one of the two names no namespace, the deployer decides for both', () => {
  const find = ownerLookup([[{ kind: 'VirtualService', namespace: 'shop', name: 'web', rules: 'all' }, 'it']])
  const anywhere = ownerLookup([[{ kind: '*', namespace: '', name: 'web', rules: 'all' }, 'it']])
  const table: readonly (readonly [Partial<WrittenRoute>, boolean, boolean])[] = [
    [{}, true, true],
    [{ namespace: '' }, true, true],
    [{ namespace: 'mesh' }, false, true],
    [{ kind: 'HTTPRoute' }, false, true],
    [{ names: ['web-eu', 'web'] }, true, true],
    [{ names: ['web-eu'] }, false, false],
  ]
  for (const [route, near, far] of table) {
    assert.equal(find({ ...WEB, ...route }) === 'it', near, JSON.stringify(route))
    assert.equal(anywhere({ ...WEB, ...route }) === 'it', far, JSON.stringify(route))
  }
})

test('if there are several owners, the first one counts', () => {
  const owned = { kind: 'VirtualService', namespace: '', name: 'web' } as const
  const find = ownerLookup([
    [{ ...owned, name: 'api', rules: 'all' }, 'other'],
    [{ ...owned, rules: { http: ['main'], tls: false, tcp: false } }, 'first'],
    [{ ...owned, rules: 'all' }, 'second'],
  ])
  const rules = (name: string) => ({ ...WEB, rules: [{ section: 'http', name }] })
  assert.deepEqual([find(rules('main')), find(rules('beta'))], ['first', 'second'])
})
