/** `perch init`, `switch` and `promote` on a folder, and what is refused there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { setInCheckout, statusOfCheckout, switchInCheckout } from '../../src/flows/checkout/checkout.ts'
import { initCheckout } from '../../src/flows/checkout/init-checkout.ts'
import { promoteInCheckout } from '../../src/flows/checkout/promote-checkout.ts'
import { BLUE_GREEN_SUBSETS, blueGreenPods, blueGreenRoute } from '../blue-green.ts'
import { BASE } from '../memory/builds.ts'
import { memoryRenderer } from '../memory/renderer.ts'
import { worktreeOf } from '../layouts/repository.ts'
import { memoryValidators } from '../memory/validators.ts'
import { flaggerCanary } from '../owners.ts'

const CONFIG = '.github/canary.yml'
const programs = {
  renderer: memoryRenderer(),
  validators: memoryValidators(),
  schemas: { misfits: async () => [] },
}

function folder(files: Readonly<Record<string, string>>) {
  const texts = new Map(Object.entries(files))
  return { texts, context: { worktree: worktreeOf(texts), ...programs } }
}

const OVERLAYS = {
  ...BASE,
  'overlays/staging/kustomization.yaml':
    'resources: [../../base]\nnamespace: staging\npatches: [{ path: slow.yaml }]\n',
  'overlays/staging/slow.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  exportTo: ["."]
`,
  'overlays/production/kustomization.yaml': 'resources: [../../base]\nnamespace: production\n',
}

test('init writes a config where there is none, proposes one anyway when dry, and finds nothing in an empty folder', async () => {
  const { texts, context } = folder(OVERLAYS)
  const dry = await initCheckout(context, { here: 'here', isDry: true })
  assert.ok(dry.ok)
  assert.equal(texts.has(CONFIG), false)
  const done = await initCheckout(context, { here: 'here', isDry: false })
  assert.ok(done.ok)
  assert.equal(texts.get(CONFIG), done.value.text)
  assert.equal(done.value.text, dry.value.text)
  assert.match(done.value.text, /production:\n {4}path: overlays\/production/)
  assert.deepEqual(await initCheckout(context, { here: 'here', isDry: false }), { ok: false, error: 'is-there' })
  assert.equal((await initCheckout(context, { here: 'here', isDry: true })).ok, true)
  const empty = folder({ 'README.md': '# x\n' })
  assert.deepEqual(await initCheckout(empty.context, { here: 'here', isDry: false }), {
    ok: false,
    error: { code: 'nothing-found' },
  })
  assert.deepEqual([...empty.texts.keys()], ['README.md'])
})

test('promote carries what differs, writes nothing when dry, and refuses what cannot be carried', async () => {
  const { texts, context } = folder(OVERLAYS)
  const flow = { from: 'staging', to: 'production', service: undefined }
  const before = new Map(texts)
  const dry = await promoteInCheckout(context, { flow, isDry: true })
  assert.ok(dry.ok, JSON.stringify(dry))
  assert.deepEqual(texts, before)
  const done = await promoteInCheckout(context, { flow, isDry: false })
  assert.ok(done.ok)
  for (const [path, { before: was }] of done.value.files) assert.equal(was, before.get(path) ?? '')
  for (const [path, { after }] of done.value.files) assert.equal(texts.get(path), after)
  assert.deepEqual(done.value.made.rendered, ['production'])
  const again = await promoteInCheckout(context, { flow, isDry: false })
  assert.deepEqual(again.ok || again.error, {
    code: 'promotion',
    why: { code: 'nothing-to-promote', from: 'staging', to: 'production', left: again.ok ? [] : leftIn(again.error) },
  })
  const nowhere = await promoteInCheckout(context, { flow: { ...flow, to: 'prod' }, isDry: false })
  assert.deepEqual(nowhere, {
    ok: false,
    error: { code: 'no-environment', asked: 'prod', known: ['production', 'staging'] },
  })
  texts.set(CONFIG, 'environment: {}\n')
  const unread = await promoteInCheckout(context, { flow, isDry: false })
  assert.equal(unread.ok || unread.error.code, 'unreadable')
})

function leftIn(error: object): unknown {
  return 'why' in error && typeof error.why === 'object' && error.why !== null && 'left' in error.why
    ? error.why.left
    : undefined
}

test('a switch and a limit in a folder are written, or only told when dry', async () => {
  const route = 'apps/production/web-route.yaml'
  const { texts, context } = folder({
    [route]: blueGreenRoute('blue', 'green'),
    'apps/production/web-pods.yaml': blueGreenPods({ blue: '1', green: '2' }),
    'apps/production/web-subsets.yaml': BLUE_GREEN_SUBSETS,
    'apps/production/api-canary.yaml': flaggerCanary().replaceAll(/\bweb\b/g, 'api'),
  })
  const wish = { kind: 'switch', version: 'green', service: undefined, environment: undefined } as const
  const dry = await switchInCheckout(context, { wish, isDry: true })
  assert.ok(dry.ok, JSON.stringify(dry))
  assert.deepEqual([dry.value.from, dry.value.to, texts.get(route)], ['blue', 'green', blueGreenRoute('blue', 'green')])
  const done = await switchInCheckout(context, { wish, isDry: false })
  assert.ok(done.ok)
  assert.equal(texts.get(route), blueGreenRoute('green', 'blue'))
  const unknown = await switchInCheckout(context, { wish: { ...wish, version: 'red' }, isDry: false })
  assert.equal(unknown.ok, false)
  const limit = { kind: 'share', percent: 30, service: 'api', environment: undefined } as const
  const before = new Map(texts)
  const told = await setInCheckout(context, limit, true)
  assert.ok(told.ok, JSON.stringify(told))
  assert.deepEqual([told.value.from, told.value.to, told.value.limitOf], [50, 30, 'flagger'])
  assert.deepEqual(texts, before)
  assert.equal((await setInCheckout(context, limit)).ok, true)
  assert.match(texts.get('apps/production/api-canary.yaml') ?? '', /maxWeight: 30/)
})

test('a change in an environment that is not there is refused with those that are', async () => {
  const wish = { kind: 'share', service: 'web', environment: 'prod', percent: 25 } as const
  const found = await setInCheckout(folder(OVERLAYS).context, wish)
  assert.deepEqual(found, {
    ok: false,
    error: { code: 'no-environment', asked: 'prod', known: ['production', 'staging'] },
  })
})

test('the status of one environment is that of its rollouts, and a name that is not there is said', async () => {
  const { context } = folder(OVERLAYS)
  const all = await statusOfCheckout(context)
  assert.ok(all.ok)
  const named = all.value.standings.map(({ target }) => target.environments.join())
  assert.deepEqual(named, ['production,staging'])
  const one = await statusOfCheckout(context, 'staging')
  assert.ok(one.ok)
  assert.deepEqual(
    one.value.standings.map(({ target }) => target.environment),
    [all.value.standings[0]?.target.environment],
  )
  assert.deepEqual(await statusOfCheckout(context, 'prod'), {
    ok: false,
    error: { code: 'no-environment', asked: 'prod', known: ['production', 'staging'] },
  })
  assert.deepEqual(await statusOfCheckout(folder({ 'README.md': 'x\n' }).context), {
    ok: false,
    error: { code: 'nothing-found' },
  })
  assert.deepEqual(await reviewFolder(folder({ 'README.md': 'x\n' }).context, { environment: undefined }), {
    ok: false,
    error: { code: 'nothing-found' },
  })
})
