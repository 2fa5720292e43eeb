import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { isRoute, readRoute } from '../../../src/core/traffic/read-route.ts'
import type { RouteNames } from '../../../src/core/traffic/route.ts'
import { hasNoCanary, withCanary } from '../../../src/core/traffic/start.ts'

interface Place {
  /** The rules of a VirtualService. */
  readonly http?: string
  /** The rules of an HTTPRoute. */
  readonly backends?: string
  /** Of the host `web`. */
  readonly subsets?: readonly string[]
  readonly services?: readonly string[]
  readonly names?: Partial<RouteNames>
}

/** `main: web/stable + web/canary`: the destinations of each rule once the canary has started, or why it cannot start. */
function started({ http, backends, subsets = [], services = [], names = {} }: Place): string {
  const objects = [
    http === undefined
      ? `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: web }\nspec: { rules: [${backends}] }`
      : `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec: { http: [${http}] }`,
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: web }\nspec: { host: web, subsets: [${subsets.map((name) => `{ name: ${name} }`).join(', ')}] }`,
    ...services.map((name) => {
      const [own, namespace = 'default'] = name.split('.')
      return `apiVersion: v1\nkind: Service\nmetadata: { name: ${own}, namespace: ${namespace} }`
    }),
  ]
  const manifest = parseManifest('web.yaml', objects.join('\n---\n'))
  assert.ok(manifest.ok)
  const object = manifest.value.objects.find(isRoute)
  assert.ok(object !== undefined)
  const route = readRoute(manifest.value, object, { stable: undefined, canary: undefined, ...names })
  const found = withCanary(route, [manifest.value])
  if (!found.ok) {
    const { file: _file, line: _line, route: _route, code, ...why } = found.error
    return [code, ...Object.values(why).flat()].join(' ')
  }
  if (found.value === route) return hasNoCanary(route, [manifest.value]) ? 'as it is, without a canary' : 'as it is'
  return found.value.rules
    .map(({ label, destinations }) => {
      const ends = destinations.map(({ host, subset, role, pending }) => {
        const name = host.replace('.default.svc.cluster.local', '').replace('.svc.cluster.local', '')
        const values = (pending?.values ?? []).map(({ path, value }) => ` ${path.at(-1)}=${value}`)
        return `${name}${subset === undefined ? '' : `/${subset}`} ${role}${values.join('')}`
      })
      return `${label}: ${ends.join(' + ')}`
    })
    .join(' · ')
}

const to = (destination: string, more = ''): string => `{ ${more} route: [{ destination: { ${destination} } }] }`
const named = (name: string): string => `name: ${name},`
const forTesters = 'match: [{ headers: { x-test: { exact: y } } }],'
const STABLE = to('host: web, subset: stable')
const BARE = to('host: web')

test('a canary starts as a subset beside the stable one', () => {
  const subsets = ['stable', 'canary']
  assert.equal(started({ http: STABLE, subsets }), 'http[0]: web/stable stable + web/canary canary subset=canary')
  assert.equal(
    started({ http: BARE, subsets }),
    'http[0]: web/stable stable subset=stable + web/canary canary subset=canary',
  )
  assert.equal(started({ http: BARE, subsets: ['v1', 'canary'] }), 'no-subset web stable v1 canary')
  assert.equal(
    started({ http: BARE, subsets: ['stable', 'primary', 'canary'] }),
    'no-subset web stable stable primary canary',
  )
  assert.equal(
    started({ http: BARE, subsets: ['v1', 'canary'], names: { stable: 'v1' } }),
    'http[0]: web/v1 stable subset=v1 + web/canary canary subset=canary',
  )
  assert.equal(started({ http: BARE, subsets: ['v1', 'canary'], names: { stable: 'v0' } }), 'no-roles web')
  assert.equal(
    started({ http: STABLE, subsets: ['stable', 'canary', 'eu-canary'] }),
    'which-canary web canary eu-canary',
  )
})

test('a destination without a subset leads to the stable version that the config names, if it is a subset of its host', () => {
  const names = { stable: 'v1', canary: 'v2' }
  assert.equal(
    started({ http: BARE, subsets: ['v1', 'v2'], names }),
    'http[0]: web/v1 stable subset=v1 + web/v2 canary subset=v2',
  )
  assert.equal(started({ http: BARE, subsets: ['v2'], names }), 'no-roles web')
  assert.equal(started({ http: BARE, subsets: ['v1'], services: ['v2'], names }), 'no-subset web v2 v1')
  assert.equal(
    started({ http: BARE, subsets: ['v1'], services: ['web-canary'], names: { stable: 'v1' } }),
    'no-canary web web-canary',
  )
  assert.equal(started({ backends: '{ backendRefs: [{ name: web }] }', subsets: ['v1', 'v2'], names }), 'no-roles web')
})

test('a canary starts as a Service beside the stable one', () => {
  const services = ['web-canary', 'web-canary.shop']
  assert.equal(started({ http: BARE, services }), 'http[0]: web stable + web-canary canary host=web-canary')
  assert.equal(
    started({ http: to('host: web.shop'), services }),
    'http[0]: web.shop stable + web-canary.shop canary host=web-canary.shop',
  )
  assert.equal(
    started({ http: to('host: web-stable'), services }),
    'http[0]: web-stable stable + web-canary canary host=web-canary',
  )
  assert.equal(started({ http: to('host: web.other'), services }), 'no-canary web.other web-canary')
  assert.equal(started({ http: STABLE, services }), 'no-canary web web-canary')
  assert.equal(
    started({ backends: '{ backendRefs: [{ name: web }] }', services }),
    'rules[0]: web stable + web-canary canary name=web-canary',
  )
  assert.equal(
    started({ backends: '{ backendRefs: [{ name: web, namespace: shop }] }', services, subsets: ['stable', 'canary'] }),
    'rules[0]: web.shop stable + web-canary.shop canary name=web-canary',
  )
})

test('a canary that the config names starts under this name', () => {
  const names = { canary: 'next' }
  assert.equal(
    started({ http: STABLE, subsets: ['stable', 'canary', 'next'], names }),
    'http[0]: web/stable stable + web/next canary subset=next',
  )
  assert.equal(started({ http: STABLE, names }), 'http[0]: web/stable stable + web/next canary subset=next')
  assert.equal(started({ http: STABLE, subsets: ['stable', 'canary'], names }), 'no-subset web next stable canary')
  assert.equal(
    started({ http: STABLE, subsets: ['stable'], services: ['next'], names }),
    'http[0]: web/stable stable + next/stable canary host=next',
  )
  assert.equal(started({ http: BARE, names }), 'http[0]: web stable + next canary host=next')
  assert.equal(
    started({ http: to('host: web.shop'), names }),
    'http[0]: web.shop stable + next.shop canary host=next.shop',
  )
  assert.equal(
    started({ http: BARE, names: { canary: 'next.shop' } }),
    'http[0]: web stable + next.shop canary host=next.shop',
  )
})

test('a canary starts in the rules that lead everybody to the stable version', () => {
  const subsets = ['stable', 'canary']
  const begun = 'web/stable stable + web/canary canary subset=canary'
  const other = to('host: other')
  assert.equal(started({ http: `${other}, ${STABLE}`, subsets }), `http[0]: other other · http[1]: ${begun}`)
  assert.equal(started({ http: `${other}, ${BARE}`, subsets }), 'which-service other web')
  assert.equal(started({ http: `${other}, ${BARE}`, subsets, names: { stable: 'v1' } }), 'no-roles other web')
  assert.equal(
    started({ http: `${to('host: web, subset: stable', forTesters)}, ${STABLE}`, subsets }),
    `http[0]: web/stable stable · http[1]: ${begun}`,
  )
  assert.equal(started({ http: to('host: web, subset: stable', forTesters), subsets }), 'no-roles web/stable')
  assert.equal(started({ http: to('host: web, subset: canary'), subsets }), 'no-roles web/canary')
  assert.equal(started({ http: `${STABLE}, ${STABLE}`, subsets }), `http[0]: ${begun} · http[1]: ${begun}`)
})

test('a canary starts in the rules that the config names, whomever they are for', () => {
  const subsets = ['stable', 'canary']
  const begun = 'web/stable stable + web/canary canary subset=canary'
  const http = [
    to('host: web, subset: stable', `${named('testers')} ${forTesters}`),
    to('host: web, subset: stable', named('main')),
    to('host: other', named('other')),
  ].join(', ')
  assert.equal(
    started({ http, subsets, names: { rules: ['testers'] } }),
    `testers: ${begun} · main: web/stable stable · other: other other`,
  )
  assert.equal(started({ http, subsets, names: { rules: ['main', 'other'] } }), 'which-service web/stable other')
  assert.equal(started({ http, subsets, names: { rules: ['main', 'gone'] } }), 'as it is, without a canary')
})

test('no canary starts where there is one, or where nothing but another route leads to a version', () => {
  const both =
    '{ route: [{ destination: { host: web, subset: stable } }, { destination: { host: web, subset: canary } }] }'
  assert.equal(started({ http: both }), 'as it is')
  assert.equal(started({ http: '{ delegate: { name: web-root } }' }), 'no-delegate VirtualService default/web-root')
  assert.equal(
    started({ http: '{ route: [{ destination: { host: a } }, { destination: { host: b } }] }' }),
    'no-roles a b',
  )
})
