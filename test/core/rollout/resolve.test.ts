/** Which rollout a command means, from the names in it and the changes of its pull request. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolve, type RolloutQuery } from '../../../src/core/rollout/resolve.ts'
import { repositoryFiles, routeFile } from '../../simulate/repository.ts'
import { destinationRule } from '../../manifests.ts'
import { targetsOf, virtualService } from '../samples.ts'

const config = {
  steps: [5, 25, 100],
  bakeMinutes: 10,
  live: 'timer',
  isOrdered: false,
  autoMerge: 'never',
  approvals: 0,
} as const
const ENVIRONMENTS = { staging: { path: 'apps/staging' }, production: { path: 'apps/production' } }

function filesOf(services: readonly string[], environments: readonly string[]): Record<string, string> {
  const { '.github/canary.yml': _, ...files } = repositoryFiles({ services, environments, config })
  return files
}

interface Asked extends Partial<RolloutQuery> {
  readonly changed?: readonly string[]
}

/** `environment/service` of each target, or the question. */
function meant(
  files: Readonly<Record<string, string>>,
  { changed = [], ...wish }: Asked,
  environments: unknown = ENVIRONMENTS,
  services: unknown = {},
): string {
  const targets = targetsOf(files, { environments, services })
  const found = resolve(targets, { service: undefined, environment: undefined, ...wish }, changed)
  if (found.ok) {
    const { alone } = found.value
    const names = found.value.targets.map(({ environment, service }) => `${environment}/${service}`)
    return [...names, ...(alone === undefined ? [] : [`in ${alone.join(' and ')} alone`])].join(' ')
  }
  const { error } = found
  return error.code === 'ambiguous'
    ? `? ${error.choices.map(({ service, environment }) => `${service} --env ${environment}`).join(', ')}`
    : error.code
}

test('named parts must match, and the files of the pull request decide among several rollouts', () => {
  const both = filesOf(['web', 'api'], ['staging', 'production'])
  const one = filesOf(['web'], ['staging', 'production'])
  const table: readonly (readonly [Readonly<Record<string, string>>, Asked, string])[] = [
    [one, { environment: 'production' }, 'production/web'],
    [one, { environment: 'all' }, 'production/web staging/web'],
    [one, {}, '? web --env production, web --env staging, web --env all'],
    [one, { changed: [routeFile('staging', 'web')] }, 'staging/web'],
    [one, { changed: ['README.md'] }, '? web --env production, web --env staging, web --env all'],
    [one, { service: 'api' }, 'no-service'],
    [one, { environment: 'test' }, 'no-service'],
    [both, { service: 'api', environment: 'staging' }, 'staging/api'],
    [both, { environment: 'staging' }, '? api --env staging, web --env staging'],
    [both, { service: 'web', environment: 'all' }, 'production/web staging/web'],
    [
      both,
      { environment: 'all' },
      '? api --env production, api --env staging, web --env production, web --env staging',
    ],
    [both, { service: 'web', changed: [routeFile('staging', 'api')] }, 'staging/web'],
  ]
  for (const [files, wish, expected] of table) assert.equal(meant(files, wish), expected, JSON.stringify(wish))
})

test('an environment means its own rollouts before those that it shares with others', () => {
  const route = (name: string): string =>
    virtualService(95, 5).replaceAll('api-service', name).replaceAll('gitops.example.com', 'perch.dev')
  const files = {
    'base/shared.yaml': route('shared'),
    'base/kustomization.yaml': 'resources: [shared.yaml]\n',
    'a/own.yaml': route('own'),
    'a/kustomization.yaml': 'resources: [../base, own.yaml]\n',
    'b/kustomization.yaml': 'resources: [../base]\n',
  }
  const folders = { a: { path: 'a' }, b: { path: 'b' } }
  assert.equal(meant(files, { environment: 'a' }, folders), 'a/own')
  assert.equal(meant(files, { environment: 'b' }, folders), 'all/shared in b alone')
  assert.equal(meant(files, { service: 'shared', environment: 'all' }, folders), 'all/shared')
  assert.equal(meant(files, { environment: 'a', service: 'shared' }, folders), 'all/shared in a alone')
  const waves = { shared: { waves: [['a'], ['b', 'c']] }, own: { waves: [['a']] } }
  const more = { ...files, 'c/kustomization.yaml': 'resources: [../base]\n' }
  const three = { ...folders, c: { path: 'c' } }
  assert.equal(meant(more, { environment: 'b+c' }, three, waves), 'all/shared in b and c alone')
  assert.equal(meant(more, { environment: 'c' }, three, waves), 'all/shared in c alone')
})

test('among services in one folder, the pull request means the one whose route or versions it changes', () => {
  const only = { production: { path: 'apps' } }
  const subset = (role: string, weight: number): string =>
    `{ destination: { host: NAME, subset: ${role} }, weight: ${weight} }`
  const route = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: NAME }\nspec: { hosts: [NAME], http: [{ route: [${subset('stable', 100)}, ${subset('canary', 0)}] }] }\n`
  const files = Object.fromEntries(
    ['api', 'web'].flatMap((name) => [
      [`apps/${name}.yaml`, route.replaceAll('NAME', name)],
      [`apps/${name}-subsets.yaml`, destinationRule(name, 'v2')],
    ]),
  )
  const table: readonly (readonly [readonly string[], string])[] = [
    [['apps/web.yaml'], 'production/web'],
    [['apps/web-subsets.yaml', 'apps/notes.yaml'], 'production/web'],
    [['apps/api.yaml', 'apps/web-subsets.yaml'], 'production/api'],
    [['apps/notes.yaml'], '? api --env production, web --env production'],
    [['apps/api-subsets.yaml', 'apps/web-subsets.yaml'], '? api --env production, web --env production'],
  ]
  for (const [changed, expected] of table) assert.equal(meant(files, { changed }, only), expected, changed.join(' '))
})

test('a route without a canary is meant only if there is no other', () => {
  const files = filesOf(['web', 'api'], ['production'])
  const path = routeFile('production', 'api')
  const alone = {
    ...files,
    [path]: (files[path] ?? '').replace(/ {8}- destination: \{ host: api, subset: canary \}\n {10}weight: 0\n/, ''),
    'apps/production/api-subsets.yaml': '',
  }
  const only = { production: { path: 'apps/production' } }
  assert.equal(meant(alone, {}, only), 'production/web')
  assert.equal(meant(alone, { service: 'api' }, only), 'production/api')
})

test('no two rollouts of an environment have one name, where two services share a root and its delegate', () => {
  const route = (name: string, rules: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: ${name} }\nspec: { http: [${rules}] }\n`
  const split = (name: string): string =>
    `{ name: ${name}, route: [{ destination: { host: ${name} }, weight: 9 }, { destination: { host: ${name}-next }, weight: 1 }] }`
  const files = {
    'app/root.yaml': route('web', `{ delegate: { name: cart } }, ${split('web')}, ${split('api')}`),
    'app/cart.yaml': route('cart', split('cart')),
  }
  const serviceOf = (name: string): object => ({
    route: { kind: 'VirtualService', name: 'web', rules: [name] },
    stable: name,
    canary: `${name}-next`,
  })
  const targets = targetsOf(files, { services: { web: serviceOf('web'), api: serviceOf('api') } })
  assert.deepEqual(
    targets.map(({ service, route: { name, names } }) => `${service}: ${names.scope} in ${name}`),
    ['cart: web in cart', 'api/cart: api in cart', 'web: web in web', 'api/web: api in web'],
  )
  const api = resolve(targets, { service: 'api/web', environment: undefined }, [])
  assert.ok(api.ok)
  assert.deepEqual(
    api.value.targets.map(({ route }) => route.names.stable),
    ['api'],
  )
})
