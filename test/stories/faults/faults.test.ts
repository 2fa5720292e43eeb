import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import {
  badGateway,
  type FaultDraft,
  type FaultKind,
  type FaultRequest,
  primaryLimit,
  secondaryLimit,
} from '../../../src/sandbox/wire/faults.ts'
import {
  command,
  isGreen,
  leanRepository,
  LIVE_BY_STATUS,
  outcome,
  type PlayResult,
  playRollout,
  settlesAs,
  virtualService,
  VS,
} from '../play.ts'
import { drawn } from '../../drawn.ts'
import type { Scene } from '../process.ts'
import { aScene, weightsIn } from '../world.ts'

/** Each suite takes one of them, or all with --full. */
const LOSSES: Readonly<Record<string, FaultKind>> = {
  'is lost after it was done': 'lose-answer-after',
  'is a 502 although it was done': badGateway({ isDone: true }),
  'is lost before it was done': 'lose-answer-before',
}

/** Every kind of write in a rollout, each at another place, so that no job has to fail often. */
const WRITES: readonly Pick<FaultDraft, 'match' | 'skip'>[] = [
  { match: { method: 'POST', path: /\/reactions$/ } },
  { match: { method: 'PATCH', path: /\/check-runs\/\d+$/ } },
  { match: { path: 'graphql:createCommitOnBranch' } },
  { match: (asked) => isComment(asked, 'perch:answer'), skip: 1 },
  { match: { method: 'POST', path: /\/git\/refs$/ } },
  { match: { method: 'POST', path: /\/check-runs$/ }, skip: 4 },
  { match: { method: 'PUT', path: /\/merge$/ } },
  { match: { path: 'graphql:createCommitOnBranch' }, skip: 2 },
  { match: { method: 'POST', path: /\/pulls$/ }, skip: 1 },
  { match: (asked) => isComment(asked, 'perch:summary'), skip: 2 },
  { match: { method: 'PATCH', path: /\/issues\/\d+$/ }, skip: 1 },
]

function isComment({ method, path, body }: FaultRequest, marker: string): boolean {
  return method === 'POST' && /\/issues\/\d+\/comments$/.test(path) && JSON.stringify(body).includes(marker)
}

suite('a whole rollout', { concurrency: 2 }, () => {
  const undisturbed = Promise.withResolvers<PlayResult>()

  test('with every answer', { timeout: 120_000 }, async (t) => {
    try {
      const scene = await aScene(t, leanRepository())
      await playRollout(scene)
      undisturbed.resolve(outcome(scene.box))
      await settlesAs(scene, await undisturbed.promise)
    } catch (error) {
      undisturbed.reject(error)
      throw error
    }
  })

  for (const [what, kind] of drawn('rollout', Object.entries(LOSSES), 1)) {
    test(`if the answer to each kind of write ${what} once`, { timeout: 120_000 }, async (t) => {
      const scene = await aScene(t, leanRepository())
      const faults = WRITES.map((write) => scene.box.faults.add({ ...write, kind }))
      await playRollout(scene)
      await settlesAs(scene, await undisturbed.promise)
      assert.deepEqual(
        faults.map((fault) => fault.struck()),
        WRITES.map(() => 1),
      )
    })
  }
})

const STEP = 'canary/production/api-service/50'

/** A rollout at 25% with an open step to 50%, which waits for a status that nobody sends. */
async function aWaitingStep(t: TestContext): Promise<Scene & { readonly step: number }> {
  const files = leanRepository({ live: LIVE_BY_STATUS, autoMerge: 'never', weights: [75, 25] })
  const scene = await aScene(t, files)
  const repo = scene.box.repository()
  const step = await scene.until('the step to 50%', () => repo.pulls('open').find(({ head }) => head.ref === STEP))
  await scene.until('words on the step', () => repo.comments(step.number).length > 0)
  return { ...scene, step: step.number }
}

const REPLAN_WRITES: readonly FaultDraft['match'][] = [
  { method: 'POST', path: /\/git\/refs$/ },
  { path: 'graphql:createCommitOnBranch' },
  { method: 'PATCH', path: /\/pulls\/\d+$/ },
  { path: 'graphql:updateRefs' },
  { method: 'DELETE', path: /\/git\/refs\// },
  { method: 'PATCH', path: /\/issues\/comments\/\d+$/ },
]

suite('somebody edits the base branch while a step is open', { concurrency: 3 }, () => {
  for (const [what, kind] of drawn('replan', Object.entries(LOSSES), 1)) {
    test(
      `the step is planned again, then closed, although the answer to each write ${what} once`,
      { timeout: 120_000 },
      async (t) => {
        const { box, until, step } = await aWaitingStep(t)
        const repo = box.repository()
        const faults = REPLAN_WRITES.map((match) => box.faults.add({ match, kind }))
        box.person('bob').push('main', { [VS]: virtualService(70, 30) }, 'A little more')
        await until('the step planned again', () => repo.pull(step).title.includes('30% → 50%'))
        await until('a commit on the new base', () => {
          const [commit] = repo.log(STEP)
          return commit?.parents[0] === repo.branch('main')
        })
        await until('every fault', () => faults.every((fault) => fault.struck() === 1))
        await until('nothing beside the step', () => !repo.branches().includes(`${STEP}.next`))
        assert.equal(weightsIn(repo.file(VS, STEP) ?? ''), '50/50')
        assert.deepEqual(
          faults.map((fault) => fault.struck()),
          REPLAN_WRITES.map(() => 1),
        )
        const closing = box.faults.add({ match: { method: 'PATCH', path: /\/pulls\/\d+$/ }, kind })
        box.person('bob').push('main', { [VS]: virtualService(100, 0) }, 'No canary')
        await until('the step closed', () => repo.pull(step).state === 'closed')
        assert.equal(closing.struck(), 1)
        const said = repo.comments(step).map(({ body }) => /perch:summary|Closed: .*/.exec(body)?.[0])
        assert.deepEqual(said, [
          'perch:summary',
          'Closed: from the current state of the base branch, this rollout has no next step.',
        ])
        assert.equal(repo.pulls().length, 1)
      },
    )
  }

  test('a commit that a person pushed to the step is never overwritten', { timeout: 60_000 }, async (t) => {
    const { box, until, step } = await aWaitingStep(t)
    const repo = box.repository()
    const theirs = box.person('bob').push(STEP, { 'notes.txt': 'mine\n' }, 'Notes')
    box.person('bob').push('main', { [VS]: virtualService(70, 30) }, 'A little more')
    await until('a failed check on their commit', () =>
      repo.checkRuns(theirs).some(({ name, conclusion }) => name === 'canary/gate' && conclusion === 'failure'),
    )
    assert.equal(repo.branch(STEP), theirs)
    assert.equal(repo.pull(step).state, 'open')
  })
})

const LIMITS: Readonly<
  Record<string, (now: number) => { readonly kind: FaultKind; readonly until: (at: number) => number }>
> = {
  '403 with retry-after': () => ({ kind: secondaryLimit({ status: 403, retryAfter: 2 }), until: (at) => at + 2_000 }),
  '429 with retry-after': () => ({ kind: secondaryLimit({ status: 429, retryAfter: 2 }), until: (at) => at + 2_000 }),
  'a spent budget': (now) => {
    const resetAt = Math.ceil(now / 1000) * 1000 + 3_000
    return { kind: primaryLimit({ resetAt }), until: () => resetAt }
  },
}

suite('at a rate limit of GitHub', { concurrency: 3 }, () => {
  for (const [what, limit] of drawn('limits', Object.entries(LIMITS), 1)) {
    test(
      `after ${what}, the gate waits, no request is sent too early, and the rollout continues`,
      { timeout: 90_000 },
      async (t) => {
        const scene = await aWaitingStep(t)
        const { box, clock, until, pass, step } = scene
        const repo = box.repository()
        const { sha } = repo.pull(step).head
        const gate = (): string | null | undefined =>
          repo.checkRuns(sha).find(({ name }) => name === 'canary/gate')?.conclusion
        await until('a waiting gate', () => gate() === 'action_required')

        const { kind, until: end } = limit(clock.now())
        const fault = box.faults.add({
          match: ({ who, path }) => who === 'perch[bot]' && path.endsWith('/statuses'),
          kind,
        })
        await until('the limit', () => fault.struck() === 1)
        const { at = 0 } = box.requests.records.find(({ fault: struck }) => struck !== undefined) ?? {}
        box.person('flux').setStatus('main', { context: 'kustomization/apps/1', state: 'success' })
        while (clock.now() < end(at) - 300) {
          assert.equal(gate(), 'action_required')
          await pass(100)
        }
        // Requests that were already sent when the limit came may still arrive.
        const early = box.requests.records.filter(
          (one) =>
            one.who === 'perch[bot]' && ['rest', 'graphql'].includes(one.kind) && one.at > at + 150 && one.at < end(at),
        )
        assert.deepEqual(
          early.map(({ method, path }) => `${method} ${path}`),
          [],
        )
        await until('a green gate', () => gate() === 'success')
        await command(scene, step, '/canary status')
      },
    )
  }
})

test(
  'a push between the command and its commit is kept, and only a repeated command raises the new commit',
  { timeout: 90_000 },
  async (t) => {
    const scene = await aScene(t, leanRepository({ autoMerge: 'never' }))
    const { box, until, pass } = scene
    const repo = box.repository()
    const alice = box.person('alice')
    const pull = alice.openPullRequest({ branch: 'api-v2', title: 'v2', files: { 'notes.txt': '1\n' } })
    await until('green checks', () => isGreen(box, pull.head.sha))
    const race = box.faults.add({
      match: { path: 'graphql:createCommitOnBranch' },
      kind: { delay: 0 },
      onStrike: () => {
        const text = (repo.file(VS, 'api-v2') ?? '').replace('# Traffic of the API.', '# Traffic of our API.')
        box.person('bob').push('api-v2', { [VS]: text }, 'Better words')
      },
    })
    await command(scene, pull.number, '/canary 25 api-service')
    assert.equal(race.struck(), 1)
    const theirs = repo.branch('api-v2') ?? ''
    const answer = repo.comments(pull.number).find(({ body }) => body.includes('perch:answer'))?.body ?? ''
    assert.match(answer, new RegExp(`Somebody pushed \`${theirs.slice(0, 7)}\` after this comment was written`))
    assert.equal(weightsIn(repo.file(VS, 'api-v2') ?? ''), '100/0')
    await until('green checks on their commit', () => isGreen(box, theirs))
    // A push in the same second as a comment counts as later.
    await pass(1_100)
    await command(scene, pull.number, '/canary 25 api-service')
    const subjects = repo.log('api-v2').map(({ message }) => message.split('\n')[0])
    assert.deepEqual(subjects.slice(0, 3), ['Canary production/api-service v1: 0% → 25%', 'Better words', 'v2'])
    const text = repo.file(VS, 'api-v2') ?? ''
    assert.equal(weightsIn(text), '75/25')
    assert.match(text, /# Traffic of our API\./)
    await until('green checks on the new head', () => isGreen(box, repo.branch('api-v2') ?? ''))
  },
)
