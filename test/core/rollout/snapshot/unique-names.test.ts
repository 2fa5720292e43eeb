/** The names of rollouts, so that a command and a branch mean one of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { targetName } from '../../../../src/core/rollout/target.ts'
import { targetsOf, virtualService } from '../../samples.ts'

type Files = Readonly<Record<string, string>>

/** A route that splits `host`. */
function route(name: string, { namespace = 'shop', host = name } = {}): string {
  return virtualService(75, 25)
    .replace('  name: api-service', `  name: ${name}\n  namespace: ${namespace}`)
    .replaceAll('api-service', host)
}

function named(files: Files, config: object = {}): string {
  return targetsOf(files, config)
    .map((target) => `${targetName(target)}${target.choice === undefined ? '' : ` (${target.choice})`}`)
    .join(' ')
}

const TWO = { environments: { a: { path: 'a' }, b: { path: 'b' } } }

/** A config with services, by the names of the routes that they are for. */
function servicesOf(names: Readonly<Record<string, string>>): object {
  const services = Object.entries(names).map(([service, name]) => [
    service,
    { route: { kind: 'VirtualService', name } },
  ])
  return { ...TWO, services: Object.fromEntries(services) }
}

test('rollouts of an environment have different names, as short as possible', () => {
  const table: readonly (readonly [string, Files, object, string])[] = [
    ['one route in each environment', { 'a/vs.yaml': route('web'), 'b/vs.yaml': route('web') }, TWO, 'a/web b/web'],
    [
      'two routes of one name in two namespaces',
      { 'a/vs.yaml': `${route('web')}---\n${route('web', { namespace: 'test' })}`, 'b/vs.yaml': route('web') },
      TWO,
      'a/shop/web a/test/web b/web',
    ],
    [
      'a name that another route needs',
      {
        'a/vs.yaml': `${route('web')}---\n${route('web', { namespace: 'test' })}`,
        'a/other.yaml': route('other'),
      },
      servicesOf({ 'shop/web': 'other' }),
      'a/shop/web a/virtualservice/shop/web a/virtualservice/test/web',
    ],
    [
      'two kinds of one name',
      {
        'a/vs.yaml': route('web'),
        'a/http.yaml': `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: shop }
spec:
  rules:
    - backendRefs: [{ name: web, port: 80, weight: 9 }, { name: web-canary, port: 80, weight: 1 }]
`,
      },
      TWO,
      'a/httproute/shop/web a/virtualservice/shop/web',
    ],
  ]
  for (const [what, files, config, expected] of table) assert.equal(named(files, config), expected, what)
})

test('variants of a route in one folder that nothing deploys are named after their files', () => {
  assert.equal(
    named({ 'blue.yaml': route('web'), 'green.yaml': route('web') }),
    'default/blue (blue.yaml) default/green (green.yaml)',
  )
  const both = `${route('web')}---\n${route('api')}`
  assert.equal(
    named({ 'blue.yaml': both, 'green.yaml': both }),
    'default/blue/web (blue.yaml) default/blue/api (blue.yaml) default/green/web (green.yaml) default/green/api (green.yaml)',
  )
})
