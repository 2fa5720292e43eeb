/** The tasks that a sweep requests, by its memory and by GitHub's answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rememberGroup } from '../../src/flows/memory/commit-memory.ts'
import { rememberAnswered, rememberWaitingCommand } from '../../src/flows/memory/command-memory.ts'
import { rememberDeployed, rememberWatch, settle } from '../../src/flows/memory/base-memory.ts'
import { sweep } from '../../src/flows/sweep.ts'
import { memoryContext } from '../memory/context.ts'
import { headOf, memoryGitHub } from '../memory/github/github.ts'
import { memoryPerson } from '../memory/github/person.ts'
import { memoryMemo } from '../memory/memo.ts'
import { memoryQueue } from '../memory/jobs.ts'

const START = Date.UTC(2026, 0, 5, 9)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const CONFIG = '.github/canary.yml'

function aRepository(config = 'branches: [main, release, "next/*"]\n') {
  let now = START
  const clock = { now: () => now }
  const state = memoryGitHub({ clock, files: { [CONFIG]: config, 'README.md': '# Shop\n' } })
  const known = memoryContext(state, { jobs: memoryQueue({ clock }), memo: memoryMemo(), clock })
  const asked: string[] = []
  const since: number[] = []
  const protectedBranches: string[] = []
  const note =
    (kind: string) =>
    async (what: string | number | object, why: object): Promise<void> =>
      void asked.push(`${kind} ${typeof what === 'object' ? JSON.stringify(what) : what} ${JSON.stringify(why)}`)
  const context = {
    ...known,
    ask: {
      ...known.ask,
      advance: note('advance'),
      review: note('review'),
      measure: note('measure'),
      group: note('group'),
      cleanUp: note('clean up'),
      acknowledge: note('acknowledge'),
    },
    conversation: {
      ...known.conversation,
      since: (time: number) => {
        since.push(time)
        return known.conversation.since(time)
      },
    },
    protections: {
      of: (branch: string) => {
        protectedBranches.push(branch)
        return known.protections.of(branch)
      },
    },
  }
  const alice = memoryPerson(state, 'alice', 'write')
  const head = (branch: string): string => headOf(state, branch) ?? assert.fail(branch)
  const swept = async (): Promise<readonly string[]> => {
    asked.length = 0
    await sweep(context)
    return [...asked]
  }
  return {
    context,
    state,
    alice,
    since,
    protectedBranches,
    head,
    swept,
    pass: (ms: number) => (now += ms),
    now: () => now,
  }
}

function settled(at: number, head: string): string {
  return JSON.stringify({ code: 'swept', head, at })
}

test('deployed branches that have moved are looked at, and those that the config names once they are known', async () => {
  const { context, alice, head, swept } = aRepository()
  alice.push('release', { 'more.md': 'x\n' })
  alice.push('next/1', { 'more.md': 'x\n' })
  alice.push('topic', { 'more.md': 'x\n' })
  assert.deepEqual(await swept(), [`advance main ${settled(START, head('main'))}`])
  // Now the sweep knows which branches are deployed. A pattern is not the name of a branch.
  assert.deepEqual(await swept(), [
    `advance main ${settled(START, head('main'))}`,
    `advance release ${settled(START, head('release'))}`,
  ])
  await settle(context, 'main', head('main'))
  await settle(context, 'release', 'older')
  await settle(context, 'next/1', '')
  await settle(context, 'topic', '')
  await settle(context, 'gone', '')
  assert.deepEqual(await swept(), [
    `advance release ${settled(START, head('release'))}`,
    `advance next/1 ${settled(START, head('next/1'))}`,
  ])
})

test('a branch that is not deployed any more is looked at while a step is open there', async () => {
  const { state, alice, head, swept, context } = aRepository('branches: [main]\n')
  await settle(context, 'main', head('main'))
  alice.push('release', { 'more.md': 'x\n' })
  alice.push('topic', { 'other.md': 'x\n' })
  const pull = alice.open('topic', 'Topic') ?? assert.fail()
  const open = { ...pull, base: { ...pull.base, ref: 'release' } }
  state.pulls.set(pull.number, open)
  const reviewed = (all: readonly string[]): readonly string[] => all.filter((line) => !line.startsWith('review'))
  assert.deepEqual(reviewed(await swept()), [])
  const step = { ...open, head: { ...open.head, ref: 'canary/production/web/5' }, author: state.bot }
  state.pulls.set(pull.number, step)
  assert.deepEqual(reviewed(await swept()), [`advance release ${settled(START, head('release'))}`])
  state.pulls.set(pull.number, { ...step, base: { ...pull.base, ref: 'main' } })
  assert.deepEqual(reviewed(await swept()), [])
})

test('comments are looked for since a little before the last sweep, and for as long as commands live', async () => {
  const { since, swept, pass } = aRepository()
  await swept()
  pass(10 * MINUTE)
  await swept()
  pass(30 * HOUR)
  await swept()
  assert.deepEqual(since, [START - 24 * HOUR, START - 2 * MINUTE, START + 10 * MINUTE + 6 * HOUR])
})

test('rollouts are measured where that is known to be needed, and protection is looked at where something is open', async () => {
  const { context, alice, protectedBranches, swept, head } = aRepository()
  await settle(context, 'main', head('main'))
  await rememberWatch(context, 'main', true)
  assert.deepEqual(await swept(), [`measure main ${JSON.stringify({ code: 'swept', at: START })}`])
  assert.deepEqual(protectedBranches, [])
  alice.push('topic', { 'other.md': 'x\n' })
  alice.open('topic', 'Topic')
  await settle(context, 'topic', '')
  await rememberDeployed(context, ['main', 'release'])
  await swept()
  assert.deepEqual(protectedBranches, ['main', 'release'])
})

test('groups of the queue are judged when they are new or change traffic, and looked at once more when they are gone', async () => {
  const { context, state, swept, head } = aRepository()
  await settle(context, 'main', head('main'))
  const base = head('main')
  const ref = (pull: number): string => `refs/heads/gh-readonly-queue/main/pr-${pull}-${base}`
  const sha = (pull: number): string => String(pull).repeat(40)
  for (const pull of [1, 2, 3]) {
    const files = new Map(state.objects.files(base))
    files.set('x.md', `${pull}`)
    const made = state.objects.commit({
      files,
      parents: [base],
      message: 'x',
      author: 'github',
      isVerified: true,
      time: pull,
    })
    state.refs.set(ref(pull), made.sha)
  }
  const group = (pull: number) => ({ base: 'main', ref: ref(pull), head: state.refs.get(ref(pull)) ?? '' })
  const record = { base: 'main', traffic: true, waits: [], stops: '' }
  await rememberGroup(context, group(2).head, { ...record, ref: ref(2) })
  await rememberGroup(context, group(3).head, { ...record, ref: ref(3), traffic: false })
  await rememberGroup(context, sha(9), { ...record, ref: ref(9), traffic: false })
  const why = JSON.stringify({ code: 'swept', at: START })
  assert.deepEqual(await swept(), [
    `group ${JSON.stringify(group(1))} ${why}`,
    `group ${JSON.stringify(group(2))} ${why}`,
    `group ${JSON.stringify({ base: 'main', ref: ref(9), traffic: false, waits: [], stops: '', head: sha(9) })} ${why}`,
  ])
})

test('commands without a webhook get 👀 and a review, one for the latest of each pull request', async () => {
  const { context, alice, swept, pass, now } = aRepository()
  alice.push('topic', { 'other.md': 'x\n' })
  const pull = alice.open('topic', 'Topic')?.number ?? assert.fail()
  alice.push('other', { 'more.md': 'x\n' })
  const other = alice.open('other', 'Other')?.number ?? assert.fail()
  const [first, , second, third, answered] = [
    alice.comment(pull, '/canary status'),
    alice.comment(pull, 'Nice.'),
    alice.comment(pull, '/canary why'),
    alice.comment(other, '/canary why'),
    alice.comment(other, '/canary help'),
  ]
  await rememberAnswered(context, { pull: other, comment: answered })
  const ids = (all: readonly string[]): readonly string[] => all.filter((line) => /acknowledge|unanswered/.test(line))
  const missed = (number: number, comment: number): string =>
    `acknowledge ${JSON.stringify({ pull: number, comment })} ${JSON.stringify({ code: 'missed' })}`
  const unanswered = (number: number, comment: number): string =>
    `review ${number} ${JSON.stringify({ code: 'unanswered', comment, at: now() })}`
  assert.deepEqual(ids(await swept()), [
    missed(other, third),
    missed(pull, second),
    missed(pull, first),
    unanswered(pull, second),
    unanswered(other, third),
  ])
  for (const [number, comment] of [
    [pull, second],
    [pull, first],
    [other, third],
  ] as const)
    await rememberWaitingCommand(context, { pull: number, comment })
  assert.deepEqual(ids(await swept()), [])
  pass(90_000)
  await swept()
  pass(5 * MINUTE)
  assert.deepEqual(ids(await swept()), [unanswered(pull, second), unanswered(other, third)])
})
