/** The destinations of a route's rules, and which of them get requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRendered } from '../../../../src/core/diff/objects.ts'
import { type Hop, hopsOf } from '../../../../src/core/finding/scene/hops.ts'

function hopsIn(yaml: string): readonly Hop[] {
  const rendered = parseRendered(yaml, new Map())
  assert.ok(rendered.ok)
  return rendered.objects.flatMap(hopsOf)
}

const shown = ({
  host,
  subset,
  weight,
  isUnread,
  isMirror,
  getsTraffic,
  siblings,
  hasPort,
  path,
  named,
}: Hop): string =>
  [
    host.replace('.svc.cluster.local', ''),
    subset ?? '-',
    weight ?? '-',
    siblings,
    isUnread && 'unread',
    isMirror && 'mirror',
    getsTraffic && 'traffic',
    hasPort && 'port',
    path.join('.'),
    named.slice(path.length).join('.'),
  ]
    .filter((part) => part !== false)
    .join(' ')

test('every destination and mirror of a VirtualService, with its weight as it is read', () => {
  const yaml = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: shop }
spec:
  hosts: [web]
  http:
    - route: [{ destination: { host: web, subset: canary }, weight: 0 }]
    - route:
        - { destination: { host: web, subset: stable, port: { number: 80 } }, weight: 95 }
        - { destination: { host: web, subset: canary }, weight: "5" }
        - { destination: { host: other.pay } }
      mirror: { host: shadow }
      mirrors: [{ destination: { host: dark, subset: x } }]
  tls: [{ route: [{ destination: { host: web } }] }]
  tcp: [{ route: [{ destination: { host: web }, weight: 1 }, { destination: { host: web }, weight: 0 }] }]
`
  assert.deepEqual(hopsIn(yaml).map(shown), [
    'web.shop canary 0 1 traffic spec.http.0.route.0 destination.host',
    'web.shop stable 95 3 traffic port spec.http.1.route.0 destination.host',
    'web.shop canary - 3 unread spec.http.1.route.1 destination.host',
    'other.pay - - 3 spec.http.1.route.2 destination.host',
    'shadow.shop - - 1 mirror spec.http.1.mirror host',
    'dark.shop x - 1 mirror spec.http.1.mirrors.0 destination.host',
    'web.shop - - 1 traffic spec.tls.0.route.0 destination.host',
    'web.shop - 1 2 traffic spec.tcp.0.route.0 destination.host',
    'web.shop - 0 2 spec.tcp.0.route.1 destination.host',
  ])
})

test('every Service behind a route of the Gateway API: without a weight it is 1, and one alone with 0 gets nothing', () => {
  const yaml = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  rules:
    - backendRefs: [{ name: web, port: 80 }, { name: canary, namespace: pay, weight: 0 }, { kind: Bucket, name: x }, { group: g, name: y }]
      filters:
        - type: RequestHeaderModifier
        - { type: RequestMirror, requestMirror: { backendRef: { name: shadow } } }
    - backendRefs: [{ name: web, weight: 0 }]
`
  assert.deepEqual(hopsIn(yaml).map(shown), [
    'web.shop - - 4 traffic port spec.rules.0.backendRefs.0 name',
    'canary.pay - 0 4 spec.rules.0.backendRefs.1 name',
    'shadow.shop - - 1 mirror spec.rules.0.filters.1.requestMirror.backendRef name',
    'web.shop - 0 1 spec.rules.1.backendRefs.0 name',
  ])
})
