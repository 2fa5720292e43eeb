/** Which routes Flagger and Argo Rollouts write, according to their objects. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownedRoutes } from '../../../src/core/owner/owned-routes.ts'

function canary(spec: object): readonly string[] {
  return routesOf({ group: 'flagger.app', kind: 'Canary', namespace: 'shop', name: 'any', data: { spec } })
}

function rollout(trafficRouting: object | undefined): readonly string[] {
  const data = { spec: { strategy: { canary: { trafficRouting } } } }
  return routesOf({ group: 'argoproj.io', kind: 'Rollout', namespace: 'shop', name: 'any', data })
}

function routesOf(object: Parameters<typeof ownedRoutes>[0]): readonly string[] {
  return ownedRoutes(object).map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)
}

test('Flagger writes the route with the name of its service, or of its target', () => {
  const targetRef = { kind: 'Deployment', name: 'web' }
  const table: readonly (readonly [object, readonly string[]])[] = [
    [{ targetRef, service: { port: 80 } }, ['* shop/web']],
    [{ targetRef, service: { name: 'apex' } }, ['* shop/apex']],
    [{ targetRef, service: { name: '' } }, ['* shop/web']],
    [{ targetRef, provider: 'istio' }, ['VirtualService shop/web']],
    [{ targetRef, provider: 'gatewayapi:v1' }, ['HTTPRoute shop/web']],
    [{ targetRef, provider: 'gatewayapi:v1beta1' }, ['HTTPRoute shop/web']],
    [{ targetRef, provider: 'linkerd' }, []],
    [{ targetRef, provider: 'kubernetes' }, []],
    [{ service: {} }, []],
  ]
  for (const [spec, expected] of table) assert.deepEqual(canary(spec), expected, JSON.stringify(spec))
})

test('Argo Rollouts writes the routes that its traffic routing names', () => {
  const gateway = (plugin: object): object => ({ plugins: { 'argoproj-labs/gatewayAPI': plugin } })
  const table: readonly (readonly [object | undefined, readonly string[]])[] = [
    [undefined, []],
    [{ istio: { destinationRule: { name: 'web' } } }, []],
    [{ nginx: { stableIngress: 'web' } }, []],
    [{ istio: { virtualService: { name: 'web' } } }, ['VirtualService shop/web']],
    [{ istio: { virtualService: { name: 'web.mesh' } } }, ['VirtualService mesh/web']],
    [
      { istio: { virtualServices: [{ name: 'web' }, { name: 'edge.mesh', routes: ['main'] }] } },
      ['VirtualService shop/web', 'VirtualService mesh/edge'],
    ],
    [gateway({ httpRoute: 'web' }), ['HTTPRoute shop/web']],
    [
      gateway({ namespace: 'mesh', httpRoutes: [{ name: 'web' }], grpcRoute: 'api' }),
      ['HTTPRoute mesh/web', 'GRPCRoute mesh/api'],
    ],
    [
      gateway({ tcpRoutes: [{ name: 'db' }], tlsRoute: 'sni' }),
      ['TCPRoute mesh/db', 'TLSRoute mesh/sni'].map((one) => one.replace('mesh', 'shop')),
    ],
  ]
  for (const [routing, expected] of table) assert.deepEqual(rollout(routing), expected, JSON.stringify(routing))
})

test('objects of other groups own nothing, whatever they are called', () => {
  const spec = { targetRef: { kind: 'Deployment', name: 'web' } }
  assert.deepEqual(
    routesOf({ group: 'canaries.example.com', kind: 'Canary', namespace: '', name: 'a', data: { spec } }),
    [],
  )
})
