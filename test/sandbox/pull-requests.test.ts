/** Pull requests behave like on GitHub: opened, pushed to, blocked, merged, retargeted, closed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aBox, conforms, rest, type Sandbox } from './support.ts'

const FILE = { 'base/route.yaml': 'weight: 5\n' }
const PULL = '/repos/{owner}/{repo}/pulls/{pull_number}'

async function merge(
  { box, token }: Sandbox,
  number: number,
  body: Record<string, unknown> = {},
): Promise<{ status: number; message: string }> {
  const reply = await rest(box, `PUT /repos/acme/infra/pulls/${String(number)}/merge`, { token, body })
  conforms(`PUT ${PULL}/merge`, reply)
  return { status: reply.status, message: reply.body.message }
}

test('A push to the head branch moves the pull request along, and one to the base moves its base', async (t) => {
  const { box, repo } = await aBox(t)
  const { number } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  const sha = box.person('alice').push('v2', { 'base/route.yaml': 'weight: 25\n' })
  assert.equal(repo.pull(number).head.sha, sha)
  assert.equal(repo.file('base/route.yaml', `refs/pull/${String(number)}/head`), 'weight: 25\n')
  const main = box.person('alice').push('main', { 'README.md': 'New\n' })
  assert.equal(repo.pull(number).base.sha, main)
})

test('Refusals to open a pull request have GitHub’s messages', async (t) => {
  const { box, repo, token } = await aBox(t)
  const alice = box.person('alice')
  alice.openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  alice.forcePush('same', repo.branch('main') ?? '')
  const open = async (body: object): Promise<unknown> => {
    const reply = await rest(box, 'POST /repos/acme/infra/pulls', {
      token,
      body: { title: 'T', base: 'main', ...body },
    })
    assert.equal(reply.status, 422)
    return reply.body.errors[0]
  }
  const custom = { resource: 'PullRequest', code: 'custom' }
  assert.deepEqual(await open({ head: 'v2' }), { ...custom, message: 'A pull request already exists for acme:v2.' })
  assert.deepEqual(await open({ head: 'same' }), { ...custom, message: 'No commits between main and same' })
  assert.deepEqual(await open({ head: 'none' }), { resource: 'PullRequest', field: 'head', code: 'invalid' })
  assert.deepEqual(await open({ head: 'v2', base: 'none' }), {
    resource: 'PullRequest',
    field: 'base',
    code: 'invalid',
  })
})

test('Each way of merging leaves the history that GitHub leaves', async (t) => {
  const { box, repo } = await aBox(t)
  const alice = box.person('alice')
  const openTwo = (branch: string): number => {
    const { number } = alice.openPullRequest({
      branch,
      title: `Add ${branch}`,
      files: { [`${branch}.yaml`]: 'a: 1\n' },
    })
    alice.push(branch, { [`${branch}.yaml`]: 'a: 2\n' }, 'Again')
    alice.push('main', { [`${branch}.txt`]: 'meanwhile' }, 'Meanwhile')
    return number
  }
  const squash = openTwo('one')
  alice.merge(squash, { method: 'squash' })
  assert.equal(repo.log()[0]?.message, 'Add one (#1)\n\n* Add one\n\n* Again')
  assert.equal(repo.log()[0]?.verified, true)

  const whole = openTwo('two')
  alice.merge(whole, { method: 'merge' })
  assert.equal(repo.log()[0]?.message, 'Merge pull request #2 from acme/two\n\nAdd two')
  assert.equal(repo.log()[0]?.parents.length, 2)

  const rebased = openTwo('three')
  const sha = alice.merge(rebased, { method: 'rebase' })
  assert.deepEqual(
    repo
      .log()
      .slice(0, 3)
      .map(({ message }) => message),
    ['Again', 'Add three', 'Meanwhile'],
  )
  assert.equal(repo.pull(rebased).mergeCommit, sha)
  assert.equal(repo.file('three.yaml'), 'a: 2\n')
})

test('A merge is refused for another head, a conflict, a draft, a closed pull request and a disabled method', async (t) => {
  const sandbox = await aBox(t)
  const { box, repo } = sandbox
  const alice = box.person('alice')
  const { number, head } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  alice.push('v2', { 'base/route.yaml': 'weight: 6\n' })
  const moved = await merge(sandbox, number, { sha: head.sha })
  assert.deepEqual(moved, { status: 409, message: 'Head branch was modified. Review and try the merge again.' })
  alice.setDraft(number, true)
  assert.deepEqual(await merge(sandbox, number), { status: 405, message: 'Pull Request is still a draft' })
  alice.setDraft(number, false)
  box.configure({ allowSquash: false })
  const off = { status: 405, message: 'Squash merges are not allowed on this repository.' }
  assert.deepEqual(await merge(sandbox, number, { merge_method: 'squash' }), off)
  alice.push('main', { 'base/route.yaml': 'weight: 9\n' })
  assert.deepEqual([repo.pull(number).mergeable, repo.pull(number).mergeableState], [false, 'dirty'])
  assert.deepEqual(await merge(sandbox, number), { status: 405, message: 'Pull Request is not mergeable' })
  alice.close(number)
  assert.equal((await merge(sandbox, number)).status, 405)
})

test('A protected branch waits for its checks: missing, running and failed ones block, from the named App only', async (t) => {
  const sandbox = await aBox(t)
  const { box, repo, token } = sandbox
  const { number, head } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  box.protect('main', { checks: [{ context: 'canary/gate', appId: box.appId }] })
  assert.equal(repo.pull(number).mergeableState, 'blocked')
  const message = async (): Promise<string> => (await merge(sandbox, number)).message
  assert.equal(await message(), 'Required status check "canary/gate" is expected.')
  const actions = box.addApp({ slug: 'github-actions', permissions: { checks: 'write' } })
  const gate = { name: 'canary/gate', head_sha: head.sha }
  const create = (by: string, more: object): ReturnType<typeof rest> =>
    rest(box, 'POST /repos/acme/infra/check-runs', { token: by, body: { ...gate, ...more } })
  await create(actions.installation.token(), { conclusion: 'success' })
  assert.equal(await message(), 'Required status check "canary/gate" is expected.')
  const { body } = await create(token, { status: 'in_progress' })
  assert.equal(await message(), 'Required status check "canary/gate" is pending.')
  const conclude = (conclusion: string): ReturnType<typeof rest> =>
    rest(box, `PATCH /repos/acme/infra/check-runs/${String(body.id)}`, { token, body: { conclusion } })
  await conclude('action_required')
  assert.equal(await message(), 'Required status check "canary/gate" is failing.')
  assert.throws(() => box.person('carol').merge(number), /is failing/)
  await conclude('neutral')
  assert.equal(repo.pull(number).mergeableState, 'clean')
  assert.equal((await merge(sandbox, number)).status, 200)
})

test('An administrator may merge past a protection that does not bind administrators', async (t) => {
  const { box, repo } = await aBox(t)
  const { number } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  box.protect('main', { checks: [{ context: 'canary/gate' }], enforceAdmins: false })
  assert.throws(() => box.person('alice').merge(number), /is expected/)
  box.person('carol').merge(number)
  assert.equal(repo.pull(number).state, 'merged')
})

test('A merged branch is deleted if the repository is configured so, and pull requests based on it are moved', async (t) => {
  const { box, repo } = await aBox(t, {})
  box.configure({ deleteBranchOnMerge: true })
  const alice = box.person('alice')
  const first = alice.openPullRequest({ branch: 'one', title: 'one', files: { one: '1' } })
  alice.push('two', { zero: '0' })
  alice.forcePush('two', first.head.sha)
  const second = alice.openPullRequest({ branch: 'two', base: 'one', title: 'two', files: { two: '2' } })
  alice.merge(first.number)
  assert.equal(repo.branch('one'), undefined)
  assert.deepEqual([repo.pull(second.number).state, repo.pull(second.number).base.ref], ['open', 'main'])
})

test('Deleting a branch closes its pull request, which cannot be reopened without it', async (t) => {
  const { box, repo } = await aBox(t)
  const alice = box.person('alice')
  const { number, head } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  alice.deleteBranch('v2')
  assert.equal(repo.pull(number).state, 'closed')
  const gone = {
    errors: [
      {
        resource: 'PullRequest',
        code: 'invalid',
        field: 'state',
        message: 'state cannot be changed. The v2 branch has been deleted.',
      },
    ],
  }
  assert.throws(() => alice.reopen(number), gone)
  alice.forcePush('v2', head.sha)
  alice.reopen(number)
  assert.equal(repo.pull(number).state, 'open')
})

test('A pull request whose commits reach the base by a push counts as merged', async (t) => {
  const { box, repo } = await aBox(t)
  const { number, head } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: FILE })
  box.person('alice').forcePush('main', head.sha)
  assert.deepEqual([repo.pull(number).state, repo.pull(number).mergeCommit], ['merged', head.sha])
})

test('A pull request from a fork has its head in the fork, and its commits in the base repository too', async (t) => {
  const { box, repo, token } = await aBox(t)
  const rita = box.person('rita')
  const { number, head } = rita.openPullRequest({ branch: 'evil', title: 'Evil', files: FILE, fromFork: true })
  assert.equal(head.repository, 'rita/infra')
  const { body } = await rest(box, `GET /repos/acme/infra/pulls/${String(number)}`, { token })
  assert.deepEqual([body.head.label, body.head.repo.fork, body.base.label], ['rita:evil', true, 'acme:main'])
  assert.equal(repo.file('base/route.yaml', `refs/pull/${String(number)}/head`), 'weight: 5\n')
  assert.equal(repo.branch('evil'), undefined)
  assert.equal((await rest(box, 'GET /repos/rita/infra', { token })).status, 404)
  const sha = box.person('rita', 'rita/infra').push('evil', { 'base/route.yaml': 'weight: 100\n' })
  assert.equal(repo.pull(number).head.sha, sha)
  assert.equal(repo.file('base/route.yaml', sha), 'weight: 100\n')
  const found = await rest(box, 'GET /repos/acme/infra/pulls?head=rita:evil', { token })
  assert.equal(found.body.length, 1)
})

test('With slow mergeability, it is not known immediately whether a pull request can be merged', async (t) => {
  const { box, token } = await aBox(t, { slowMergeability: true })
  box.person('alice').push('v2', FILE)
  const made = await rest(box, 'POST /repos/acme/infra/pulls', {
    token,
    body: { title: 'v2', head: 'v2', base: 'main' },
  })
  assert.deepEqual([made.body.mergeable, made.body.mergeable_state], [null, 'unknown'])
  const again = await rest(box, 'GET /repos/acme/infra/pulls/1', { token })
  assert.deepEqual([again.body.mergeable, again.body.mergeable_state], [true, 'clean'])
})

test('The merge queue asks for checks on a commit of its own, and merges it', async (t) => {
  const { box, repo } = await aBox(t)
  const alice = box.person('alice')
  const one = alice.openPullRequest({ branch: 'one', title: 'one', files: { one: '1' } })
  const two = alice.openPullRequest({ branch: 'two', title: 'two', files: { two: '2' } })
  const group = alice.enqueue(one.number, two.number)
  assert.match(group.ref, /^refs\/heads\/gh-readonly-queue\/main\/pr-2-/)
  assert.deepEqual(
    Object.keys(repo.files(group.sha)).filter((path) => path.length === 3),
    ['one', 'two'],
  )
  group.merge()
  assert.equal(repo.branch('main'), group.sha)
  assert.deepEqual(
    repo.pulls('merged').map(({ number }) => number),
    [2, 1],
  )
})
