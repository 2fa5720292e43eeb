/** The memory returns what was stored, and only for the same subject. Entries that cannot be read count as lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  forgetGroup,
  forgetPeer,
  pullsWithHead,
  recallGroup,
  recallGroups,
  rememberGroup,
  rememberPeer,
} from '../../../src/flows/memory/commit-memory.ts'
import {
  forgetBase,
  knownBases,
  recallDeployed,
  rememberDeployed,
  rememberWatch,
  settle,
  settledAt,
  unsettle,
  watchedBases,
} from '../../../src/flows/memory/base-memory.ts'
import {
  abandonReview,
  rememberFailing,
  forgetPull,
  recallChecked,
  recallPull,
  recallPulls,
  rememberBegun,
  rememberChecked,
  rememberPull,
  rememberWaiting,
  waitingPulls,
} from '../../../src/flows/memory/pull-memory.ts'
import {
  heldStep,
  recallLive,
  recallNews,
  recallStep,
  rememberHeldStep,
  rememberLive,
  rememberNews,
  rememberStep,
} from '../../../src/flows/memory/rollout-memory.ts'
import { targetOf, virtualService } from '../../core/samples.ts'
import { rolloutName } from '../../../src/core/rollout/rollout-name.ts'
import { memoryMemo } from '../../memory/memo.ts'

function twoRepositories() {
  const memo = memoryMemo()
  const of = (id: number) => ({ memo, repo: { id, owner: 'acme', name: `gitops-${id}`, defaultBranch: 'main' } })
  return { context: of(7), other: of(70), memo }
}

const UNSEEN = {
  head: '',
  base: '',
  judgedFor: '',
  into: '',
  draft: false,
  peers: [],
  digest: '',
  green: false,
  waits: [],
  traffic: true,
  grounds: '',
  commented: false,
  offer: '',
  targets: [],
  awaited: [],
  behind: [],
  polls: false,
  stops: '',
  abandoned: false,
}

test('a review that has begun counts as one that changes traffic, whatever was known before', async () => {
  const { context, other } = twoRepositories()
  await rememberBegun(context, 3, undefined)
  assert.deepEqual(await recallPull(context, 3), { ...UNSEEN, stops: 'under review' })
  const seen = { ...UNSEEN, head: 'a', digest: 'x', traffic: false, abandoned: true, stops: 's', until: 5 }
  await rememberPull(context, 4, seen)
  await rememberPull(other, 5, UNSEEN)
  await rememberBegun(context, 4, await recallPull(context, 4))
  const begun = { ...seen, traffic: true, abandoned: false, stops: 'under review' }
  assert.deepEqual(
    [...(await recallPulls(context))],
    [
      [3, { ...UNSEEN, stops: 'under review' }],
      [4, begun],
    ],
  )
  await rememberFailing(context, 4)
  assert.deepEqual(await recallPull(context, 4), { ...begun, digest: '' })
  await abandonReview(context, 4)
  await abandonReview(context, 6)
  assert.deepEqual(await recallPull(context, 4), { ...begun, digest: '', abandoned: true })
  assert.deepEqual(await recallPull(context, 6), { ...UNSEEN, abandoned: true })
  await forgetPull(context, 4)
  assert.deepEqual([...(await recallPulls(context)).keys()], [3, 6])
})

test('an entry from another version about a pull request counts as lost', async () => {
  const { context, memo } = twoRepositories()
  await memo.set('pull:7:3', { head: 'a' })
  await memo.set('pull:7:4', UNSEEN)
  assert.equal(await recallPull(context, 3), undefined)
  assert.deepEqual([...(await recallPulls(context)).keys()], [4])
})

test('a base branch is known from its first look on, and forgotten with its rollouts', async () => {
  const { context, other, memo } = twoRepositories()
  await unsettle(context, 'main')
  assert.deepEqual(await knownBases(context), [])
  await settle(context, 'main', 'a')
  await settle(context, 'release', 'b')
  await settle(other, 'other', 'c')
  await unsettle(context, 'main')
  assert.deepEqual(await knownBases(context), ['main', 'release'])
  assert.deepEqual([await settledAt(context, 'main'), await settledAt(context, 'release')], ['', 'b'])
  await rememberWatch(context, 'release', true)
  await rememberWatch(context, 'main', true)
  await rememberWatch(context, 'next', true)
  await rememberWatch(context, 'next', false)
  assert.deepEqual(await watchedBases(context), ['release', 'main'])
  await memo.set('rollouts:7:release', [])
  await memo.set('listing:7:release', [])
  await forgetBase(context, 'release')
  assert.deepEqual(await knownBases(context), ['main'])
  assert.deepEqual(await watchedBases(context), ['main'])
  assert.equal(await memo.get('rollouts:7:release'), undefined)
  assert.equal(await memo.get('listing:7:release'), undefined)
})

test('facts about a rollout are stored for that rollout alone', async () => {
  const { context, other } = twoRepositories()
  await rememberLive(context, 'main:production/web', { base: 'a', since: 1, asked: 2 })
  await rememberNews(context, 'main:production/web', 'pass')
  await rememberHeldStep(context, 'main:production/web', 9)
  assert.deepEqual(await recallLive(context, 'main:production/web'), { base: 'a', since: 1, asked: 2 })
  assert.equal(await recallNews(context, 'main:production/web'), 'pass')
  assert.equal(await heldStep(context, 'main:production/web'), 9)
  for (const [where, rollout] of [
    [context, 'main:production/api'],
    [other, 'main:production/web'],
  ] as const) {
    assert.equal(await recallLive(where, rollout), undefined)
    assert.equal(await recallNews(where, rollout), undefined)
    assert.equal(await heldStep(where, rollout), undefined)
  }
  await rememberChecked(context, 3)
  assert.deepEqual(
    [await recallChecked(context, 3), await recallChecked(context, 4), await recallChecked(other, 3)],
    [true, false, false],
  )
})

test('the step of a rollout is known by branch and target, with the reports on it', async () => {
  const { context } = twoRepositories()
  const target = targetOf({ 'production/route.yaml': virtualService(90, 10) })
  const signal = { source: 'status', name: 'flux', state: 'success', at: 5, description: 'ok', by: ['flux'] } as const
  const others = (['check', 'deployment', 'report'] as const).map((source) => ({
    ...signal,
    source,
    state: 'failure' as const,
    url: 'https://argocd.example.com',
  }))
  const history = {
    step: 'x',
    landing: { sha: 'a', time: 1 },
    checkedTo: 'b',
    wants: 'w',
    scannedTo: 'c',
    reported: [{ sha: 'a', signals: [signal, ...others, { ...signal, state: 'silent' as const }] }],
  }
  await rememberStep(context, rolloutName('main', target), history)
  assert.deepEqual(await recallStep(context, rolloutName('main', target)), history)
  assert.equal(await recallStep(context, rolloutName('release', target)), undefined)
  const { scannedTo: _, ...unscanned } = history
  await rememberStep(context, rolloutName('main', target), { ...unscanned, scannedTo: undefined })
  assert.equal((await recallStep(context, rolloutName('main', target)))?.scannedTo, undefined)
  assert.equal(await recallStep(context, rolloutName('main', { ...target, service: 'other' })), undefined)
})

test('the memory has who waits for which signal until nobody waits', async () => {
  const { context, other, memo } = twoRepositories()
  await rememberWaiting(context, 3, ['status flux'])
  await rememberWaiting(context, 4, ['status flux'])
  await rememberWaiting(other, 5, ['status flux'])
  await rememberWaiting(context, 4, [])
  await memo.set('waiting:7:6', 'not a list')
  assert.deepEqual(
    [...(await waitingPulls(context))],
    [
      [3, ['status flux']],
      [6, []],
    ],
  )
  assert.deepEqual(await recallDeployed(context), [])
  await rememberDeployed(context, ['main', 'release/*'])
  assert.deepEqual(await recallDeployed(context), ['main', 'release/*'])
  assert.deepEqual(await recallDeployed(other), [])
})

test('the pull requests of a commit come in order, and so do the groups of the merge queue', async () => {
  const { context, other } = twoRepositories()
  for (const pull of [12, 3, 7]) await rememberPeer(context, 'a', pull)
  await rememberPeer(context, 'b', 9)
  await rememberPeer(other, 'a', 8)
  await forgetPeer(context, 'a', 7)
  assert.deepEqual(await pullsWithHead(context, 'a'), [3, 12])
  const group = { base: 'main', ref: 'refs/x', traffic: true, waits: ['status flux'], stops: '', until: 4 }
  await rememberGroup(context, 'a', group)
  await rememberGroup(context, 'b', { ...group, traffic: false })
  assert.deepEqual(await recallGroup(context, 'a'), group)
  assert.equal(await recallGroup(other, 'a'), undefined)
  await forgetGroup(context, 'b')
  assert.deepEqual([...(await recallGroups(context))], [['a', group]])
})
