/**
 * The facts in Git on which the verdicts about a change depend. While they are the same, a moving base branch causes no new
 * verdicts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_CHANGE, type Review, type TrafficRow } from '../../../src/core/gate/review.ts'
import type { RolloutDifference } from '../../../src/core/gate/rollout-difference.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import { differencesIn } from '../../../src/flows/judgement/judge-changes.ts'
import { groundsOf } from '../../../src/flows/measure/grounds.ts'
import type { Standing } from '../../../src/core/rollout/standing.ts'
import type { RouteName } from '../../../src/core/traffic/route.ts'
import { flaggerCanary } from '../../owners.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { destinationRule, sample, snapshotOf, targetsOf, virtualService } from '../../core/samples.ts'

/** Weights that nobody can read. */
const UNSURE = virtualService(95, 5).replace('weight: 5', 'weight: many')

interface Change {
  readonly from?: string
  readonly to?: string
  readonly version?: string
  readonly before?: string
  readonly folder?: string
  readonly config?: unknown
  readonly review?: Partial<Review>
  /** Other files on the base branch, which the change does not touch. */
  readonly beside?: Readonly<Record<string, string>>
  /** The commit on the base branch that brought the shares in those files. Undefined if the history does not tell. */
  readonly landing?: string
  /** What the change moves instead, and in addition. */
  readonly known?: (difference: RolloutDifference) => RolloutDifference
  readonly twice?: (difference: RolloutDifference) => RolloutDifference
}

/** A hash. Undefined if more of the base branch counts. */
async function grounds({
  from = virtualService(100, 0),
  to = virtualService(95, 5),
  before = 'v2',
  version = before,
  folder = 'production',
  config = {
    environments: { production: { path: 'production' }, staging: { path: 'staging' }, test: { path: 'test' } },
  },
  review = {},
  beside = {},
  landing,
  known = (difference) => difference,
  twice,
}: Change = {}): Promise<string | undefined> {
  const snapshot = (route: string, canary: string) =>
    snapshotOf(
      { [`${folder}/vs.yaml`]: route, [`${folder}/dr.yaml`]: destinationRule('v1', canary), ...beside },
      config,
    )
  const pair = {
    before: { treeish: 'a', snapshot: snapshot(from, before) },
    after: { treeish: 'b', snapshot: snapshot(to, version) },
    rises: [],
    imageChanges: [],
  }
  const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  const base = landing ?? 'a'
  const texts = new Map(Object.entries(beside))
  const mirror = {
    landings: async (_: string, paths: readonly string[]) =>
      landing !== undefined && paths.some((path) => texts.has(path)) ? [{ sha: base, time: 0 }] : [],
    read: async () => texts,
    entries: async () => [],
  }
  const activity = { movesOf: async () => undefined }
  const context = { mirror, memo: memoryMemo(), repo, renderer: undefined, activity, clock: { now: () => 0 } }
  const differences = differencesIn(pair).flatMap((one) => [known(one), ...(twice === undefined ? [] : [twice(one)])])
  return groundsOf(context as never, { ref: 'main', sha: base }, { review: { ...NO_CHANGE, ...review }, differences })
}

test('a change has the same grounds while nothing of it changes', async () => {
  const usual = await grounds()
  assert.match(usual ?? '', /^[0-9a-f]{64}$/)
  assert.equal(await grounds(), usual)
})

/** All of them differ. Undefined counts as one too. */
async function assertAllDiffer(changes: readonly Change[]): Promise<void> {
  const all = await Promise.all(changes.map((change) => grounds(change)))
  assert.deepEqual(
    all.map((one) => all.indexOf(one)),
    all.map((_, index) => index),
  )
}

const PROBLEM: Problem = {
  code: 'git',
  file: undefined,
  line: 1,
  cause: { kind: 'git-unreadable', reason: 'x' },
}
const ROW: TrafficRow = {
  environment: 'production',
  route: 'VirtualService default/api-service',
  rule: 'main',
  before: [{ name: 'stable', share: 100 }],
  after: [{ name: 'stable', share: 95 }],
}
const DIFF = {
  environment: 'production',
  state: 'changed',
  unknownBefore: undefined,
  resources: [],
  hidden: 1,
} as const

test('another share, version, environment, config and finding are other grounds', async () => {
  await assertAllDiffer([
    {},
    { to: virtualService(75, 25) },
    { version: 'v3' },
    { before: 'v3' },
    { folder: 'staging' },
    { config: { services: { 'api-service': { bake: '7m' } } } },
    { config: { environments: { production: { path: 'production', approvals: 1 } } } },
    { review: { validators: ['opa 1.0'] } },
    { review: { renderer: 'kustomize v5.8.0' } },
    { review: { problems: [PROBLEM] } },
    // A check that shows a problem does not hide other differences.
    { review: { problems: [PROBLEM], rows: [ROW] } },
    { review: { problems: [PROBLEM], diffs: [DIFF] } },
    { review: { problems: [PROBLEM], diffs: [{ ...DIFF, hidden: 2 }] } },
  ])
})

/** The service in staging, at a share. */
function staging(stable: number, canary: number, { as = 'staging', versions = 'v2' } = {}) {
  return {
    [`${as}/vs.yaml`]: virtualService(stable, canary),
    [`${as}/dr.yaml`]: destinationRule('v1', versions),
  }
}

test('the state of the same service in another environment is part of the grounds, because production may have to come after it', async () => {
  await assertAllDiffer([
    { landing: 'a' },
    { landing: 'a', beside: staging(100, 0) },
    { landing: 'a', beside: staging(95, 5) },
    { landing: 'a', beside: staging(99, 1) },
    { landing: 'a', beside: staging(95, 5, { versions: 'v3' }) },
    { landing: 'a', beside: staging(95, 5, { as: 'test' }) },
    // Another commit brought it.
    { landing: 'b', beside: staging(95, 5) },
    // It is unknown since when it is there.
    { beside: staging(95, 5) },
  ])
  assert.equal(await grounds({ beside: staging(95, 5) }), undefined)
  assert.equal(await grounds({ beside: staging(99, 1) }), undefined)
})

test('another template of the analysis in staging is other grounds', async () => {
  const template = (successes: number) =>
    `apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: { name: errors }\nspec: { metrics: [{ name: errors, count: ${successes} }] }\n`
  const config = { services: { 'api-service': { analysis: { template: 'errors' } } } }
  const beside = (successes: number) => ({ ...staging(95, 5), 'staging/template.yaml': template(successes) })
  await assertAllDiffer([
    { landing: 'a', config, beside: beside(1) },
    { landing: 'a', config, beside: beside(2) },
  ])
})

/** The moved rollout, with another name of its service, and with another kind or name of its route. */
function movedAs({ to, ...rest }: RolloutDifference, route: Partial<Pick<RouteName, 'kind' | 'name'>>) {
  const target = { ...to.target, service: 'moved', route: { ...to.target.route, ...route } }
  return { ...rest, to: { ...to, target } }
}

test('routes of the same kind and name, or for the same service, are part of the grounds, and no others', async () => {
  // The history does not tell since when it is there, which counts if that matters.
  const beside = staging(95, 5)
  assert.equal(await grounds({ beside, known: (one) => movedAs(one, {}) }), undefined)
  const other = { 'staging/vs.yaml': virtualService(95, 5).replace('name: api-service', 'name: other') }
  const route = { kind: 'VirtualService', name: 'other' }
  assert.equal(await grounds({ beside: other, config: { services: { 'api-service': { route } } } }), undefined)
  for (const [rest, known] of [
    [beside, { kind: 'HTTPRoute' }],
    [beside, { name: 'other' }],
    [other, {}],
  ] as const)
    assert.match((await grounds({ beside: rest, known: (one) => movedAs(one, known) })) ?? '', /^[0-9a-f]{64}$/)
  // One of the rollouts that move is enough.
  assert.equal(await grounds({ beside, twice: (one) => movedAs(one, { name: 'other' }) }), undefined)
})

test('if nothing moves, a share is uncertain, or the history does not tell since when, more of the base branch counts', async () => {
  assert.equal(await grounds({ to: virtualService(100, 0) }), undefined)
  assert.equal(await grounds({ from: UNSURE }), undefined)
  assert.equal(await grounds({ to: UNSURE }), undefined)
  assert.equal(await grounds({ from: virtualService(95, 5), to: virtualService(75, 25) }), undefined)
})

test('one rollout of several is enough for more of the base branch to count: its share is not sure, or only its render shows it', async () => {
  const unknown = (standing: Standing): Standing => ({ ...standing, phase: 'unreadable', share: 'unknown' })
  const rendered = (standing: Standing): Standing => ({ ...standing, target: { ...standing.target, isRendered: true } })
  for (const unsure of [unknown, rendered]) {
    assert.equal(await grounds({ twice: ({ to, ...rest }) => ({ ...rest, to: unsure(to) }) }), undefined)
    assert.equal(await grounds({ twice: ({ from, ...rest }) => ({ ...rest, from: from && unsure(from) }) }), undefined)
  }
})

test('the effect of a change on a rollout is part of the grounds: its end, its version, and the requests that reach the canary', async () => {
  const now = (part: Partial<RolloutDifference>) => ({ known: (one: RolloutDifference) => ({ ...one, ...part }) })
  const end = (part: (standing: Standing) => Standing): Change => ({
    known: ({ from, ...one }) => ({ ...one, from: from && part(from) }),
  })
  const stepping = end((standing) => ({ ...standing, phase: 'stepping', share: 5 }))
  const elsewhere = end(({ target, ...standing }) => ({ ...standing, target: { ...target, environments: ['test'] } }))
  const weighted = end(({ target, ...standing }) => ({
    ...standing,
    target: { ...target, route: { ...target.route, rules: [] } },
  }))
  const rise = {
    environment: 'production',
    isGone: false,
    canary: 'canary',
    kind: 'raise',
    from: 0,
    isForSome: true,
    object: { group: 'networking.istio.io', kind: 'VirtualService', namespace: 'default', name: 'api-service' },
    path: ['spec'],
    rule: 'testers',
  } as const
  const widened = (service: string, to: number) =>
    now({ widened: [{ ...rise, target: { ...sample(95, 5), service }, to }] })
  const owned = targetsOf(
    { 'app/vs.yaml': virtualService(95, 5), 'app/canary.yaml': flaggerCanary().replaceAll(' web', ' api-service') },
    {},
  )
  const owner = owned[0]?.owner ?? assert.fail('nothing owns it')
  const leaving = (share: number) => now({ leaving: { owner, share } })
  await assertAllDiffer([
    {},
    stepping,
    elsewhere,
    weighted,
    now({ version: { role: 'stable', from: 'v1', to: 'v2' } }),
    now({ reach: 7 }),
    widened('web', 50),
    widened('web', 60),
    widened('api', 50),
    leaving(5),
    leaving(6),
  ])
})
