/** The change that a wish means, for each state of a branch and of a base branch. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Refusal } from '../../../src/core/refusal/refusal.ts'
import type { Result } from '../../../src/core/result.ts'
import {
  editFor,
  intend,
  type IntendedChange,
  intendStep,
  isRaise,
  type ShareWish,
  type Wish,
} from '../../../src/core/rollout/intend.ts'
import type { Move, PlanChange } from '../../../src/core/rollout/move.ts'
import type { Snapshot } from '../../../src/core/rollout/snapshot.ts'
import { targetName } from '../../../src/core/rollout/target.ts'
import { destinationRule, snapshotOf, virtualService } from '../samples.ts'

type Files = Readonly<Record<string, string>>

/** A route whose canary has a share. `notes`: with Perch's annotations. */
function route(name: string, canary: number | string, notes?: string): string {
  const stable = typeof canary === 'number' ? 100 - canary : 50
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
${notes === undefined ? '' : `  annotations: {${notes}}\n`}spec:
  hosts: [${name}]
  http:
    - route:
        - destination: {host: ${name}, subset: stable}
          weight: ${stable}
        - destination: {host: ${name}, subset: canary}
          weight: ${canary}
`
}

const DRIVEN = 'perch.dev/canary-percentage: "1"'
const OVERLAY = 'resources: [../../base]\n'
const SHARED = {
  'base/kustomization.yaml': 'resources: [vs.yaml]\n',
  'overlays/staging/kustomization.yaml': OVERLAY,
  'overlays/production/kustomization.yaml': OVERLAY,
}

const ONE: Files = { 'production/web.yaml': route('web', 0) }
const AT_5: Files = { 'production/web.yaml': route('web', 5) }
const TWO_SERVICES: Files = { ...ONE, 'production/api.yaml': route('api', 0) }
const TWO_FOLDERS: Files = { 'apps/web.yaml': route('web', 0), 'apps/shop/api.yaml': route('api', 0) }
const TWO_ENVIRONMENTS: Files = { ...ONE, 'staging/web.yaml': route('web', 0) }
const ONE_FILE: Files = { ...SHARED, 'base/vs.yaml': route('web', 0) }

/** The snapshot of these files. Without overlays, each folder is an environment. */
function read(files: Files): Snapshot {
  const folders = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))
  const isPlain = !folders.has('overlays')
  return snapshotOf(
    files,
    isPlain ? { environments: Object.fromEntries([...folders].map((path) => [path, { path }])) } : {},
  )
}

const named = (service?: string, environment?: string) => ({ service, environment })
const share = (percent: number, service?: string, environment?: string) =>
  ({ kind: 'share', percent, ...named(service, environment) }) as const
const next = (service?: string, environment?: string) => ({ kind: 'next', ...named(service, environment) }) as const
const promote = (service?: string, environment?: string) =>
  ({ kind: 'promote', ...named(service, environment) }) as const
const plan = (steps: readonly number[], environment?: string) =>
  ({ kind: 'plan', steps, ...named(undefined, environment) }) as const

/** `production/web: production 0→5`, or the refusal's code with the names in it. */
function text(intended: Result<IntendedChange, Refusal>): string {
  if (!intended.ok) return refusalText(intended.error)
  const { target, moves } = intended.value
  return `${targetName(target)}: ${moves.map((one) => `${one.target.environment} ${moveText(one.move)}`).join(', ')}`
}

function moveText(move: Move | PlanChange): string {
  switch (move.kind) {
    case 'share':
      return `${move.from}→${move.to}`
    case 'rollback':
      return `${move.from}↓`
    case 'switch':
      return `${move.from}⇒${move.to}`
    case 'plan':
      return `plan ${move.steps.join(',')}`
    case 'finish-version':
      return `finish ${move.from}→${move.to}`
    case 'limit':
      return `≤${move.to}`
    case 'finish-weights':
      return 'finish'
  }
}

function refusalText(refusal: Refusal): string {
  const { code } = refusal
  if (code === 'ambiguous')
    return `ambiguous ${refusal.choices.map(({ service, environment }) => `${service}@${environment}`).join(' ')}`
  if (code === 'no-service')
    return `no-service ${refusal.asked}@${refusal.environment}, known ${refusal.known.join(' ')}`
  if (code === 'shared-file') return `shared-file ${refusal.file} ${refusal.all}: ${refusal.environments.join(' ')}`
  if (code === 'no-next-step') return `no-next-step ${refusal.name} ${refusal.share}`
  if (code === 'unreadable') return `unreadable ${refusal.problem?.file}`
  return code === 'cannot-edit' ? `cannot-edit ${refusal.refusal.code}` : code
}

interface BranchCase {
  readonly files: Files
  /** The base branch; undefined for a folder without one. */
  readonly base?: Files
  readonly changed?: readonly string[]
  readonly wish: Wish
  readonly is: string
}

const PLANNED = route('web', 5, `${DRIVEN}, perch.dev/steps: "5,40,100"`)
const APART: Files = { 'production/web.yaml': route('web', 5), 'staging/web.yaml': route('web', 25) }
const BROKEN: Files = {
  'production/api.yaml': 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: [\n',
}

const ON_A_BRANCH: Readonly<Record<string, BranchCase>> = {
  'a share in a folder: from what is there': { files: AT_5, wish: share(25), is: 'production/web: production 5→25' },
  'a share on a branch: from what the base branch has': {
    files: { 'production/web.yaml': route('web', 50) },
    base: AT_5,
    wish: share(25),
    is: 'production/web: production 5→25',
  },
  'a share of a route that the branch brings: from 0': {
    files: AT_5,
    base: {},
    wish: share(25),
    is: 'production/web: production 0→25',
  },
  'a share that is 0 stays a share': { files: AT_5, base: AT_5, wish: share(0), is: 'production/web: production 5→0' },
  'a share that is there already': { files: AT_5, base: AT_5, wish: share(5), is: 'production/web: production 5→5' },
  'a share over one that nobody can read': {
    files: ONE,
    base: { 'production/web.yaml': route('web', '"50%"') },
    wish: share(25),
    is: 'production/web: production 0→25',
  },
  'the next step of an idle rollout is the first': {
    files: ONE,
    base: ONE,
    wish: next(),
    is: 'production/web: production 0→5',
  },
  'the next step follows the base branch, not the branch': {
    files: { 'production/web.yaml': route('web', 50) },
    base: AT_5,
    wish: next(),
    is: 'production/web: production 5→25',
  },
  'the next step follows the plan that the base branch has': {
    files: ONE,
    base: { 'production/web.yaml': PLANNED },
    wish: next(),
    is: 'production/web: production 5→40',
  },
  'the next step of a route that the branch brings follows its own plan': {
    files: { 'production/web.yaml': PLANNED.replace('"5,40', '"10,40') },
    base: {},
    wish: next(),
    is: 'production/web: production 0→10',
  },
  'no step comes after 100': {
    files: ONE,
    base: { 'production/web.yaml': route('web', 100) },
    wish: next(),
    is: 'no-next-step production/web 100',
  },
  'promote goes to 100': { files: ONE, base: AT_5, wish: promote(), is: 'production/web: production 5→100' },
  'a plan moves no traffic': { files: AT_5, wish: plan([10, 50]), is: 'production/web: production plan 10,50' },
  'a plan for all environments': {
    files: TWO_ENVIRONMENTS,
    wish: plan([50], 'all'),
    is: 'all/web: production plan 50, staging plan 50',
  },
  'a service that is not there': {
    files: TWO_SERVICES,
    wish: share(25, 'shop'),
    is: 'no-service shop@undefined, known production/api production/web',
  },
  'an environment that is not there': {
    files: ONE,
    wish: share(25, 'web', 'testing'),
    is: 'no-environment',
  },
  'a service that may be in a file that cannot be read': {
    files: { ...ONE, ...BROKEN },
    wish: share(25, 'api'),
    is: 'unreadable production/api.yaml',
  },
  'what is found does not mind a file that cannot be read': {
    files: { ...ONE, ...BROKEN },
    wish: share(25, 'web'),
    is: 'production/web: production 0→25',
  },
  'several services, none named': {
    files: TWO_SERVICES,
    wish: share(25),
    is: 'ambiguous api@production web@production',
  },
  'several services, one named': { files: TWO_SERVICES, wish: next('api'), is: 'production/api: production 0→5' },
  'several services, and the pull request is about one environment': {
    files: { ...ONE, 'staging/api.yaml': route('api', 0) },
    changed: ['staging/api.yaml'],
    wish: share(25),
    is: 'staging/api: staging 0→25',
  },
  'several services of an environment, and the pull request is about one folder': {
    files: TWO_FOLDERS,
    changed: ['apps/shop/note.md', 'apps/shop/api.yaml'],
    wish: share(25),
    is: 'apps/api: apps 0→25',
  },
  'several environments, none named': {
    files: TWO_ENVIRONMENTS,
    wish: share(25),
    is: 'ambiguous web@production web@staging web@all',
  },
  'several environments, one named': {
    files: TWO_ENVIRONMENTS,
    wish: share(25, undefined, 'staging'),
    is: 'staging/web: staging 0→25',
  },
  'several environments, all named': {
    files: TWO_ENVIRONMENTS,
    wish: share(25, undefined, 'all'),
    is: 'all/web: production 0→25, staging 0→25',
  },
  'all environments of several services': {
    files: { ...TWO_ENVIRONMENTS, 'staging/api.yaml': route('api', 0) },
    wish: share(25, undefined, 'all'),
    is: 'ambiguous web@production web@staging api@staging',
  },
  'all environments, each from its own share': {
    files: ONE,
    base: APART,
    wish: share(50, undefined, 'all'),
    is: 'production/web: production 5→50',
  },
  'the next step of all environments, where each would have another': {
    files: APART,
    base: APART,
    wish: next('web', 'all'),
    is: 'ambiguous web@production web@staging',
  },
  'the next step of all environments, where it is the same': {
    files: APART,
    base: TWO_ENVIRONMENTS,
    wish: next('web', 'all'),
    is: 'all/web: production 0→5, staging 0→5',
  },
  'the next step of all environments, where one has none': {
    files: APART,
    base: { ...APART, 'staging/web.yaml': route('web', 100) },
    wish: next('web', 'all'),
    is: 'no-next-step staging/web 100',
  },
  'a file that environments share is not changed unasked': {
    files: ONE_FILE,
    wish: share(25),
    is: 'shared-file base/vs.yaml all: production staging',
  },
  'a file that environments share, all of them named': {
    files: ONE_FILE,
    wish: share(25, undefined, 'all'),
    is: 'all/web: all 0→25',
  },
  'a file that environments share, one of them named': {
    files: ONE_FILE,
    base: ONE_FILE,
    wish: share(25, undefined, 'staging'),
    is: 'staging/web: staging 0→25',
  },
}

for (const [name, { files, base, changed = [], wish, is }] of Object.entries(ON_A_BRANCH))
  test(`on a branch: ${name}`, () => {
    const at = { snapshot: read(files), base: base && read(base), changed }
    assert.equal(text(intend(at, wish)), is)
  })

/** Rollouts at a share that Perch drives, with both versions. */
function driven(canary: number, versions: readonly [string, string] = ['v1', 'v2']): Files {
  return {
    'production/vs.yaml': virtualService(100 - canary, canary),
    'production/dr.yaml': destinationRule(...versions),
  }
}

const UNREADABLE: Files = { 'production/web.yaml': route('web', '"50%"') }
const WEB_AND_API: Files = { ...AT_5, 'production/api.yaml': route('api', 25, DRIVEN) }

interface StepCase {
  readonly files: Files
  /** The services that the pull request is about. */
  readonly related?: readonly string[]
  readonly wish: ShareWish
  readonly is: string
}

const ON_THE_BASE: Readonly<Record<string, StepCase>> = {
  'a share': { files: AT_5, wish: share(50), is: 'production/web: production 5→50' },
  'the share that it has': { files: AT_5, wish: share(5), is: 'production/web: production 5→5' },
  'the share 0 where it is 0': { files: ONE, wish: share(0), is: 'production/web: production 0→0' },
  'the share 0 is a rollback': { files: AT_5, wish: share(0), is: 'production/web: production 5↓' },
  'the share 0 of one that nobody can read': {
    files: UNREADABLE,
    wish: share(0),
    is: 'production/web: production 0↓',
  },
  'another share of one that nobody can read': {
    files: UNREADABLE,
    wish: share(25),
    is: 'production/web: production 0→25',
  },
  'the next step': { files: AT_5, wish: next(), is: 'production/web: production 5→25' },
  'the next step of an idle rollout': { files: ONE, wish: next(), is: 'no-next-step production/web 0' },
  'the next step of one that nobody can read': {
    files: UNREADABLE,
    wish: next(),
    is: 'no-next-step production/web unknown',
  },
  'the next step after 100': {
    files: driven(100),
    wish: next(),
    is: 'production/api-service: production finish v1→v2',
  },
  'the next step after the versions': {
    files: driven(100, ['v2', 'v2']),
    wish: next(),
    is: 'production/api-service: production finish',
  },
  'the next step after 100 that somebody set by hand': {
    files: { 'production/web.yaml': route('web', 100) },
    wish: next(),
    is: 'no-next-step production/web 100',
  },
  promote: { files: driven(25), wish: promote(), is: 'production/api-service: production 25→100' },
  'promote at 100': {
    files: driven(100),
    wish: promote(),
    is: 'production/api-service: production finish v1→v2',
  },
  'a rollout that the pull request is about comes first': {
    files: WEB_AND_API,
    related: ['api'],
    wish: next(),
    is: 'production/api: production 25→50',
  },
  'one that is named may be another': {
    files: WEB_AND_API,
    related: ['api'],
    wish: next('web'),
    is: 'production/web: production 5→25',
  },
  'a pull request about two rollouts': {
    files: WEB_AND_API,
    related: ['api', 'web'],
    wish: next(),
    is: 'ambiguous api@production web@production',
  },
  'a pull request about none, where there are two': {
    files: WEB_AND_API,
    wish: next(),
    is: 'ambiguous api@production web@production',
  },
  'several environments, none named': {
    files: APART,
    wish: next(),
    is: 'ambiguous web@production web@staging web@all',
  },
  'several environments, one named': {
    files: APART,
    wish: next(undefined, 'staging'),
    is: 'staging/web: staging 25→50',
  },
  'a step is of one environment': {
    files: APART,
    wish: share(50, undefined, 'all'),
    is: 'ambiguous web@production web@staging',
  },
  'a service that is not there': {
    files: ONE,
    wish: share(25, 'shop'),
    is: 'no-service shop@undefined, known production/web',
  },
  'environments that share a file go together': {
    files: ONE_FILE,
    wish: share(25),
    is: 'all/web: all 0→25',
  },
  'one of the environments that share a file leaves the others': {
    files: ONE_FILE,
    wish: share(25, undefined, 'staging'),
    is: 'staging/web: staging 0→25',
  },
}

test('on the base branch, of several rollouts the one is meant whose files the merged pull request has changed', () => {
  const snapshot = read(TWO_ENVIRONMENTS)
  const meant = (changed: readonly string[]): string => text(intendStep({ snapshot, related: [], changed }, share(25)))
  assert.match(meant(['staging/web.yaml']), /^staging\/web: /)
  assert.match(meant(['README.md']), /^ambiguous/)
  assert.match(meant(['staging/web.yaml', 'production/web.yaml']), /^ambiguous/)
})

for (const [name, { files, related = [], wish, is }] of Object.entries(ON_THE_BASE))
  test(`on the base branch: ${name}`, () => {
    const snapshot = read(files)
    const own = snapshot.targets.filter(({ service }) => related.includes(service))
    assert.equal(text(intendStep({ snapshot, related: own, changed: [] }, wish)), is)
  })

test('a raise is more than both branches have, or another plan', () => {
  const raises = (files: Files, base: Files, wish: Wish): boolean => {
    const change = intend({ snapshot: read(files), base: read(base), changed: [] }, wish)
    assert.ok(change.ok)
    return isRaise(change.value)
  }
  assert.equal(raises(ONE, AT_5, share(25)), true)
  assert.equal(raises(ONE, AT_5, share(5)), false)
  assert.equal(raises(AT_5, ONE, share(5)), false)
  assert.equal(raises(AT_5, ONE, share(6)), true)
  assert.equal(raises(AT_5, AT_5, share(0)), false)
  assert.equal(raises(AT_5, AT_5, plan([5, 100])), true)
  assert.equal(raises(APART, TWO_ENVIRONMENTS, share(10, 'web', 'all')), true, 'in one of the environments')
})

/** The texts that a change makes, or why not. */
function made(snapshot: Snapshot, wish: Wish, pull?: number): ReadonlyMap<string, string> | string {
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  assert.ok(change.ok, text(change))
  const edit = editFor(change.value, pull)
  return edit.ok ? edit.value.files : refusalText(edit.error)
}

test('a change that cannot be made says why', () => {
  assert.equal(made(read({ 'production/web.yaml': route('web', '"50%"') }), share(25)), 'cannot-edit invalid-weight')
})

test('the pull request that drives a rollout is recorded, and an old record is kept without a new one', () => {
  const files = made(read(ONE), share(25), 12)
  assert.ok(typeof files === 'object')
  const [written = ''] = files.values()
  assert.match(written, /perch\.dev\/pr: "12"/)
  const again = made(read({ 'production/web.yaml': written }), share(50))
  assert.ok(typeof again === 'object')
  assert.match(again.get('production/web.yaml') ?? '', /perch\.dev\/pr: "12"/)
})

test('with --env all the second environment starts from the text that the first one wrote', () => {
  const patch = '[{op: replace, path: /spec/http/0/route/1/weight, value: 0}]'
  const files = {
    ...ONE_FILE,
    'overlays/production/kustomization.yaml': `${OVERLAY}patches:\n  - target: {kind: VirtualService}\n    patch: '${patch}'\n`,
  }
  const snapshot = read(files)
  assert.equal(snapshot.targets.length, 2)
  const texts = made(snapshot, share(25, 'web', 'all'))
  assert.ok(typeof texts === 'object')
  const base = texts.get('base/vs.yaml') ?? ''
  assert.deepEqual(base.match(/weight: \d+/g), ['weight: 75', 'weight: 25'])
  assert.match(texts.get('overlays/production/kustomization.yaml') ?? '', /value: 25/)
  const after = read({ ...files, ...Object.fromEntries(texts) })
  assert.deepEqual(
    after.targets.map((target) => text(intendStep({ snapshot: after, related: [target], changed: [] }, share(25)))),
    snapshot.targets.map(({ environment }) => `${environment}/web: ${environment} 25→25`),
  )
})

test('a command for a wave changes none of the other environments that share the file', () => {
  const files = { ...ONE_FILE, 'overlays/test/kustomization.yaml': OVERLAY }
  const snapshot = snapshotOf(files, { services: { web: { waves: [['staging'], ['production', 'test']] } } })
  const texts = made(snapshot, share(25, 'web', 'production+test'))
  assert.ok(typeof texts === 'object')
  const changed = ['production', 'test'].map((name) => `overlays/${name}/kustomization.yaml`)
  assert.deepEqual([...texts.keys()].sort(), changed)
})
