/** The pull requests in a group of the merge queue, and what each of them changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { type GroupMember, membersOf, partsOf } from '../../../src/flows/review/group-parts.ts'
import { DR, VS } from '../../layouts/repository.ts'
import { headOf, memoryGitHub } from '../../memory/github/github.ts'
import { memoryPerson } from '../../memory/github/person.ts'
import { memoryMirror } from '../../memory/mirror.ts'
import { memoryRenderer } from '../../memory/renderer.ts'

const ROUTE = 'web/vs.yaml'
const RAISED = VS.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')

const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: api }\n'

/** Three pull requests: one raises the share, the others add a file each. */
function aQueue() {
  const files = { [ROUTE]: VS, 'web/dr.yaml': DR, 'api/map.yaml': MAP, 'README.md': '# Shop\n' }
  const state = memoryGitHub({ clock: { now: () => 0 }, files })
  const mirror = memoryMirror(state)
  const alice = memoryPerson(state, 'alice', 'write')
  const base = headOf(state, 'main') ?? assert.fail('no branch')
  const open = (branch: string, changed: Readonly<Record<string, string>>) => {
    alice.push(branch, changed)
    const pull = alice.open(branch, branch) ?? assert.fail('nothing to open')
    return { pull: pull.number, head: pull.head.sha }
  }
  const raise = open('raise', { [ROUTE]: RAISED })
  const words = open('words', { 'README.md': '# Our shop\n', 'more.md': 'More\n' })
  const api = open('api', { 'api/map.yaml': MAP.replace('api', 'more') })
  /** A commit on another one with these files changed. */
  const commit = (parent: string, changed: Readonly<Record<string, string>>): string => {
    const all = new Map([...(state.objects.files(parent) ?? []), ...Object.entries(changed)])
    const made = { files: all, parents: [parent], message: 'x', author: 'github', isVerified: true, time: 0 }
    return state.objects.commit(made).sha
  }
  /** The result of merging a head. */
  const merge = (parent: string, head: string): string => {
    const merged = state.objects.merge(parent, head)
    assert.ok('tree' in merged)
    return commit(parent, Object.fromEntries(state.objects.files(merged.tree) ?? []))
  }
  const members = async (
    waiting: readonly { pull: number; head: string }[] | undefined,
    commits: readonly string[],
  ) => {
    for (const [index, sha] of commits.entries()) state.refs.set(`refs/heads/group-${index}`, sha)
    await mirror.fetch(['refs/heads/main', ...commits.map((_, index) => `refs/heads/group-${index}`)])
    return membersOf({ mirror, queue: { waiting: async () => waiting } }, { into: 'main', base, commits })
  }
  const parts = (commits: readonly string[], found: readonly GroupMember[]) =>
    partsOf(
      { mirror, renderer: memoryRenderer() },
      { base, commits, members: found },
      Config.parse({ environments: { web: { path: 'web' }, api: { path: 'api' } } }),
    )
  return { base, raise, words, api, commit, merge, members, parts }
}

test('a member is found by the commit that merging its head gives, in the order of the queue', async () => {
  const { base, raise, words, api, merge, members } = aQueue()
  const first = merge(base, raise.head)
  const second = merge(first, words.head)
  assert.deepEqual(await members([raise, words, api], [first, second]), [
    { ...raise, at: first },
    { ...words, at: second },
  ])
  assert.deepEqual(await members([words, raise], [first, second]), [{ ...raise, at: first }])
  assert.deepEqual(await members([api, words], [first, second]), [])
  assert.deepEqual(await members(undefined, [first, second]), [])
})

test('a member that is rebased has several commits, the last of which is its own', async () => {
  const { base, raise, words, commit, merge, members } = aQueue()
  const first = commit(base, { 'README.md': '# Our shop\n' })
  const second = commit(first, { 'more.md': 'More\n' })
  const third = merge(second, raise.head)
  assert.deepEqual(await members([words, raise], [first, second, third]), [
    { ...words, at: second },
    { ...raise, at: third },
  ])
})

test('a pull request whose head changed after it was queued is no member, and the others still are', async () => {
  const { base, raise, words, api, merge, members } = aQueue()
  const first = merge(base, raise.head)
  const second = merge(first, api.head)
  assert.deepEqual(await members([raise, { ...words, head: raise.head }, api], [first, second]), [
    { ...raise, at: first },
    { ...api, at: second },
  ])
})

test('each member is a part, and so is each commit behind the last of them; the commits before belong to the next member', async () => {
  const { base, raise, words, api, commit, merge, members, parts } = aQueue()
  const first = commit(base, { 'README.md': '# Our shop\n' })
  const second = commit(first, { 'more.md': 'More\n' })
  const third = merge(second, raise.head)
  const foreign = merge(third, api.head)
  const last = commit(foreign, { [ROUTE]: VS })
  const commits = [first, second, third, foreign, last]
  const found = await parts(commits, await members([words, raise], commits))
  const short = ({ name, pull, touches, routes }: (typeof found.parts)[number]): unknown => ({
    name,
    pull,
    touches: [...touches],
    shares: [...routes].map(([route, { share }]) => `${route} ${share}`),
  })
  const [route] = [...found.base.keys()]
  assert.deepEqual(found.parts.map(short), [
    { name: `#${words.pull}`, pull: words.pull, touches: [], shares: [`${route} 0`] },
    { name: `#${raise.pull}`, pull: raise.pull, touches: ['web'], shares: [`${route} 10`] },
    { name: foreign.slice(0, 7), pull: undefined, touches: ['api'], shares: [`${route} 10`] },
    { name: last.slice(0, 7), pull: undefined, touches: ['web'], shares: [`${route} 0`] },
  ])
  assert.deepEqual(
    [...found.base.values()].map(({ share, stable }) => ({ share, stable })),
    [{ share: 0, stable: 'v1' }],
  )
  assert.deepEqual((await parts([first], [])).parts.map(short), [
    { name: first.slice(0, 7), pull: undefined, touches: [], shares: [`${route} 0`] },
  ])
})
