/** The commit with which a step came to its base branch, however the branch continued. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { type Standing, standingOf } from '../../../src/core/rollout/standing.ts'
import { findLanding, historyOf, lastReadableShare, standingBefore } from '../../../src/flows/measure/landing.ts'
import { settle } from '../../../src/flows/memory/base-memory.ts'
import { rememberStep } from '../../../src/flows/memory/rollout-memory.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import { BASE } from '../../memory/builds.ts'
import { headOf, memoryGitHub, moveBranch, person } from '../../memory/github/github.ts'
import { memoryActivity } from '../../memory/github/branches.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { memoryMirror } from '../../memory/mirror.ts'
import { memoryPerson } from '../../memory/github/person.ts'
import { rolloutName } from '../../../src/core/rollout/rollout-name.ts'
import { memoryRenderer } from '../../memory/renderer.ts'

const ROUTE = 'base/route.yaml'

function at(share: number): string {
  return BASE[ROUTE].replace('weight: 100', `weight: ${100 - share}`).replace('weight: 0', `weight: ${share}`)
}

function aBranch(files: Readonly<Record<string, string>> = {}) {
  let now = 1_000
  const state = memoryGitHub({ clock: { now: () => (now += 1_000) }, files: { ...BASE, ...files } })
  const own = memoryMirror(state)
  /** The number of changes that each call read. */
  const asked: (number | undefined)[] = []
  const mirror: typeof own = {
    ...own,
    landings: (sha, paths, limit) => {
      asked.push(limit)
      return own.landings(sha, paths, limit)
    },
  }
  const bob = memoryPerson(state, 'bob', 'write')
  const context = {
    mirror,
    renderer: memoryRenderer(),
    memo: memoryMemo(),
    activity: memoryActivity(state),
    clock: { now: () => now },
    repo: { id: 7, owner: 'acme', name: 'gitops', defaultBranch: 'main' },
  }
  const push = (changed: Readonly<Record<string, string | undefined>>): string => {
    bob.push('main', changed)
    return headOf(state, 'main') ?? assert.fail()
  }
  /** The state of the only rollout at the branch's head. */
  const standing = async (): Promise<Standing> => {
    const sha = (await mirror.fetch(['refs/heads/main'])).get('refs/heads/main') ?? assert.fail()
    const { targets } = await loadSnapshot(context, sha, { config: Config.parse({}) })
    const [target, ...others] = targets
    assert.ok(target !== undefined && others.length === 0)
    return standingOf(target)
  }
  const history = async () => {
    const here = await standing()
    asked.length = 0
    return historyOf(context, { ref: 'main', sha: headOf(state, 'main') ?? '' }, here)
  }
  const later = (ms: number): void => void (now += ms)
  return { context, state, push, standing, history, asked, later }
}

test('a commit that is pushed late landed with the push, except before Perch came to the branch', async () => {
  for (const isKnown of [true, false]) {
    const { context, state, push, history, later } = aBranch()
    const before = headOf(state, 'main')
    const made = push({ [ROUTE]: at(5) })
    state.moves.length = 0
    moveBranch(state, 'main', { sha: before, by: person('bob') })
    later(20 * 60_000)
    moveBranch(state, 'main', { sha: made, by: person('bob') })
    if (isKnown) await settle(context, 'main', before ?? '')
    const found = await history()
    assert.equal(found?.landing.sha, made)
    assert.equal(found.landedAt === undefined, !isKnown)
  }
})

test('a step landed with the first commit that has it, whatever came later', async () => {
  const { push, history, asked } = aBranch()
  const landing = push({ [ROUTE]: at(5) })
  push({ 'README.md': '# Shop\n' })
  push({ [ROUTE]: `# Traffic.\n${at(5)}` })
  const found = await history()
  assert.equal(found?.landing.sha, landing)
  assert.deepEqual([found.wants, found.scannedTo, found.reported], ['', undefined, []])
  // The same head is not read again.
  assert.deepEqual(await history(), found)
  assert.deepEqual(asked, [])
})

test('the known history of a step stays while newer commits do not touch it, and is read again if they do', async () => {
  const { context, push, history, standing, asked, state, later } = aBranch()
  const landing = push({ [ROUTE]: at(5) })
  const first = (await history()) ?? assert.fail()
  const kept = { ...first, wants: 'status flux', scannedTo: landing }
  await rememberStep(context, rolloutName('main', (await standing()).target), kept)
  push({ 'README.md': '# Shop\n' })
  push({ 'README.md': '# Our shop\n' })
  const second = push({ [ROUTE]: `# Traffic.\n${at(5)}` })
  assert.deepEqual(await history(), { ...kept, checkedTo: second })
  // It reads the newer commits and their changes, but not those from before the step.
  assert.equal(asked.length, 2)
  assert.equal(asked[1], 3)
  push({ [ROUTE]: at(25) })
  const back = push({ [ROUTE]: at(5) })
  const again = await history()
  assert.deepEqual([again?.landing.sha, again?.wants, again?.scannedTo], [back, '', undefined])
  // Somebody resets the branch, so the checked commit is not in its history.
  later(5 * 60_000)
  moveBranch(state, 'main', { sha: second, by: person('bob') })
  const reset = await history()
  assert.deepEqual([reset?.landing.sha, reset?.landedAt], [landing, { at: state.now() - 1_000, isReset: true }])
})

test('a step that many commits have touched since is still found', async () => {
  const { push, history, asked } = aBranch()
  const landing = push({ [ROUTE]: at(5) })
  for (let count = 0; count < 40; count += 1) push({ [ROUTE]: `# ${count}\n${at(5)}` })
  assert.equal((await history())?.landing.sha, landing)
  // All commits are only read to find out when the old commit came to the branch.
  const limits = asked.filter((one) => one !== undefined && one < 2_000)
  assert.ok(
    limits.length >= 2 && limits.every((one, index) => index === 0 || one === 4 * (limits[index - 1] ?? 0)),
    String(limits),
  )
})

test('a step that was in the very first commit landed there', async () => {
  const { state, history } = aBranch({ [ROUTE]: at(5) })
  assert.equal((await history())?.landing.sha, headOf(state, 'main'))
})

test('a step of a patch that is gone landed with the kustomization that no longer lists it', async () => {
  const { push, context, standing } = aBranch({
    'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: share.yaml }]\n',
    'production/share.yaml': at(25),
  })
  const landing = push({
    'production/kustomization.yaml': 'resources: [../base]\n',
    'production/share.yaml': undefined,
  })
  const here = await standing()
  assert.equal(here.share, 0)
  const found = await findLanding(context, landing, here)
  assert.equal(found?.sha, landing)
})

test('the share before an unreadable one is the last readable one, or 0 if there was none', async () => {
  const unread = BASE[ROUTE].replace('weight: 100', 'weight: a lot')
  const { context, push, standing } = aBranch()
  const target = (await standing()).target
  push({ [ROUTE]: at(10) })
  push({ [ROUTE]: unread })
  const head = push({ [ROUTE]: `# Odd.\n${unread}` })
  await context.mirror.fetch(['refs/heads/main'])
  assert.equal(await lastReadableShare(context, head, { target }), 10)
  const before = await standingBefore(context, { sha: head, time: 0 }, target)
  assert.equal(before?.share, 'unknown')
  const never = aBranch({ [ROUTE]: unread })
  const there = (await aBranch().standing()).target
  await never.context.mirror.fetch(['refs/heads/main'])
  const first = headOf(never.state, 'main') ?? ''
  assert.equal(await lastReadableShare(never.context, first, { target: there }), 0)
  assert.equal(await standingBefore(never.context, { sha: first, time: 0 }, there), undefined)
})
