/** Writing commits through GraphQL, and reading and pushing them with git. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { aBox, COMMIT, commitInput, graphql, rest } from './support.ts'

test('A commit through the API is on top of the head it names, signed by GitHub, and the App’s', async (t) => {
  const { box, repo, token } = await aBox(t)
  const { number, head } = box
    .person('alice')
    .openPullRequest({ branch: 'v2', title: 'v2', files: { 'old.yaml': 'a: 1\n' } })
  const files = { 'base/route.yaml': 'weight: 5\n', 'old.yaml': null, 'ä b/"c".yaml': 'x\n' }
  const { body } = await graphql(box, token, COMMIT, commitInput('v2', head.sha, files))
  const { oid, url } = body.data.createCommitOnBranch.commit
  assert.equal(url, `${box.url}/acme/infra/commit/${String(oid)}`)
  assert.deepEqual([repo.branch('v2'), repo.pull(number).head.sha], [oid, oid])
  assert.deepEqual(Object.keys(repo.files('v2')).sort(), ['README.md', 'base/route.yaml', 'run.sh', 'ä b/"c".yaml'])
  assert.deepEqual(repo.log('v2')[0], {
    sha: oid,
    message: 'Set weights\n\nBecause.',
    author: 'perch[bot]',
    parents: [head.sha],
    verified: true,
  })
  const commit = await rest(box, `GET /repos/acme/infra/commits/${String(oid)}`, { token })
  assert.equal(commit.body.commit.verification.verified, true)
  assert.deepEqual([commit.body.author.login, commit.body.committer.login], ['perch[bot]', 'web-flow'])
})

test('A commit on a head that has moved is refused as stale, and nothing is written', async (t) => {
  const { box, repo, token } = await aBox(t)
  const { head } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const moved = box.person('alice').push('v2', { a: '2' })
  const { status, body } = await graphql(box, token, COMMIT, commitInput('v2', head.sha, { a: '3' }))
  assert.equal(status, 200)
  assert.deepEqual(body.data, { createCommitOnBranch: null })
  assert.deepEqual([body.errors[0].type, body.errors[0].path], ['STALE_DATA', ['createCommitOnBranch']])
  assert.equal(body.errors[0].message, `Expected branch to point to "${head.sha}" but it did not. Pull and try again.`)
  assert.equal(repo.branch('v2'), moved)
})

test('Other impossible commits each have their reason', async (t) => {
  const { box, repo, token } = await aBox(t)
  const head = repo.branch('main') ?? ''
  const type = async (branch: string, files: Record<string, string | null>, as = token): Promise<string> =>
    (await graphql(box, as, COMMIT, commitInput(branch, head, files))).body.errors[0].type
  assert.equal(await type('none', { a: '1' }), 'NOT_FOUND')
  assert.equal(await type('main', { none: null }), 'UNPROCESSABLE')
  assert.equal(await type('main', { '.github/workflows/x.yml': 'on: push' }), 'FORBIDDEN')
  assert.equal(
    await type('main', { a: '1' }, box.installation.token({ permissions: { contents: 'read' } })),
    'FORBIDDEN',
  )
  const unsaid = await graphql(box, token, COMMIT, {
    input: { ...(commitInput('main', head, { a: '1' })['input'] as object), expectedHeadOid: null },
  })
  assert.match(unsaid.body.errors[0].message, /input\.expectedHeadOid/)
  assert.equal(repo.branch('main'), head)
})

const run = promisify(execFile)

async function clone(t: TestContext): Promise<{ folder: string; git: (...args: string[]) => Promise<string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-clone-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  // oxlint-disable-next-line node/no-process-env
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C',
  }
  const git = async (...args: string[]): Promise<string> => {
    const who = ['-c', 'user.name=Alice', '-c', 'user.email=1+alice@users.noreply.github.com']
    return (await run('git', [...who, ...args], { cwd: folder, env })).stdout.trim()
  }
  return { folder, git }
}

const withToken = (box: { host: string }, token: string): string =>
  `http://x-access-token:${token}@${box.host}/acme/infra.git`

test('git clones with a token and not without, and partly when asked', async (t) => {
  const { box, repo, token } = await aBox(t)
  const { git } = await clone(t)
  const { number } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  await assert.rejects(git('clone', '-q', repo.cloneUrl, 'none'), /could not read Username/)
  await assert.rejects(git('clone', '-q', withToken(box, 'ghs_wrong'), 'none'), /Authentication failed/)
  await assert.rejects(git('clone', '-q', withToken(box, box.createUser('eve').token), 'none'), /not found/)
  const blind = box.installation.token({ permissions: { metadata: 'read' } })
  await assert.rejects(git('clone', '-q', withToken(box, blind), 'none'), /403/)
  const mark = box.requests.mark()
  await git('clone', '-q', '--bare', '--filter=blob:none', withToken(box, token), 'mirror')
  assert.equal(box.requestsSince(mark).gitFetches, 1)
  const ref = `refs/pull/${String(number)}/head`
  await git('-C', 'mirror', 'fetch', '-q', 'origin', `+${ref}:${ref}`)
  assert.equal(await git('-C', 'mirror', 'rev-parse', ref), repo.pull(number).head.sha)
  await git('-C', 'mirror', 'fetch', '-q', '--depth=1', 'origin', repo.pull(number).head.sha)
  assert.equal(await git('-C', 'mirror', 'show', `${ref}:a`), '1')
})

test('git pushes change pull requests at once; readers cannot push, and nobody pushes to refs/pull', async (t) => {
  const { box, repo } = await aBox(t, { webhookUrl: 'http://127.0.0.1:9/' })
  const { git } = await clone(t)
  const { number } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  await git('clone', '-q', '-b', 'v2', withToken(box, box.person('alice').token), 'work')
  await git('-C', 'work', 'commit', '-q', '--allow-empty', '-m', 'Empty')
  await git('-C', 'work', 'push', '-q', 'origin', 'v2', 'v2:v3')
  const head = await git('-C', 'work', 'rev-parse', 'HEAD')
  assert.equal(repo.pull(number).head.sha, head)
  assert.equal(repo.branch('v3'), head)
  await box.idle()
  const told = box.webhooks.deliveries
    .slice(-5)
    .map(({ event, action, payload }) => [event, action, payload['ref']].filter(Boolean).join(' '))
  assert.ok(told.includes('pull_request synchronize'), told.join())
  assert.ok(told.includes('push refs/heads/v3'), told.join())
  await git('-C', 'work', 'push', '-q', 'origin', ':v3')
  assert.equal(repo.branch('v3'), undefined)
  await assert.rejects(
    git('-C', 'work', 'push', '-q', 'origin', `HEAD~1:refs/pull/${String(number)}/head`),
    /hidden ref/,
  )
  await assert.rejects(git('-C', 'work', 'push', '-q', withToken(box, box.person('rita').token), 'HEAD:x'), /403/)
})
