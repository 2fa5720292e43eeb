/** What the verdicts on a change rest on in Git: while it is the same, a base branch that moves has nothing judged again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_CHANGE, type Review } from '../../../src/core/gate/review.ts'
import { differencesIn } from '../../../src/flows/judgement/judge-changes.ts'
import { groundsOf } from '../../../src/flows/measure/grounds.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { destinationRule, snapshotOf, virtualService } from '../../core/samples.ts'

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
}

/** A hash; undefined where more of the base branch counts. */
async function grounds({
  from = virtualService(100, 0),
  to = virtualService(95, 5),
  before = 'v2',
  version = before,
  folder = 'production',
  config = { environments: { production: { path: 'production' }, staging: { path: 'staging' } } },
  review = {},
}: Change = {}): Promise<string | undefined> {
  const snapshot = (route: string, canary: string) =>
    snapshotOf({ [`${folder}/vs.yaml`]: route, [`${folder}/dr.yaml`]: destinationRule('v1', canary) }, config)
  const pair = {
    before: { treeish: 'a', snapshot: snapshot(from, before) },
    after: { treeish: 'b', snapshot: snapshot(to, version) },
    rises: [],
    imageChanges: [],
  }
  const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
  const mirror = { landings: async () => [], read: async () => new Map(), entries: async () => [] }
  const context = { mirror, memo: memoryMemo(), repo, renderer: undefined }
  const differences = differencesIn(pair)
  return groundsOf(context as never, { ref: 'main', sha: 'a' }, { review: { ...NO_CHANGE, ...review }, differences })
}

test('a change rests on the same while nothing of it is another', async () => {
  const usual = await grounds()
  assert.match(usual ?? '', /^[0-9a-f]{64}$/)
  assert.equal(await grounds(), usual)
})

test('another share, version, environment, config and finding are other grounds', async () => {
  const all = await Promise.all([
    grounds(),
    grounds({ to: virtualService(75, 25) }),
    grounds({ version: 'v3' }),
    grounds({ before: 'v3' }),
    grounds({ folder: 'staging' }),
    grounds({ config: { services: { 'api-service': { bake: '7m' } } } }),
    grounds({ config: { environments: { production: { path: 'production', approvals: 1 } } } }),
    grounds({ review: { validators: ['opa 1.0'] } }),
    grounds({ review: { renderer: 'kustomize v5.8.0' } }),
    grounds({
      review: { problems: [{ code: 'git', file: undefined, line: 1, cause: { kind: 'git-unreadable', reason: 'x' } }] },
    }),
  ])
  assert.deepEqual(
    all.map((one) => all.indexOf(one)),
    all.map((_, index) => index),
  )
})

test('where nothing moves, a share is not sure, or the history does not tell since when, more counts than that', async () => {
  assert.equal(await grounds({ to: virtualService(100, 0) }), undefined)
  assert.equal(await grounds({ from: UNSURE }), undefined)
  assert.equal(await grounds({ to: UNSURE }), undefined)
  assert.equal(await grounds({ from: virtualService(95, 5), to: virtualService(75, 25) }), undefined)
})
