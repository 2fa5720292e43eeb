/** The effect of changed images on a rollout that is under way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageChanges } from '../../../src/core/arrival/image-changes.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { hostsRoute, versionFile } from '../../images.ts'
import { snapshotOf } from '../samples.ts'

interface Wanted {
  readonly share?: number
  readonly isDriven?: boolean
  /** Undefined if its workload is not here. */
  readonly stable?: string | undefined
  readonly canary?: string | undefined
  /** For both workloads, or only for the canary's. */
  readonly sidecar?: string
  readonly canarySidecar?: string
  /** An additional label of the canary's pods and Service. */
  readonly label?: string
  /** The stable Service selects the pods of both. */
  readonly isStableBroad?: boolean
  /** The init containers of the canary. */
  readonly init?: string
}

function sideOf(wanted: Wanted): Parameters<typeof snapshotOf>[0] {
  const { share = 5, isDriven = true, sidecar = '', canarySidecar = sidecar, label, isStableBroad, init } = wanted
  const { stable, canary } = { stable: 'v1', canary: 'v2', ...wanted }
  const whole = versionFile('web-canary', canary ?? '', canarySidecar)
  const begins = `      initContainers: [{ name: app, image: "${init}" }]\n      containers:`
  const file = init === undefined ? whole : whole.replace('      containers:', begins)
  const parts = [
    hostsRoute(share, isDriven),
    stable === undefined ? '' : versionFile('web', stable, sidecar),
    label === undefined ? file : file.replaceAll('{ app: web-canary }', `{ app: web-canary, version: ${label} }`),
  ]
  const text = parts.filter((part) => part !== '').join('---\n')
  const documents = text.split('---\n').filter((one) => canary !== undefined || !isWorkloadOf(one, 'web-canary'))
  const all = documents.join('---\n')
  return { 'app/all.yaml': isStableBroad === true ? withBroadService(all) : all }
}

function withBroadService(text: string): string {
  const own = text.replaceAll('labels: { app: web', 'labels: { all: web, app: web')
  return own.replace('selector: { app: web }\n  ports', 'selector: { all: web }\n  ports')
}

function isWorkloadOf(text: string, name: string): boolean {
  return text.includes('kind: Deployment') && text.includes(`name: ${name}\n`)
}

/** `canary v2 → v3` for each change. */
function changed(before: Wanted, after: Wanted): readonly string[] {
  const [old, now] = [sideOf(before), sideOf(after)]
  const [first, second] = [snapshotOf(old), snapshotOf(now)]
  const [environment = ''] = second.environments.map(({ name }) => name)
  const objectsOf = (files: Readonly<Record<string, string>>) => {
    const parsed = parseRendered(Object.values(files).join('---\n'))
    assert.ok(parsed.ok)
    return parsed.objects
  }
  const targets = { before: first.targets, after: second.targets }
  const found = imageChanges(environment, targets, { before: objectsOf(old), after: objectsOf(now) })
  for (const one of found) assert.equal(one.environment, environment)
  return found.map(({ target, version }) => `${target.service} ${version.role} ${version.from} → ${version.to}`)
}

test('another image of a canary with traffic is another version, at any share that it keeps', () => {
  assert.deepEqual(changed({}, { canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed({}, { canary: 'v3', share: 50 }), ['web canary v2 → v3'])
  assert.deepEqual(changed({ share: 100 }, { share: 1, canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed({}, {}), [])
})

test('without traffic before or after, the canary’s image may change', () => {
  assert.deepEqual(changed({ share: 0, isDriven: false }, { canary: 'v3' }), [])
  assert.deepEqual(changed({}, { share: 0, canary: 'v3' }), [])
})

test('the stable version that becomes the canary’s is promoted, whatever its own share', () => {
  assert.deepEqual(changed({}, { stable: 'v2' }), ['web stable v1 → v2'])
  assert.deepEqual(changed({}, { stable: 'v2', share: 0 }), ['web stable v1 → v2'])
  assert.deepEqual(changed({ sidecar: 'proxy:1' }, { stable: 'v2', sidecar: 'proxy:1' }), ['web stable v1 → v2'])
})

test('a version of its own that the stable workload gets is no matter of the rollout, and neither is a canary that becomes the stable one', () => {
  assert.deepEqual(changed({}, { stable: 'v1.1' }), [])
  assert.deepEqual(changed({}, { canary: 'v1' }), [])
  assert.deepEqual(changed({ canary: 'v1' }, { canary: 'v1', stable: 'v1.1' }), [])
})

test('a sidecar that both get tells no versions apart; one that the canary alone gets does', () => {
  assert.deepEqual(changed({ sidecar: 'proxy:1' }, { sidecar: 'proxy:2' }), [])
  assert.deepEqual(changed({ sidecar: 'proxy:1' }, { sidecar: 'proxy:1', canarySidecar: 'proxy:2' }), [
    'web canary proxy:1 → proxy:2'.replaceAll('proxy:', ''),
  ])
})

test('a share that somebody set by hand is no rollout until somebody raises it', () => {
  assert.deepEqual(changed({ isDriven: false }, { isDriven: false, canary: 'v3' }), [])
  assert.deepEqual(changed({ isDriven: false }, { isDriven: false, canary: 'v3', share: 1 }), [])
  assert.deepEqual(changed({ isDriven: false }, { canary: 'v3', share: 50 }), ['web canary v2 → v3'])
  assert.deepEqual(changed({ isDriven: false }, { isDriven: false, canary: 'v3', share: 50 }), ['web canary v2 → v3'])
})

test('a version that both get at the same time is new to everybody', () => {
  assert.deepEqual(changed({}, { stable: 'v3', canary: 'v3' }), ['web canary v2 → v3'])
  const [old, now] = [{ sidecar: 'proxy:1' }, { sidecar: 'proxy:2' }]
  assert.deepEqual(changed(old, { ...now, stable: 'v3', canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed(old, { ...now, canary: 'v1' }), [])
  assert.deepEqual(changed({}, { share: 0, stable: 'v3', canary: 'v3' }), [])
})

test('a promotion hides no canary that gets a version of its own, and neither does a part of one', () => {
  assert.deepEqual(changed({}, { stable: 'v2', canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed({}, { stable: 'v2', canary: 'v3', share: 0 }), ['web stable v1 → v2'])
  assert.deepEqual(changed({ canarySidecar: 'proxy:2' }, { stable: 'v2', canarySidecar: 'proxy:2' }), [
    'web stable v1 → v2',
  ])
})

test('a stable Service that picks the canary’s pods too hides nothing', () => {
  const broad = { isStableBroad: true }
  assert.deepEqual(changed(broad, { ...broad, canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed(broad, { ...broad, stable: 'v2' }), ['web stable v1 → v2'])
  assert.deepEqual(changed(broad, { ...broad, stable: 'v1.1' }), [])
  assert.deepEqual(changed(broad, broad), [])
})

test('what runs before the containers is a part of the version', () => {
  assert.deepEqual(changed({ init: 'app:1' }, { init: 'app:2' }), ['web canary 1 → 2'])
  const web = 'registry.example.com/web:v2'
  assert.deepEqual(changed({}, { init: 'app:1' }), [`web canary ${web} → app:1 ${web}`])
})

test('images with equal tags are named by their difference', () => {
  const [one, other] = ['sha256:0123456789abcdef', 'sha256:abcdef0123456789']
  assert.deepEqual(changed({}, { canary: `v2@${one}` }), ['web canary v2 → v2@sha256:0123456789ab'])
  assert.deepEqual(changed({ canary: `v2@${one}` }, { canary: `v2@${other}` }), [
    'web canary v2@sha256:0123456789ab → v2@sha256:abcdef012345',
  ])
  assert.deepEqual(changed({ init: 'one/app:1' }, { init: 'two/app:1' }), ['web canary one/app:1 → two/app:1'])
})

test('labels that change beside an image hide nothing, and a workload that is not here tells nothing', () => {
  assert.deepEqual(changed({ label: 'a' }, { label: 'b', canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed({}, { label: 'b', canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed({}, { label: 'b' }), [])
  assert.deepEqual(changed({ canary: undefined }, { canary: 'v3' }), [])
  assert.deepEqual(changed({}, { canary: undefined }), [])
})

test('a stable workload that is elsewhere keeps no swap of the canary hidden', () => {
  assert.deepEqual(changed({ stable: undefined }, { stable: undefined, canary: 'v3' }), ['web canary v2 → v3'])
  assert.deepEqual(changed({ stable: undefined }, { stable: undefined }), [])
})
