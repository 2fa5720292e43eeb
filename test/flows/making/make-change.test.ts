/** Makes an intended change: its new texts, and the proof by rendering that they change only what is intended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import type { Refusal } from '../../../src/core/refusal/refusal.ts'
import type { Result } from '../../../src/core/result.ts'
import { intend, type ShareWish } from '../../../src/core/rollout/intend.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import { type ChangeSite, type MadeChange, makeChange } from '../../../src/flows/making/make-change.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import { memoryGitHub } from '../../memory/github/github.ts'
import { memoryMirror } from '../../memory/mirror.ts'

type Files = Readonly<Record<string, string>>

const route = (canary: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web]
  http:
    - route:
        - destination: {host: web, subset: stable}
          weight: ${100 - canary}
        - destination: {host: web, subset: canary}
          weight: ${canary}
`
const PLAIN: Files = { 'production/web.yaml': route(5), 'staging/web.yaml': route(5) }
const FOLDERS = { environments: { production: { path: 'production' }, staging: { path: 'staging' } } }
const OVERLAY = 'resources: [../../base]\n'
const SHARED: Files = {
  'base/kustomization.yaml': 'resources: [vs.yaml]\n',
  'base/vs.yaml': route(5),
  'overlays/staging/kustomization.yaml': OVERLAY,
  'overlays/production/kustomization.yaml': OVERLAY,
}

type Render = (files: ReadonlyMap<string, string>) => string | undefined

/** The output of kustomize for kustomizations that only list resources. */
function resources(files: ReadonlyMap<string, string>): string {
  return [...files].flatMap(([path, text]) => (path.endsWith('kustomization.yaml') ? [] : [text])).join('---\n')
}

interface Tried {
  readonly result: Result<MadeChange, Refusal>
  /** The roots that were rendered, in order. */
  readonly rendered: readonly string[]
}

/** Plans a wish on a branch with these files, and makes it. */
async function make(
  files: Files,
  wish: Pick<ShareWish, 'environment'> & { readonly percent: number },
  how: { readonly render?: Render; readonly config?: unknown } & Pick<ChangeSite, 'objection'> = {},
): Promise<Tried> {
  const state = memoryGitHub({ clock: { now: () => 0 }, files })
  const mirror = memoryMirror(state)
  const treeish = (await mirror.fetch(['refs/heads/main'])).get('refs/heads/main') ?? assert.fail('no branch')
  const rendered: string[] = []
  const renderer: Renderer = {
    async render(texts, source) {
      rendered.push(source.kind === 'kustomize' ? source.root : source.chart)
      const yaml = (how.render ?? resources)(texts)
      return yaml === undefined ? { ok: false, code: 'build-failed', detail: 'no' } : { ok: true, yaml }
    },
    tool: async () => 'a model',
  }
  const context = { mirror, renderer }
  const snapshot = await loadSnapshot(context, treeish, { config: Config.parse(how.config ?? {}) })
  const change = intend({ snapshot, base: undefined, changed: [] }, { ...wish, kind: 'share', service: undefined })
  assert.ok(change.ok, JSON.stringify(change))
  const { objection } = how
  const site = { treeish, snapshot, pull: 12, ...(objection === undefined ? {} : { objection }) }
  return { result: await makeChange(context, site, change.value), rendered: rendered.sort() }
}

function textsOf({ result }: Tried): Files {
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error))
  return Object.fromEntries(result.value.files)
}

function weights(text = ''): readonly string[] {
  return text.match(/(?<=weight: )\d+/g) ?? []
}

test('the texts of one environment change, and rendering shows it', async () => {
  const tried = await make(PLAIN, { percent: 25, environment: 'production' }, { config: FOLDERS })
  const texts = textsOf(tried)
  assert.deepEqual(Object.keys(texts), ['production/web.yaml'])
  assert.deepEqual(weights(texts['production/web.yaml']), ['75', '25'])
  assert.match(texts['production/web.yaml'] ?? '', /perch\.dev\/pr: "12"/)
  assert.deepEqual(tried.result.ok && tried.result.value.proof, { rendered: ['production'], changed: ['production'] })
  assert.deepEqual(tried.rendered, [], 'YAML that needs no kustomize is not given to it')
})

test('if nothing needs to change, nothing is rendered, and nobody objects', async () => {
  const done = textsOf(await make(SHARED, { percent: 25, environment: 'all' }))
  let objections = 0
  const objection = async (): Promise<undefined> => void (objections += 1)
  const again = await make({ ...SHARED, ...done }, { percent: 25, environment: 'all' }, { objection })
  assert.deepEqual(again.result, { ok: true, value: { files: new Map(), proof: undefined } })
  assert.deepEqual([objections, again.rendered], [0, []])
})

test('objections come before anything is rendered', async () => {
  const refusal: Refusal = { code: 'head-not-seen', head: 'a'.repeat(40), age: 'later' }
  const tried = await make(SHARED, { percent: 25, environment: 'all' }, { objection: async () => refusal })
  assert.deepEqual(tried, { result: { ok: false, error: refusal }, rendered: [] })
})

test('a change that cannot be made is refused before anybody may object', async () => {
  const text = { 'production/web.yaml': route(0).replace('weight: 100', 'weight: "100"') }
  const objection = async (): Promise<Refusal> => assert.fail('asked')
  const { result } = await make(text, { percent: 25, environment: undefined }, { objection })
  assert.equal(!result.ok && result.error.code === 'cannot-edit' && result.error.refusal.code, 'invalid-weight')
})

test('two environments that share a file change together, and both are rendered before and after', async () => {
  const tried = await make(SHARED, { percent: 25, environment: 'all' })
  const texts = textsOf(tried)
  assert.deepEqual(Object.keys(texts), ['base/vs.yaml'])
  assert.deepEqual(weights(texts['base/vs.yaml']), ['75', '25'])
  const proof = { rendered: ['production', 'staging'], changed: ['production', 'staging'] }
  assert.deepEqual(tried.result.ok && tried.result.value.proof, proof)
  const twice = ['overlays/production', 'overlays/staging'].flatMap((root) => [root, root])
  assert.deepEqual(tried.rendered, twice)
})

test('one of two environments that share a file gets a patch; if the patch would do nothing, the change is refused', async () => {
  // A renderer that ignores patches.
  const { result } = await make(SHARED, { percent: 25, environment: 'staging' })
  assert.deepEqual(!result.ok && { ...result.error, missing: [] }, {
    code: 'no-effect',
    environment: 'staging',
    file: 'base/vs.yaml',
    missing: [],
  })
})

test('a change that reaches something else is refused', async () => {
  const render: Render = (files) =>
    `${resources(files)}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: sum}\ndata: {sum: "${resources(files).length}"}\n`
  const { result } = await make(SHARED, { percent: 25, environment: 'all' }, { render })
  assert.deepEqual(!result.ok && result.error, {
    code: 'render-leak',
    name: 'web',
    environment: 'production',
    also: ['ConfigMap sum'],
  })
})

test('an environment that does not build with the change, or did not build before, is refused', async () => {
  for (const broken of ['weight: 25', 'weight: 5']) {
    const render: Render = (files) => (resources(files).includes(`${broken}\n`) ? undefined : resources(files))
    const { result } = await make(SHARED, { percent: 25, environment: 'all' }, { render })
    assert.equal(!result.ok && result.error.code === 'unreadable' && result.error.isEdited, true, broken)
  }
})
