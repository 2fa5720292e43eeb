/** The new versions of canaries that a change brings, from the renders of environments. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newVersions } from '../../../src/core/arrival/new-version.ts'
import { inOrder, startCommand } from '../../../src/core/arrival/start-command.ts'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { Config } from '../../../src/core/config/schema.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import { destinationRule, snapshotOf, virtualService } from '../samples.ts'

interface Wanted {
  readonly route?: string
  readonly versions?: readonly [string, string]
  /** Of the stable and the canary workload. */
  readonly images?: readonly [string, string]
  readonly beside?: string
}

const SERVICE =
  'apiVersion: v1\nkind: Service\nmetadata: {name: api-service}\nspec: {selector: {app: api}, ports: [{port: 80}]}\n'

function workload(version: string, image: string): string {
  const labels = `{app: api, version: ${version}}`
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api-${version}}\nspec: {template: {metadata: {labels: ${labels}}, spec: {containers: [{name: api, image: "${image}"}]}}}\n`
}

function filesOf({ route, versions = ['v1', 'v2'], images, beside }: Wanted): Record<string, string> {
  const parts = [
    route ?? virtualService(100, 0),
    destinationRule(...versions),
    SERVICE,
    ...(images === undefined ? [] : versions.map((version, index) => workload(version, images[index] ?? ''))),
    ...(beside === undefined ? [] : [beside]),
  ]
  return { 'app/all.yaml': parts.join('---\n') }
}

/** `v2 → v3` for each new version. */
function found(before: Wanted, after: Wanted, config: unknown = {}): readonly string[] {
  const [old, now] = [filesOf(before), filesOf(after)]
  const [first, second] = [snapshotOf(old, config), snapshotOf(now, config)]
  const [environment = ''] = second.environments.map(({ name }) => name)
  const objectsOf = (files: Readonly<Record<string, string>>) => {
    const parsed = parseRendered(Object.values(files).join('---\n'))
    assert.ok(parsed.ok)
    return parsed.objects
  }
  return newVersions(
    { environment, config: Config.parse(config) },
    { before: first.targets, after: second.targets },
    { before: objectsOf(old), after: objectsOf(now) },
  ).map(({ from, to }) => `${from ?? 'none'} → ${to}`)
}

test('another label of the canary is a new version, another one of the stable version is none', () => {
  assert.deepEqual(found({}, { versions: ['v1', 'v3'] }), ['v2 → v3'])
  assert.deepEqual(found({}, { versions: ['v0', 'v2'] }), [])
  assert.deepEqual(found({}, {}), [])
})

test('the version that already has the traffic is not a new one', () => {
  assert.deepEqual(found({}, { versions: ['v1', 'v1'] }), [])
  assert.deepEqual(found({ versions: ['v1', 'v1'] }, { versions: ['v1', 'v2'] }), ['v1 → v2'])
})

test('another image with the same labels is a new version, named after its tag', () => {
  const tag = (name: string): string => `ghcr.io:443/shop/api:${name}`
  const before: Wanted = { versions: ['stable', 'canary'], images: [tag('1.0'), tag('1.1')] }
  assert.deepEqual(found(before, { ...before, images: [tag('1.0'), tag('1.2')] }), ['1.1 → 1.2'])
  assert.deepEqual(found(before, { ...before, images: [tag('1.0'), tag('1.0')] }), [], 'stable runs it already')
  assert.deepEqual(found(before, { ...before, images: [tag('1.2'), tag('1.1')] }), [], 'only stable is another one')
  const pinned = 'ghcr.io/shop/api@sha256:0123456789abcdef0123'
  assert.deepEqual(found(before, { ...before, images: [tag('1.0'), pinned] }), ['1.1 → sha256:0123456789ab'])
  assert.deepEqual(found({ versions: ['stable', 'canary'] }, before), [], 'nobody knows what ran')
})

test('with traffic before or after, the canary’s version is no beginning', () => {
  const running = virtualService(95, 5)
  assert.deepEqual(found({ route: running }, { route: running, versions: ['v1', 'v3'] }), [])
  assert.deepEqual(found({}, { route: running, versions: ['v1', 'v3'] }), [])
  assert.deepEqual(found({ route: running }, { versions: ['v1', 'v3'] }), [])
})

const SINGLE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api-service}
spec:
  hosts: [api-service]
  http: [{route: [{destination: {host: api-service, subset: stable}}]}]
`

test('a route with one destination can begin too', () => {
  assert.deepEqual(found({ route: SINGLE }, { route: SINGLE, versions: ['v1', 'v3'] }), ['v2 → v3'])
})

test('a rollout that Flagger or Argo Rollouts moves is not for Perch to begin', () => {
  for (const owner of [flaggerCanary(), argoRollout()]) {
    const beside = owner.replaceAll(/\bname: web\b/g, 'name: api-service')
    assert.deepEqual(found({ beside }, { beside, versions: ['v1', 'v3'] }), [])
    assert.deepEqual(found({}, { beside, versions: ['v1', 'v3'] }), [], 'it comes with the version')
  }
  assert.deepEqual(found({ beside: flaggerCanary() }, { beside: flaggerCanary(), versions: ['v1', 'v3'] }), ['v2 → v3'])
})

test('a service that is new brings no new canary version', () => {
  const [target] = snapshotOf(filesOf({})).targets
  assert.ok(target)
  const parsed = parseRendered(Object.values(filesOf({})).join(''))
  assert.ok(parsed.ok)
  const sides = [
    { before: [], after: [target] },
    { before: [], after: parsed.objects },
  ] as const
  assert.deepEqual(newVersions({ environment: target.environment, config: Config.parse({}) }, ...sides), [])
})

test('one command begins a rollout, and environments come in their order', () => {
  const [target] = snapshotOf(filesOf({}), { services: { 'api-service': { steps: [10, 100] } } }).targets
  assert.ok(target)
  const one = { target, from: 'v2', to: 'v3', after: [] }
  const [parsed] = parseCommands(startCommand(one))
  assert.ok(parsed?.result.ok)
  assert.match(startCommand(one), /^\/canary 10 api-service --env /)
  const production = {
    ...one,
    after: target.environments,
    target: { ...target, environments: ['x'], environment: 'x' },
  }
  const { first, later } = inOrder([production, one], [])
  assert.deepEqual([first, later], [[one], [production]])
  const begun = inOrder([production], [{ target, to: 10 }])
  assert.deepEqual([begun.first, begun.later], [[], [production]], 'the first has its share on this pull request')
})
