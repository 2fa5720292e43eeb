/** The three parts of a review: the conversation, the verdict on a head, and the aftermath. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Comment } from '../../../src/core/rollout/facts.ts'
import { recallPull, waitingPulls } from '../../../src/flows/memory/pull-memory.ts'
import { hasSummary, openComments, sayFindings } from '../../../src/flows/review/conversation.ts'
import { isUnmoved } from '../../../src/flows/review/unmoved.ts'
import { lookAtRivals } from '../../../src/flows/review/rivals.ts'
import { NO_CHANGE, type Review } from '../../../src/core/gate/review.ts'
import { askIn } from '../../../src/flows/tasks/ask.ts'
import { destinationRule, pullRequest, virtualService } from '../../core/samples.ts'
import { memoryMemo } from '../../memory/memo.ts'
import { memoryPerch, type MemoryPerch } from '../../memory/perch.ts'
import { memoryPerson } from '../../memory/github/person.ts'
import { rememberBegun, rememberPull, type ReviewMemory } from '../../../src/flows/memory/pull-memory.ts'
import { summaryPages } from '../../../src/core/message/comment/summary.ts'
import type { Job } from '../../../src/ports/jobs.ts'

const MINUTE = 60_000
const VS = 'apps/production/vs.yaml'
const REPO = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }

function files(stable: number, canary: number, live = '{ after: 3m }'): Record<string, string> {
  return {
    '.github/canary.yml': `environments:
  production: { path: apps/production, live: ${live} }
services:
  api-service: { steps: [5, 25, 100], bake: 10m }
annotationPrefix: gitops.example.com
`,
    [VS]: virtualService(stable, canary, {}),
    'apps/production/dr.yaml': destinationRule('v1', 'v2'),
  }
}

/** A pull request by Alice with these files, which was not reviewed yet. */
async function pullOf(
  perch: MemoryPerch,
  change: Readonly<Record<string, string>>,
  branch = 'change',
): Promise<number> {
  const alice = memoryPerson(perch.state, 'alice', 'write')
  alice.push(branch, change)
  return alice.open(branch, 'A change')?.number ?? assert.fail()
}

let deliveries = 0

function delivery(): string {
  return String((deliveries += 1))
}

test('the checks come before the comment, and the answer to a command last', async () => {
  const perch = await memoryPerch({ files: files(100, 0) })
  const pull = await pullOf(perch, { 'apps/production/dr.yaml': destinationRule('v1', 'v3') })
  const comment = memoryPerson(perch.state, 'alice').comment(pull, '/canary 5')
  await perch.ask.comment({ pull, comment, body: '/canary 5' }, { code: 'command', delivery: delivery() })
  await perch.pass(0)
  assert.deepEqual(perch.written, [
    'branches.commit',
    'checks.create',
    'checks.create',
    'conversation.add',
    'conversation.add',
  ])
  const [, summary, answer] = perch.state.comments.map(({ body }) => body)
  assert.match(summary ?? '', /^<!-- perch:summary/)
  assert.match(answer ?? '', new RegExp(`^<!-- perch:answer:${comment} -->`))
})

test('a second review of an unchanged pull request writes nothing', async () => {
  const perch = await memoryPerch({ files: files(100, 0) })
  const pull = await pullOf(perch, { [VS]: virtualService(95, 5) })
  for (const isFirst of [true, false]) {
    perch.written.length = 0
    await perch.ask.review(pull, { code: 'rerun', delivery: delivery() })
    await perch.pass(0)
    assert.equal(perch.written.length > 0, isFirst, String(perch.written))
  }
})

test('the conversation is read only for commands, or where somebody needs it, and then once', async () => {
  let reads = 0
  const context = { conversation: { of: async () => ((reads += 1), []) } } as never
  const at = { pull: 1, isRead: false, isFresh: false }
  assert.equal((await openComments(context, at)).known(), undefined)
  assert.deepEqual((await openComments(context, { ...at, isFresh: true })).known(), [])
  assert.equal(reads, 0)
  const unread = await openComments(context, at)
  assert.deepEqual([await unread.read(), await unread.read(), unread.known()], [[], [], []])
  assert.equal(reads, 1)
  const read = await openComments(context, { ...at, isRead: true, isFresh: true })
  assert.deepEqual([read.known(), await read.read()], [[], []])
  assert.equal(reads, 2)
})

const SUMMARY: Comment = {
  id: 7,
  author: { login: 'perch[bot]', isBot: true },
  body: '<!-- perch:summary -->\nold words',
  createdAt: 0,
  isEdited: false,
  isOurs: true,
}

const TRAFFIC: Review = {
  ...NO_CHANGE,
  compared: { base: 'a'.repeat(40), head: 'b'.repeat(40) },
  rows: [{ environment: 'production', route: 'x', rule: 'y', before: undefined, after: undefined }],
}

function aMinuteAgo(found: Review): Comment {
  const { comment } = summaryPages(found, { at: 0 })
  assert.match(comment, / on 1970-01-01 00:00:00 UTC\./)
  return { ...SUMMARY, body: comment }
}

/** What happens to Perch's comment, by the result and the existing comments: undefined if nobody has read them. */
for (const [what, found, comments, isExpected, expected] of [
  ['is written where traffic changes', TRAFFIC, undefined, false, ['of', 'add']],
  ['is edited where it says something else', TRAFFIC, [SUMMARY], false, ['edit']],
  ['is left as it is if only the time of the review differs', TRAFFIC, [aMinuteAgo(TRAFFIC)], false, []],
  ['is not written where no traffic changes', NO_CHANGE, [], false, []],
  ['is corrected where traffic changed before', NO_CHANGE, [SUMMARY], false, ['edit']],
  ['of somebody else is left alone', NO_CHANGE, [{ ...SUMMARY, isOurs: false }], false, []],
  ['costs no request where none can be there', NO_CHANGE, undefined, false, []],
  ['is looked for where one may be there', NO_CHANGE, undefined, true, ['of']],
] as const)
  test(`our comment ${what}`, async () => {
    const done: string[] = []
    const note = (name: string) => async () => void done.push(name)
    const conversation = { of: async () => (done.push('of'), []), add: note('add'), edit: note('edit') }
    const clock = { now: () => 60_000 }
    const context = { conversation, clock, pulls: {}, botLogin: 'perch[bot]' } as never
    const known = { known: () => comments, read: async () => comments ?? conversation.of() }
    await sayFindings(context, { pull: pullRequest(1, 'change'), comments: known, isExpected }, found)
    assert.deepEqual(done, expected)
  })

test('the conversation tells whether Perch’s comment exists, or else memory does', () => {
  const comments = (known: readonly Comment[] | undefined) => ({ known: () => known, read: async () => known ?? [] })
  assert.equal(hasSummary(comments([SUMMARY]), { commented: false }), true)
  assert.equal(hasSummary(comments([]), { commented: true }), false)
  assert.equal(hasSummary(comments(undefined), { commented: true }), true)
  assert.equal(hasSummary(comments(undefined), undefined), false)
})

test('what a head waits for is stored before it is requested, so that no signal is missed', async () => {
  const perch = await memoryPerch({ files: { ...files(95, 5, '{ status: "flux/*" }'), [VS]: virtualService(95, 5) } })
  const pull = await pullOf(perch, { [VS]: virtualService(75, 25) })
  const about = perch.context.signals.about.bind(perch.context.signals)
  const waits: unknown[] = []
  Object.assign(perch.context.signals, {
    about: async (...asked: Parameters<typeof about>) => {
      waits.push((await waitingPulls(perch.context)).get(pull))
      return about(...asked)
    },
  })
  await perch.ask.review(pull, { code: 'pull-changed', delivery: delivery() })
  await perch.pass(0)
  assert.deepEqual(waits[0], ['status:flux/*'])
  assert.deepEqual((await recallPull(perch.context, pull))?.waits, ['status:flux/*'])
})

test('a review whose pull request was merged in the meantime changes neither checks nor comment', async () => {
  const perch = await memoryPerch({ files: files(100, 0) })
  const pull = await pullOf(perch, { [VS]: virtualService(95, 5) })
  await perch.ask.review(pull, { code: 'pull-changed', delivery: delivery() })
  await perch.pass(0)
  perch.written.length = 0
  const { mirror, pulls } = perch.context
  const [fetch, get] = [mirror.fetch.bind(mirror), pulls.get.bind(pulls)]
  const asked = memoryPerson(perch.state, 'adam', 'admin')
  let isMerged = false
  // It is merged after its state was read, and before Git is read.
  Object.assign(perch.context, {
    pulls: new Proxy(pulls, {
      get: (port, name) =>
        name === 'get'
          ? async (number: number) => {
              const found = await get(number)
              const merged = perch.state.pulls.get(pull)
              if (!isMerged && merged !== undefined)
                isMerged = asked.merge(merged, { ignoresChecks: true }) === 'merged'
              return found
            }
          : Reflect.get(port, name),
    }),
    mirror: { ...mirror, fetch },
  })
  await perch.ask.review(pull, { code: 'rerun', delivery: delivery() })
  await perch.pass(0)
  assert.ok(isMerged)
  assert.deepEqual(perch.written, [])
})

test('a timer repeats the review when time alone can change the gate', async () => {
  const perch = await memoryPerch({ files: { ...files(95, 5), [VS]: virtualService(95, 5) } })
  const pull = await pullOf(perch, { [VS]: virtualService(75, 25) })
  await perch.ask.review(pull, { code: 'pull-changed', delivery: delivery() })
  await perch.pass(0)
  assert.equal((await recallPull(perch.context, pull))?.green, false)
  await perch.pass(14 * MINUTE)
  assert.equal((await recallPull(perch.context, pull))?.green, true)
  assert.deepEqual(new Set(perch.done), new Set(['review pull-changed', 'review timer']))
})

interface RivalFacts {
  readonly draft?: boolean
  readonly into?: string
  readonly head?: string
  readonly targets?: readonly string[]
  readonly awaited?: readonly string[]
  readonly behind?: readonly number[]
}

/** The tasks that pull request 2 requests when it looks at its rivals, and another one has these facts. */
async function rivalsAsked(other: number, facts: RivalFacts, self: RivalFacts = {}): Promise<readonly string[]> {
  const memo = memoryMemo()
  const sent: Job[] = []
  const ask = askIn({ installation: 1, repo: REPO }, { enqueue: async (...jobs) => void sent.push(...jobs) })
  const context = { memo, repo: REPO, ask, clock: { now: () => 0 } }
  await rememberBegun(context, 2, undefined)
  const begun = (await recallPull(context, 2)) ?? assert.fail()
  const seen = (head: string, { targets = ['production web'], awaited = [], behind = [], ...rest }: RivalFacts) => {
    const lists = { targets: [...targets], awaited: [...awaited], behind: [...behind] }
    return { ...begun, head, into: 'main', judgedFor: 'main', ...lists, ...rest }
  }
  await rememberPull(context, other, seen('their head', facts))
  await lookAtRivals(context, { number: 2, seen: seen('own head', self) })
  return sent.map(({ key, id }) => `${key} ${id?.split(' ')[0] ?? ''}`)
}

test('the younger of two pull requests that move one route is judged again, whichever is reviewed first', async () => {
  assert.deepEqual(await rivalsAsked(1, {}), ['1#2 older-found'])
  assert.deepEqual(await rivalsAsked(1, {}, { behind: [1] }), [], 'it knows')
  assert.deepEqual(await rivalsAsked(3, {}), ['1#3 rival'])
  assert.deepEqual(await rivalsAsked(3, { behind: [2] }), [], 'it waits already')
})

test('a pull request that is no longer a rival lets the younger one continue', async () => {
  assert.deepEqual(await rivalsAsked(3, { behind: [2] }, { targets: [] }), ['1#3 rival'])
  assert.deepEqual(await rivalsAsked(3, { behind: [1, 2] }, { targets: [] }), ['1#3 rival'], 'of several')
  assert.deepEqual(await rivalsAsked(3, {}, { targets: [] }), [])
})

test('a pull request that was judged while the older one ceased to move its route, or was closed, is judged again', async () => {
  assert.deepEqual(await rivalsAsked(1, { targets: [] }, { behind: [1] }), ['1#2 rival'])
  assert.deepEqual(await rivalsAsked(3, {}, { behind: [1] }), ['1#2 rival', '1#3 rival'].toReversed())
})

test('a draft, one into another branch, one with the same head, and one that was not judged yet hold nobody back', async () => {
  assert.deepEqual(await rivalsAsked(1, { draft: true }), [])
  assert.deepEqual(await rivalsAsked(1, { into: 'other' }), [])
  assert.deepEqual(await rivalsAsked(1, { head: 'own head' }), [])
  assert.deepEqual(await rivalsAsked(1, { head: '' }), [])
  assert.deepEqual(await rivalsAsked(1, { targets: ['staging web'] }), [])
})

test('a pull request that waits for the end of a rollout holds none of its steps back, and waits for older ones itself', async () => {
  const waiting = { awaited: ['production web'] }
  assert.deepEqual(await rivalsAsked(1, waiting), [])
  assert.deepEqual(await rivalsAsked(3, { behind: [2] }, waiting), ['1#3 rival'], 'it held the other one back before')
  assert.deepEqual(await rivalsAsked(3, {}, waiting), [])
  assert.deepEqual(await rivalsAsked(1, {}, waiting), ['1#2 older-found'])
  assert.deepEqual(await rivalsAsked(1, {}, { ...waiting, behind: [1] }), [], 'once is enough')
})

test('a moved base is checked completely if git cannot tell the changes, and not at all if it did not move', async () => {
  const { context } = await memoryPerch({ files: files(100, 0) })
  const gone = async (): Promise<never> => assert.fail('fatal: bad object')
  const broken = { ...context, mirror: { ...context.mirror, merge: gone, read: gone, entries: gone, changed: gone } }
  await rememberBegun(context, 1, undefined)
  const begun = (await recallPull(context, 1)) ?? assert.fail()
  const seen = { ...begun, head: 'a', base: 'b', judgedFor: 'main', into: 'main', digest: 'x', peers: [1] }
  const isSame = (head: string, own: Partial<ReviewMemory> = {}, branch = 'main'): Promise<boolean> =>
    isUnmoved(broken, { pull: 1, moved: { branch, head } }, { ...seen, ...own })
  assert.equal(await isSame('c'), false)
  assert.equal(await isSame('b'), true)
  assert.equal(await isSame('c', {}, 'release'), true)
  assert.equal(await isSame('b', { digest: '' }), false)
  assert.equal(await isUnmoved(broken, { pull: 1, moved: { branch: 'main', head: 'b' } }, undefined), false)
})
