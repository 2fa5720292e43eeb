/** The endpoints for Flagger's questions: who may ask, and the answers. Flagger continues with any status up to 202. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import type { VersionApprovals } from '../../../src/core/flagger/approvals.ts'
import type { Canaries } from '../../../src/core/flagger/canaries.ts'
import { type Edge, startEdge } from '../../../src/entry/edge/edge.ts'
import { knownCanaries } from '../../../src/entry/edge/known-canaries.ts'
import { flaggerKey, reportKey } from '../../../src/entry/edge/report-key.ts'
import { markMoved, canariesMark, rememberCanaries } from '../../../src/flows/stop/canary-memory.ts'
import type { CauseOf } from '../../../src/flows/tasks/causes.ts'
import { memoryMemo } from '../../memory/memo.ts'

const SECRET = 'a secret that is long enough to be one'
const KEY = flaggerKey(SECRET, 'acme/gitops')
const NOW = Date.UTC(2026, 10, 20, 12)
const edges: Edge[] = []
afterEach(() => Promise.all(edges.splice(0).map((edge) => edge.close(0))))

const WEB = {
  namespace: 'shop',
  name: 'web',
  rollout: 'production/web',
  environments: ['production'],
  approvals: 0,
} satisfies Partial<Canaries['known'][number]>
const FREE: Canaries = { at: NOW, known: [{ ...WEB, stops: [], windows: [] }], unreadable: [] }
const HELD: Canaries = { ...FREE, known: [{ ...WEB, stops: [{ by: 'alice', reason: 'errors' }], windows: [] }] }

const ABORTED: Canaries = {
  ...FREE,
  known: [{ ...WEB, stops: [], windows: [], aborted: { by: 'alice', reason: 'errors', isSame: true } }],
}

interface World {
  readonly url: string
  readonly looks: string[]
  readonly logged: string[]
}

async function anEdge(canaries: Canaries | undefined, approvals?: VersionApprovals): Promise<World> {
  const looks: string[] = []
  const logged: string[] = []
  const note = (facts: object, words: string): void => void logged.push(`${JSON.stringify(facts)} ${words}`)
  const edge = await startEdge({
    host: '127.0.0.1',
    port: 0,
    secrets: ['of webhooks'],
    events: new Set(['push']),
    accept: () => Promise.reject(new Error('not a delivery of GitHub')),
    flagger: {
      secret: SECRET,
      canariesOf: async ({ owner, name }) => {
        looks.push(`${owner}/${name}`)
        return canaries
      },
      approvalsOf: async ({ rollout, version, wanted }) => {
        looks.push(`${rollout}: ${wanted} for ${version}`)
        return approvals
      },
      note: async (_, rollout, { phase, metadata }) =>
        void looks.push(`${rollout}: ${phase}, ${String(metadata.eventMessage)}`),
      now: () => NOW,
    },
    ready: async () => ({ ok: true, parts: {} }),
    log: { debug: note, info: note, warn: note, error: note },
  })
  edges.push(edge)
  return { url: `http://127.0.0.1:${edge.port}`, looks, logged }
}

/** A request in the form in which Flagger sends it (pkg/controller/webhook.go). */
function payload(metadata: Readonly<Record<string, unknown>> = { key: KEY }): string {
  return JSON.stringify({ name: 'web', namespace: 'shop', phase: 'Progressing', checksum: '85d557f47b', metadata })
}

async function askOver(world: World, hook: string, body = payload(), repository = 'acme/gitops'): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${world.url}/api/flagger/${repository}/${hook}`, { method: 'POST', headers, body })
  return `${answer.status} ${await answer.text()}`
}

const CONFIRMS = ['confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion']

test('Flagger continues if nothing stops the Canary, and gets the reason if something does', async () => {
  for (const hook of CONFIRMS) {
    assert.equal(await askOver(await anEdge(FREE), hook), '200 Nothing stops production/web.')
    assert.equal(
      await askOver(await anEdge(HELD), hook),
      '403 production/web is held by alice (errors). To let it continue, comment /canary resume on its pull request.',
    )
  }
})

test('Flagger rolls a canary back only if somebody aborted this version, and Perch has just read that', async () => {
  assert.equal(await askOver(await anEdge(ABORTED), 'rollback'), '200 production/web was aborted by alice (errors).')
  for (const canaries of [FREE, HELD]) assert.match(await askOver(await anEdge(canaries), 'rollback'), /^403 Nobody/)
  const old = await anEdge({ ...ABORTED, at: NOW - 40_000 })
  assert.match(await askOver(old, 'rollback'), /^403 Perch is still reading/)
  assert.equal(old.looks.length, 2)
  for (const canaries of [undefined, { ...ABORTED, known: [] }, { ...ABORTED, unreadable: ['main'] }])
    assert.match(await askOver(await anEdge(canaries), 'rollback'), /^403 /)
  assert.match(await askOver(await anEdge(ABORTED), 'rollback', payload({ key: 'x' })), /^401 /)
  assert.match(await askOver(await anEdge(ABORTED), 'confirm-rollout'), /^403 production\/web was aborted by alice/)
})

test('unknown is a no: not read in time, or too long ago', async () => {
  for (const canaries of [undefined, { ...FREE, at: NOW - 11 * 60_000 }])
    assert.match(
      await askOver(await anEdge(canaries), 'confirm-rollout'),
      /^403 Perch is still reading acme\/gitops, and will answer when/,
    )
})

const ONE_WANTED: Canaries = { ...FREE, known: FREE.known.map((canary) => ({ ...canary, approvals: 1 })) }

test('each question before a raise waits for the approvals of the version that it is about', async () => {
  for (const hook of CONFIRMS) {
    const waiting = await anEdge(ONE_WANTED, { at: NOW, pull: 12, has: 0 })
    assert.match(await askOver(waiting, hook), /^403 production\/web waits for 1 more approval of #12 \(0 of 1\)\. /)
    const version = hook === 'confirm-rollout' ? 'newest' : 'checksum 85d557f47b'
    assert.deepEqual(waiting.looks, ['acme/gitops', `production/web: 1 for ${version}`])
    const ready = await anEdge(ONE_WANTED, { at: NOW, pull: 12, has: 1 })
    assert.equal(await askOver(ready, hook), '200 Nothing stops production/web.')
    const unbrought = await anEdge(ONE_WANTED, { at: NOW, has: 0 })
    assert.match(await askOver(unbrought, hook), /^403 production\/web needs 1 approval of the pull request that/)
    for (const unknown of [undefined, { at: NOW - 11 * 60_000, pull: 12, has: 1 }])
      assert.match(await askOver(await anEdge(ONE_WANTED, unknown), hook), /^403 Perch is still reading acme\/gitops/)
  }
})

test('a Flagger that sends no version is told that it needs an update', async () => {
  const world = await anEdge(ONE_WANTED, { at: NOW, pull: 12, has: 1 })
  const old = JSON.stringify({ name: 'web', namespace: 'shop', metadata: { key: KEY } })
  assert.match(await askOver(world, 'confirm-promotion', old), /^403 .* Update Flagger to 1\.34 or newer\.$/)
  assert.equal(await askOver(world, 'confirm-rollout', old), '200 Nothing stops production/web.')
})

test('approvals are checked only if nothing else stops the Canary, and never for a rollback', async () => {
  const [held, aborted] = [HELD, ABORTED].map((canaries) => ({
    ...canaries,
    known: canaries.known.map((canary) => ({ ...canary, approvals: 1 })),
  }))
  for (const canaries of [held, aborted]) {
    const world = await anEdge(canaries)
    assert.match(await askOver(world, 'confirm-promotion'), /^403 production\/web (is held|was aborted) by alice/)
    assert.deepEqual(world.looks, ['acme/gitops'])
  }
  assert.match(await askOver(await anEdge(aborted), 'rollback'), /^200 /)
})

test('without the key of this repository, nothing is answered or looked up, and no key is logged', async () => {
  const world = await anEdge(FREE)
  const others = [flaggerKey(SECRET, 'acme/other'), reportKey(SECRET, 'acme/other'), '', SECRET]
  for (const key of others)
    assert.equal(await askOver(world, 'confirm-rollout', payload({ key })), '401 metadata.key does not match')
  for (const body of ['', '[]', '{', payload({}), payload({ key: 7 }), JSON.stringify({ metadata: { key: KEY } })])
    assert.match(await askOver(world, 'confirm-rollout', body), /^400 /)
  assert.match(await askOver(world, 'confirm-rollout', payload({ key: KEY, more: 'x'.repeat(70_000) })), /^413 /)
  assert.deepEqual(world.looks, [])
  assert.ok(others.every((key) => key === '' || !world.logged.join('\n').includes(key)))
  assert.match(await askOver(world, 'confirm-rollout', payload(), 'Acme/GitOps'), /^200 /)
  assert.match(
    await askOver(world, 'confirm-rollout', payload({ key: reportKey(SECRET, 'acme/gitops') })),
    /^200 /,
    'whoever may report may ask',
  )
})

test('no other path exists, so Flagger gets no accidental yes', async () => {
  const world = await anEdge(FREE)
  for (const hook of ['', 'confirm', 'gate', 'confirm-rollout/', '../confirm-rollout'])
    assert.match(await askOver(world, hook), /^404 /, hook)
  assert.match(await askOver(world, 'confirm-rollout', payload(), 'acme/..'), /^404 /)
  const got = await fetch(`${world.url}/api/flagger/acme/gitops/confirm-rollout`)
  assert.equal(got.status, 405)
})

const REPOSITORY = { owner: 'acme', name: 'gitops' }

test('Git is read if nothing is known, and the answer waits for it; after that, memory answers', async () => {
  const memo = memoryMemo()
  const asked: CauseOf<'canaries'>[] = []
  const ask = async (why: CauseOf<'canaries'>): Promise<void> => {
    asked.push(why)
    await rememberCanaries(memo, REPOSITORY, { ...FREE, mark: await canariesMark(memo, REPOSITORY) })
  }
  const parts = { memo, ask, clock: { now: () => NOW } }
  for (let count = 0; count < 5; count += 1) assert.equal((await knownCanaries(parts, REPOSITORY))?.known.length, 1)
  assert.equal(asked.length, 1)
  await markMoved(memo, REPOSITORY, 'a stop came')
  assert.equal((await knownCanaries(parts, { owner: 'Acme', name: 'GitOps' }))?.known.length, 1)
  assert.equal(asked.length, 2)
  assert.notEqual(asked[0]?.mark, asked[1]?.mark)
})

test('a state that was read before a stop came does not count, although it is stored after it', async () => {
  const memo = memoryMemo()
  const mark = await canariesMark(memo, REPOSITORY)
  await markMoved(memo, REPOSITORY, 'a stop came')
  await rememberCanaries(memo, REPOSITORY, { ...FREE, mark })
  let asked = 0
  const ask = async (): Promise<void> => {
    asked += 1
    await rememberCanaries(memo, REPOSITORY, { ...HELD, mark: await canariesMark(memo, REPOSITORY) })
  }
  const found = await knownCanaries({ memo, ask, clock: { now: () => NOW } }, REPOSITORY)
  assert.deepEqual([asked, found?.known[0]?.stops.length], [1, 1])
})

test('Git is read again while the known state still answers', async () => {
  const memo = memoryMemo()
  await rememberCanaries(memo, REPOSITORY, { ...FREE, at: NOW - 4 * 60_000, mark: '' })
  let asked = 0
  const parts = { memo, ask: async () => void (asked += 1), clock: { now: () => NOW } }
  assert.equal((await knownCanaries(parts, REPOSITORY))?.known.length, 1)
  assert.equal(asked, 1)
})

test('a change while Git is read makes Perch read it once more', async () => {
  const memo = memoryMemo()
  let asked = 0
  const ask = async (): Promise<void> => {
    asked += 1
    await rememberCanaries(memo, REPOSITORY, { ...FREE, mark: await canariesMark(memo, REPOSITORY) })
    if (asked === 1) await markMoved(memo, REPOSITORY, 'a branch moved')
  }
  const found = await knownCanaries({ memo, ask, clock: { now: () => NOW } }, REPOSITORY)
  assert.deepEqual([asked, found?.known.length], [2, 1])
})

test('an event is kept for the rollout that it is about, and answered with 200', async () => {
  const world = await anEdge(FREE)
  const event = {
    key: KEY,
    eventMessage: 'Advance web.shop canary weight 20',
    eventType: 'Normal',
    timestamp: String(NOW),
  }
  assert.equal(await askOver(world, 'event', payload(event)), '200 Noted for production/web.')
  assert.deepEqual(world.looks, ['acme/gitops', 'production/web: Progressing, Advance web.shop canary weight 20'])
})

test('an event with a wrong key, without a phase, or of a Canary that Git does not have is kept nowhere', async () => {
  const world = await anEdge(FREE)
  assert.match(await askOver(world, 'event', payload({ key: 'x' })), /^401 /)
  assert.match(
    await askOver(world, 'event', JSON.stringify({ name: 'web', namespace: 'shop', metadata: { key: KEY } })),
    /^400 /,
  )
  assert.match(await askOver(world, 'event', payload().replace('"web"', '"api"')), /^403 acme\/gitops has no Canary/)
  assert.match(await askOver(await anEdge(undefined), 'event'), /^403 Perch is still reading/)
  assert.deepEqual(world.looks, ['acme/gitops'])
})
