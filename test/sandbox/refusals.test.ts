/** GitHub's refusals for reasons in the repository or the installation, with its own messages. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { aBox, COMMIT, commitInput, conforms, graphql, type Reply, rest } from './support.ts'

const REFS = '/repos/acme/infra/git/refs'

test('A ruleset restricts what may be made, moved and deleted: REST, GraphQL and git alike, except for who may bypass it', async (t) => {
  const { box, repo, token } = await aBox(t)
  const main = repo.branch('main') ?? ''
  const alice = box.person('alice')
  alice.push('canary/production/api/5', { a: '1' })
  const head = repo.branch('canary/production/api/5') ?? ''
  const ruleset = box.addRuleset({
    include: ['refs/heads/canary/**/*'],
    rules: ['creation', 'update', 'deletion'],
    bypass: ['carol'],
  })
  const made = await rest(box, `POST ${REFS}`, { token, body: { ref: 'refs/heads/canary/x/y/5', sha: main } })
  conforms('POST /repos/{owner}/{repo}/git/refs', made)
  const found = 'Repository rule violations found\n\n'
  const creation = `${found}Cannot create ref due to creations being restricted.\n\n`
  assert.deepEqual([made.status, made.body.message], [422, creation])
  const path = `${REFS}/heads/canary/production/api/5`
  const moved = await rest(box, `PATCH ${path}`, { token, body: { sha: main, force: true } })
  assert.deepEqual([moved.status, moved.body.message], [422, `${found}Cannot update this protected ref.\n\n`])
  const gone = await rest(box, `DELETE ${path}`, { token })
  assert.deepEqual([gone.status, gone.body.message], [422, `${found}Cannot delete this protected ref.\n\n`])
  const { body } = await graphql(box, token, COMMIT, commitInput('canary/production/api/5', head, { a: '2' }))
  assert.deepEqual(
    [body.errors[0].type, body.errors[0].message],
    ['UNPROCESSABLE', `${found}Cannot update this protected ref.\n\n`],
  )
  assert.throws(() => alice.push('canary/production/api/25', { a: '1' }), { status: 422, message: creation })
  box.person('carol').push('canary/production/api/25', { a: '1' })

  const folder = await mkdtemp(join(tmpdir(), 'sandbox-rules-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const git = async (...args: string[]): Promise<unknown> => promisify(execFile)('git', ['-C', folder, ...args])
  await git('clone', '-q', `http://x:${alice.token}@${box.host}/acme/infra.git`, '.')
  await assert.rejects(git('push', '-q', 'origin', 'HEAD:refs/heads/canary/x/y/5'), (error: Error) => {
    assert.match(error.message, /GH013: Repository rule violations found for refs\/heads\/canary\/x\/y\/5/)
    assert.match(error.message, /- Cannot create ref due to creations being restricted\./)
    return true
  })
  await assert.rejects(git('push', '-q', 'origin', ':canary/production/api/5'), /Cannot delete this protected ref\./)
  await assert.rejects(
    git('push', '-qf', 'origin', 'HEAD:canary/production/api/5'),
    /Cannot update this protected ref\./,
  )
  await git('push', '-q', 'origin', 'HEAD:refs/heads/other')
  assert.equal(repo.branch('other'), main)
  // A double star without a slash after it works like a single one, so this rule applies to one level only.
  ruleset.remove()
  box.addRuleset({ include: ['refs/heads/canary/**'], rules: ['creation'] })
  await git('push', '-q', 'origin', 'HEAD:refs/heads/canary/x/y/5')
  await assert.rejects(git('push', '-q', 'origin', 'HEAD:refs/heads/canary/plain'), /creations being restricted/)
})

test('A branch that blocks another, and a name that is too long, are refused', async (t) => {
  const { box, repo, token } = await aBox(t)
  const sha = repo.branch('main') ?? ''
  box.person('alice').push('canary', { a: '1' })
  const make = async (ref: string): Promise<[number, string]> => {
    const reply = await rest(box, `POST ${REFS}`, { token, body: { ref: `refs/heads/${ref}`, sha } })
    return [reply.status, reply.body.errors?.[0].message ?? reply.body.message]
  }
  assert.deepEqual(await make('canary/production/api/5'), [422, 'Reference update failed'])
  assert.deepEqual(await make('canary'), [422, 'Reference already exists'])
  const long = `perch/hold/${'a'.repeat(250)}`
  assert.deepEqual(await make(long), [422, `refs/heads/${long} is not a valid ref name in acme/infra.`])
})

test('An archived repository can be read, and not changed by anybody', async (t) => {
  const { box, repo, token } = await aBox(t)
  const alice = box.person('alice')
  const { number, head } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  box.archive(true)
  const message = 'Repository was archived so is read-only.'
  const comment = await rest(box, `POST /repos/acme/infra/issues/${String(number)}/comments`, {
    token,
    body: { body: 'Hello' },
  })
  assert.deepEqual([comment.status, comment.body.message], [403, message])
  const { body } = await graphql(box, token, COMMIT, commitInput('v2', head.sha, { a: '2' }))
  assert.equal(body.errors[0].message, message)
  assert.throws(() => alice.comment(number, 'Hello'), { status: 403, message })
  const read = await rest(box, 'GET /repos/acme/infra', { token })
  assert.deepEqual([read.status, read.body.archived], [200, true])
  box.archive(false)
  alice.comment(number, 'Hello')
  assert.equal(repo.comments(number).length, 1)
})

test('An installation has its current permissions, whatever its token was created with', async (t) => {
  const { box, token } = await aBox(t, { webhookUrl: 'http://127.0.0.1:9/' })
  const alice = box.person('alice')
  const { number } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const ask = async (): Promise<[number, string]> => {
    const path = `POST /repos/acme/infra/issues/${String(number)}/comments`
    const reply = await rest(box, path, { token, body: { body: 'Hello' } })
    return [reply.status, reply.body.message ?? '']
  }
  box.installation.setPermissions({ metadata: 'read', contents: 'write', pull_requests: 'read', checks: 'write' })
  assert.deepEqual(await ask(), [403, 'Resource not accessible by integration'])
  // It also gets no events about what it may no longer read.
  const count = (): number => box.webhooks.deliveries.filter(({ event }) => event === 'issue_comment').length
  const before = count()
  alice.comment(number, 'Does anybody hear me?')
  assert.equal(count(), before)
  box.installation.suspend()
  assert.deepEqual(await ask(), [403, 'This installation has been suspended'])
  box.installation.unsuspend()
  box.installation.remove()
  assert.deepEqual(await ask(), [401, 'Bad credentials'])
})

test('A branch that must be up to date refuses a merge of what is behind', async (t) => {
  const { box, repo } = await aBox(t)
  const alice = box.person('alice')
  box.protect('main', { checks: [], isStrict: true })
  const { number } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  assert.equal(repo.pull(number).mergeableState, 'clean')
  alice.push('main', { b: '1' })
  assert.equal(repo.pull(number).mergeableState, 'behind')
  assert.throws(() => alice.merge(number), { status: 405 })
})

test('A request under the old name of a repository is redirected to its number, GraphQL follows the name, and git is told the new address', async (t) => {
  const { box, token } = await aBox(t)
  const other = box.installation.installOn('other')
  box.move('platform', 'infra')
  const ask = async (path: string, init: RequestInit = {}): Promise<readonly unknown[]> => {
    const headers = { authorization: `Bearer ${token}` }
    const { status, headers: told } = await fetch(`${box.url}${path}`, { redirect: 'manual', headers, ...init })
    return [status, told.get('location')?.replace(box.url, '')]
  }
  const id = (await rest(box, 'GET /repos/acme/platform', { token })).body.id
  const here = `/api/v3/repositories/${id}`
  assert.deepEqual(await ask('/api/v3/repos/acme/infra/pulls?state=all'), [301, `${here}/pulls?state=all`])
  const body = JSON.stringify({ body: 'x' })
  const post = await ask('/api/v3/repos/acme/infra/issues/1/comments', { method: 'POST', body })
  assert.deepEqual(post, [307, `${here}/issues/1/comments`])
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token })).body.full_name, 'acme/platform')
  const query = (arguments_: string): Promise<Reply> =>
    graphql(box, token, `{ repository(${arguments_}) { nameWithOwner } }`, {})
  assert.equal((await query('owner: "acme", name: "infra"')).body.data.repository.nameWithOwner, 'acme/platform')
  const strict = await query('owner: "acme", name: "infra", followRenames: false')
  assert.equal(strict.body.errors[0].type, 'NOT_FOUND')
  const basic = `Basic ${Buffer.from(`x:${token}`).toString('base64')}`
  const refs = '/info/refs?service=git-upload-pack'
  assert.deepEqual(await ask(`/acme/infra.git${refs}`, { headers: { authorization: basic } }), [
    301,
    `/acme/platform.git${refs}`,
  ])
  // Without access, a private repository is invisible. After a transfer, this applies to the previous owner's installation.
  assert.deepEqual(await ask('/api/v3/repos/acme/infra', { headers: {} }), [404, undefined])
  box.move('other/platform', 'platform')
  assert.deepEqual(await ask('/api/v3/repos/acme/platform'), [404, undefined])
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token: other.token() })).body.full_name, 'other/platform')
  // A name that another repository has taken redirects nowhere else.
  box.createRepository({ name: 'infra', files: {} })
  assert.equal((await rest(box, 'GET /repos/acme/infra', { token })).body.full_name, 'acme/infra')
})
