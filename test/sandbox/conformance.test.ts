/** Every REST route answers according to GitHub's OpenAPI description of GitHub Enterprise Server. */
import assert from 'node:assert/strict'
import { createSign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { ROUTES } from '../../src/sandbox/rest/router.ts'
import type { GitHubBox } from '../../src/sandbox/github.ts'
import { aBox, conforms, rest, type Reply } from './support.ts'

const asked = new Set<string>()

/** A signed JSON web token of the App. */
function jwt(box: GitHubBox): string {
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 30, exp: now + 300, iss: box.appId })}`
  return `${body}.${createSign('sha256').update(body).sign(box.privateKey, 'base64url')}`
}

const PERMISSIONS = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  checks: 'write',
  statuses: 'write',
  deployments: 'write',
  issues: 'write',
  merge_queues: 'read',
} as const

describe('The REST API answers as GitHub describes it:', () => {
  let box: GitHubBox
  let token = ''
  let head = ''
  let alice = ''

  let close: () => Promise<void>
  after(() => close())

  before(async () => {
    const sandbox = await aBox({ after: (then) => (close = then) }, { app: { permissions: PERMISSIONS } })
    box = sandbox.box
    token = sandbox.token
    alice = box.person('alice').token
    head = box
      .person('alice')
      .openPullRequest({ branch: 'v2', title: 'Version 2', body: 'New', files: { 'base/route.yaml': 'weight: 5\n' } })
      .head.sha
    box.person('ted').label(1, 'canary')
    box.person('bob').review(1, 'APPROVE', 'Fine')
    box.person('rita').comment(1, 'Hello')
  })

  /**
   * Sends a request, and checks the answer against the route's description. Names in braces are replaced with values from `how`.
   */
  const ask = async (
    route: string,
    how: {
      status?: number
      params?: Record<string, string | number>
      query?: string
      body?: unknown
      token?: string
    } = {},
  ): Promise<Reply> => {
    const params: Record<string, string | number> = { owner: 'acme', repo: 'infra', ...how.params }
    const path = route.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]))
    const reply = await rest(box, `${path}${how.query ?? ''}`, { token: how.token ?? token, body: how.body })
    assert.equal(reply.status, how.status ?? 200, JSON.stringify(reply.body))
    conforms(route, reply)
    asked.add(route)
    return reply
  }

  test('the App and its installation', async () => {
    const app = jwt(box)
    const installation_id = box.installationId
    const { body } = await ask('GET /app', { token: app })
    assert.equal(body.slug, 'perch')
    await ask('GET /app/installations', { token: app })
    await ask('GET /app/installations/{installation_id}', { token: app, params: { installation_id } })
    await ask('GET /repos/{owner}/{repo}/installation', { token: app })
    const minted = await ask('POST /app/installations/{installation_id}/access_tokens', {
      token: app,
      params: { installation_id },
      body: { repositories: ['infra'], permissions: { contents: 'read' } },
      status: 201,
    })
    const listed = await ask('GET /installation/repositories', { token: minted.body.token })
    assert.equal(listed.body.total_count, 1)
    await ask('GET /rate_limit')
  })

  test('an App from a manifest: its credentials are returned once', async () => {
    const manifest = JSON.stringify({
      name: 'Our Perch',
      url: 'https://perch.example.com',
      hook_attributes: { url: 'https://perch.example.com/api/github/webhooks' },
      redirect_url: 'http://127.0.0.1:9/created',
      default_permissions: { issues: 'read' },
      default_events: ['issue_comment'],
    })
    const back = new URL(box.registerApp({ action: `${box.url}/settings/apps/new?state=abc`, manifest }, 'alice'))
    assert.deepEqual([back.pathname, back.searchParams.get('state')], ['/created', 'abc'])
    const params = { code: back.searchParams.get('code') ?? '' }
    const created = await ask('POST /app-manifests/{code}/conversions', { params, status: 201 })
    assert.deepEqual([created.body.slug, created.body.owner.login], ['our-perch', 'alice'])
    assert.match(created.body.pem, /^-----BEGIN RSA PRIVATE KEY-----/)
    await ask('POST /app-manifests/{code}/conversions', { params, status: 404 })
    assert.throws(() => box.registerApp({ action: `${box.url}/settings/apps`, manifest }))
  })

  test('the deliveries of its webhooks', async () => {
    box.setWebhookUrl('http://127.0.0.1:9/')
    box.person('rita').comment(1, 'Nobody listens')
    await box.idle()
    const { body } = await ask('GET /app/hook/deliveries', { token: jwt(box) })
    assert.equal(body[0].event, 'issue_comment')
    assert.equal(body[0].status_code, 0)
    const params = { delivery_id: body[0].id }
    await ask('GET /app/hook/deliveries/{delivery_id}', { token: jwt(box), params })
    await ask('POST /app/hook/deliveries/{delivery_id}/attempts', { token: jwt(box), params, status: 202 })
    await box.idle()
    box.setWebhookUrl(undefined)
    const again = await ask('GET /app/hook/deliveries', { token: jwt(box) })
    assert.equal(again.body[0].guid, body[0].guid)
    assert.equal(again.body[0].redelivery, true)
  })

  test('the repository and who may do what', async () => {
    const { body } = await ask('GET /repos/{owner}/{repo}')
    assert.equal(body.private, true)
    for (const [username, role, permission] of [
      ['alice', 'write', 'write'],
      ['bob', 'maintain', 'write'],
      ['carol', 'admin', 'admin'],
      ['ted', 'triage', 'read'],
      ['rita', 'read', 'read'],
    ]) {
      const reply = await ask('GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
        params: { username: username ?? '' },
      })
      assert.deepEqual([reply.body.role_name, reply.body.permission], [role, permission])
    }
    await ask('GET /repos/{owner}/{repo}/collaborators/{username}/permission', {
      params: { username: 'nobody' },
      status: 404,
    })
  })

  test('pull requests', async () => {
    const PULL = '/repos/{owner}/{repo}/pulls/{pull_number}'
    const params = { pull_number: 1 }
    const list = await ask('GET /repos/{owner}/{repo}/pulls', { query: '?head=acme:v2&state=all' })
    assert.equal(list.body.length, 1)
    const one = await ask(`GET ${PULL}`, { params })
    assert.equal(one.body.mergeable_state, 'clean')
    assert.equal(one.body.changed_files, 1)
    await ask(`GET ${PULL}/files`, { params })
    await ask(`GET ${PULL}/commits`, { params })
    await ask(`GET ${PULL}/reviews`, { params })
    await ask(`GET ${PULL}/merge`, { params, status: 404 })
    await ask(`PATCH ${PULL}`, { params, body: { title: 'Version 2!', body: null } })
    await ask(`POST ${PULL}/reviews`, {
      params,
      token: box.person('carol').token,
      body: { event: 'COMMENT', body: 'Hm' },
    })
    box.person('alice').push('v3', { 'v3.yaml': 'a: 1\n' })
    const created = await ask('POST /repos/{owner}/{repo}/pulls', {
      status: 201,
      body: { title: 'Three', head: 'v3', base: 'main' },
    })
    assert.equal(created.body.user.login, 'perch[bot]')
    const twice = await ask('POST /repos/{owner}/{repo}/pulls', {
      status: 422,
      body: { title: 'Three', head: 'v3', base: 'main' },
    })
    assert.equal(twice.body.errors[0].message, 'A pull request already exists for acme:v3.')
    const number = { pull_number: created.body.number }
    const stale = await ask(`PUT ${PULL}/merge`, { params: number, body: { sha: head }, status: 409 })
    assert.equal(stale.body.message, 'Head branch was modified. Review and try the merge again.')
    const merged = await ask(`PUT ${PULL}/merge`, { params: number, body: { merge_method: 'squash' } })
    assert.equal(merged.body.message, 'Pull Request successfully merged')
    await ask(`GET ${PULL}/merge`, { params: number, status: 204 })
    await ask(`PUT ${PULL}/merge`, { params: number, status: 405 })
    const OF_COMMIT = 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls'
    const brought = await ask(OF_COMMIT, { params: { commit_sha: merged.body.sha } })
    assert.equal(brought.body[0].number, number.pull_number)
    const after = await ask(`GET ${PULL}`, { params: number })
    assert.equal(after.body.merged_by.login, 'perch[bot]')
  })

  test('comments, reactions, labels and assignees', async () => {
    const ISSUE = '/repos/{owner}/{repo}/issues/{issue_number}'
    const COMMENT = '/repos/{owner}/{repo}/issues/comments/{comment_id}'
    const issue = { issue_number: 1 }
    const { body } = await ask(`POST ${ISSUE}/comments`, { params: issue, body: { body: 'Status' }, status: 201 })
    assert.equal(body.performed_via_github_app.slug, 'perch')
    assert.equal(body.user.type, 'Bot')
    const params = { comment_id: body.id }
    await ask(`GET ${ISSUE}/comments`, { params: issue })
    await ask('GET /repos/{owner}/{repo}/issues/comments', {
      query: '?sort=updated&direction=desc&since=2020-01-01T00:00:00Z',
    })
    await ask(`GET ${COMMENT}`, { params })
    await ask(`PATCH ${COMMENT}`, { params, body: { body: 'Status 2' } })
    await ask(`PATCH ${COMMENT}`, { params, body: { body: 'x'.repeat(65_537) }, status: 422 })
    await ask(`POST ${COMMENT}/reactions`, { params, body: { content: 'eyes' }, status: 201 })
    await ask(`POST ${COMMENT}/reactions`, { params, body: { content: 'eyes' }, status: 200 })
    const reactions = await ask(`GET ${COMMENT}/reactions`, { params })
    assert.equal(reactions.body.length, 1)
    await ask(`DELETE ${COMMENT}`, { params, status: 204 })
    await ask(`POST ${ISSUE}/labels`, { params: issue, body: { labels: ['canary', 'canary:hold'] } })
    const labels = await ask(`GET ${ISSUE}/labels`, { params: issue })
    assert.deepEqual(
      labels.body.map((label: { name: string }) => label.name),
      ['canary', 'canary:hold'],
    )
    await ask(`DELETE ${ISSUE}/labels/{name}`, { params: { ...issue, name: 'canary:hold' } })
    await ask(`DELETE ${ISSUE}/labels/{name}`, { params: { ...issue, name: 'canary:hold' }, status: 404 })
    const change = { labels: ['canary', 'other'], assignees: ['alice'] }
    const changed = await ask(`PATCH ${ISSUE}`, { params: issue, body: change })
    assert.deepEqual(
      changed.body.labels.map(({ name }: { name: string }) => name),
      ['canary', 'other'],
    )
    assert.deepEqual(
      changed.body.assignees.map(({ login }: { login: string }) => login),
      ['alice'],
    )
    const stranger = { labels: [], assignees: ['nobody-of-that-name'] }
    await ask(`PATCH ${ISSUE}`, { params: issue, body: stranger, status: 422 })
    const left = await ask(`GET ${ISSUE}/labels`, { params: issue })
    assert.equal(left.body.length, 2)
  })

  test('issues', async () => {
    const ISSUES = '/repos/{owner}/{repo}/issues'
    const opened = await ask(`POST ${ISSUES}`, { body: { title: 'Rollouts', body: 'None' }, status: 201 })
    assert.deepEqual([opened.body.user.login, opened.body.performed_via_github_app.slug], ['perch[bot]', 'perch'])
    const params = { issue_number: opened.body.number }
    const ONE = `${ISSUES}/{issue_number}`
    await ask(`GET ${ONE}`, { params })
    const pull = await ask(`GET ${ONE}`, { params: { issue_number: 1 } })
    assert.ok(pull.body.pull_request)
    await ask(`GET ${ONE}`, { params: { issue_number: 999 }, status: 404 })
    const closed = await ask(`PATCH ${ONE}`, { params, body: { body: 'Over', state: 'closed' } })
    assert.deepEqual([closed.body.state, closed.body.state_reason, closed.body.body], ['closed', 'completed', 'Over'])
    const again = await ask(`PATCH ${ONE}`, { params, body: { state: 'open' } })
    assert.deepEqual([again.body.state_reason, again.body.closed_at], ['reopened', null])
    await ask(`PATCH ${ONE}`, { params, body: { body: 'x'.repeat(65_537) }, status: 422 })
    await ask(`PATCH ${ONE}`, { params, body: { body: 'Mine' }, token: box.person('ted').token, status: 403 })
    box.setIssues(false)
    const off = await ask(`POST ${ISSUES}`, { body: { title: 'More' }, status: 410 })
    assert.equal(off.body.message, 'Issues are disabled for this repo')
    await ask(`GET ${ONE}`, { params, status: 410 })
    box.setIssues(true)
  })

  test('check runs and suites', async () => {
    const output = {
      title: 'T',
      summary: 'S',
      text: 'X',
      annotations: [{ path: 'README.md', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'No' }],
    }
    const { body } = await ask('POST /repos/{owner}/{repo}/check-runs', {
      status: 201,
      body: { name: 'canary/gate', head_sha: head, status: 'in_progress', external_id: 'e', output },
    })
    const params = { check_run_id: body.id }
    await ask('GET /repos/{owner}/{repo}/check-runs/{check_run_id}', { params })
    const done = await ask('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
      params,
      body: {
        conclusion: 'action_required',
        output,
        actions: [{ label: 'Retry', description: 'Again', identifier: 'retry' }],
      },
    })
    assert.equal(done.body.status, 'completed')
    assert.equal(done.body.output.annotations_count, 2)
    await ask('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', { params })
    const listed = await ask('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
      params: { ref: head },
      query: `?check_name=canary/gate&app_id=${String(box.appId)}&filter=latest`,
    })
    assert.equal(listed.body.total_count, 1)
    const suites = await ask('GET /repos/{owner}/{repo}/commits/{ref}/check-suites', { params: { ref: head } })
    assert.equal(suites.body.check_suites[0].conclusion, 'action_required')
  })

  test('commit statuses', async () => {
    await ask('POST /repos/{owner}/{repo}/statuses/{sha}', {
      params: { sha: head },
      body: { state: 'pending', context: 'kustomization/istio-config/1' },
      token: alice,
      status: 201,
    })
    await ask('POST /repos/{owner}/{repo}/statuses/{sha}', {
      params: { sha: head },
      body: {
        state: 'success',
        context: 'kustomization/istio-config/1',
        description: 'Applied',
        target_url: 'https://flux.example',
      },
      status: 201,
    })
    const all = await ask('GET /repos/{owner}/{repo}/commits/{ref}/statuses', { params: { ref: head } })
    assert.deepEqual(
      all.body.map((one: { state: string }) => one.state),
      ['success', 'pending'],
    )
    const combined = await ask('GET /repos/{owner}/{repo}/commits/{ref}/status', { params: { ref: 'heads/v2' } })
    assert.deepEqual([combined.body.state, combined.body.total_count], ['success', 1])
  })

  const STATUSES = '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses'

  test('deployments', async () => {
    const { body } = await ask('POST /repos/{owner}/{repo}/deployments', {
      body: { ref: 'main', environment: 'production', required_contexts: [] },
      status: 201,
    })
    const params = { deployment_id: body.id }
    await ask('GET /repos/{owner}/{repo}/deployments', { query: '?environment=production' })
    await ask('GET /repos/{owner}/{repo}/deployments/{deployment_id}', { params })
    await ask(`POST ${STATUSES}`, { params, body: { state: 'success' }, status: 201 })
    await ask(`POST ${STATUSES}`, { params, body: { state: 'success', description: 'x'.repeat(141) }, status: 422 })
    const one = await ask(`GET ${STATUSES}`, { params })
    assert.deepEqual([one.body.length, one.body[0].creator.login], [1, 'perch[bot]'])
    assert.equal(one.body[0].performed_via_github_app.slug, 'perch')
  })

  test('a deployment that succeeds makes inactive what it replaces, but not in production', async () => {
    const deploy = async (environment: string, more: Record<string, unknown> = {}): Promise<number> => {
      const body = { ref: 'main', environment, required_contexts: [] }
      const made = await ask('POST /repos/{owner}/{repo}/deployments', { body, status: 201 })
      const params = { deployment_id: made.body.id }
      await ask(`POST ${STATUSES}`, { params, body: { state: 'success', ...more }, status: 201 })
      return made.body.id
    }
    const statesOf = async (deployment_id: number): Promise<string[]> => {
      const { body } = await ask(`GET ${STATUSES}`, { params: { deployment_id } })
      return body.map(({ state, environment }: Record<string, string>) => `${environment} ${state}`)
    }
    const first = await deploy('staging')
    const second = await deploy('staging', { auto_inactive: false })
    assert.deepEqual(await statesOf(first), ['staging success'])
    await deploy('staging')
    assert.deepEqual(await statesOf(first), ['staging inactive', 'staging success'])
    assert.deepEqual(await statesOf(second), ['staging inactive', 'staging success'])
    const production = await deploy('production')
    await deploy('production')
    assert.deepEqual(await statesOf(production), ['production success'])
    // A status can name another environment, and the next one keeps it.
    const params = { deployment_id: second }
    await ask(`POST ${STATUSES}`, { params, body: { state: 'queued', environment: 'qa' }, status: 201 })
    await ask(`POST ${STATUSES}`, { params, body: { state: 'failure' }, status: 201 })
    assert.deepEqual((await statesOf(second)).slice(0, 2), ['qa failure', 'qa queued'])
  })

  test('refs and branches', async () => {
    const REFS = '/repos/{owner}/{repo}/git/refs'
    const made = { ref: 'refs/heads/canary/production/api/25', sha: head }
    await ask(`POST ${REFS}`, { body: made, status: 201 })
    const exists = await ask(`POST ${REFS}`, { body: made, status: 422 })
    assert.equal(exists.body.message, 'Reference already exists')
    const none = await ask(`POST ${REFS}`, { body: { ref: 'refs/heads/x', sha: 'f'.repeat(40) }, status: 422 })
    assert.equal(none.body.message, 'Object does not exist')
    const params = { ref: 'heads/canary/production/api/25' }
    await ask('GET /repos/{owner}/{repo}/git/ref/{ref}', { params })
    await ask('GET /repos/{owner}/{repo}/git/ref/{ref}', { params: { ref: 'heads/none' }, status: 404 })
    const matching = await ask('GET /repos/{owner}/{repo}/git/matching-refs/{ref}', {
      params: { ref: 'heads/canary/' },
    })
    assert.equal(matching.body.length, 1)
    const main = box.repository().branch('main') ?? ''
    const slow = await ask(`PATCH ${REFS}/{ref}`, { params, body: { sha: main }, status: 422 })
    assert.equal(slow.body.message, 'Update is not a fast forward')
    await ask(`PATCH ${REFS}/{ref}`, { params, body: { sha: main, force: true } })
    await ask('GET /repos/{owner}/{repo}/branches/{branch}', { params: { branch: 'canary/production/api/25' } })
    await ask(`DELETE ${REFS}/{ref}`, { params, status: 204 })
    await ask(`DELETE ${REFS}/{ref}`, { params, status: 422 })
  })

  test('the activity of a branch, and its rules', async () => {
    const alice = box.person('alice')
    const before = alice.push('moved', { 'moved.yaml': 'a: 1\n' })
    alice.push('moved', { 'moved.yaml': 'a: 2\n' })
    alice.forcePush('moved', before)
    alice.deleteBranch('moved')
    const list = async (query: string): Promise<Reply> => ask('GET /repos/{owner}/{repo}/activity', { query })
    const { body } = await list('?ref=moved')
    assert.deepEqual(
      body.map((one: Record<string, string>) => one['activity_type']),
      ['branch_deletion', 'force_push', 'push', 'branch_creation'],
    )
    assert.deepEqual([body[1].after, body[1].actor.login, body[1].ref], [before, 'alice', 'refs/heads/moved'])
    const first = await list('?ref=refs/heads/moved&per_page=3')
    const next = /after=([^&>]+)/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const rest = await list(`?ref=refs/heads/moved&per_page=3&after=${next}`)
    assert.deepEqual([...first.body, ...rest.body], body)
    assert.equal(rest.headers.get('link'), null)
    assert.equal((await list('?ref=moved&activity_type=force_push&actor=alice&time_period=day')).body.length, 1)
    assert.equal((await list('?ref=main&activity_type=pr_merge')).body[0].actor.login, 'perch[bot]')

    const checks = [{ context: 'canary/gate', appId: box.appId }]
    const ruleset = box.addRuleset({
      include: ['refs/heads/canary/**/*', '~DEFAULT_BRANCH'],
      rules: ['creation', 'update', 'deletion', 'non_fast_forward'],
      checks,
      isStrict: true,
    })
    const on = async (branch: string): Promise<string[]> =>
      (await ask('GET /repos/{owner}/{repo}/rules/branches/{branch}', { params: { branch } })).body.map(
        ({ type }: { type: string }) => type,
      )
    const all = ['creation', 'update', 'deletion', 'non_fast_forward', 'required_status_checks']
    assert.deepEqual([await on('canary/production/api/5'), await on('v2')], [all, []])
    const main = await ask('GET /repos/{owner}/{repo}/branches/{branch}', { params: { branch: 'main' } })
    assert.deepEqual(
      [main.body.protected, main.body.protection.required_status_checks.contexts],
      [true, ['canary/gate']],
    )
    ruleset.remove()
  })

  test('trees and commits without a branch', async () => {
    const TREES = 'POST /repos/{owner}/{repo}/git/trees'
    const entry = { path: 'README.md', mode: '100644', type: 'blob', content: 'Stop.\n' }
    const tree = await ask(TREES, { body: { tree: [entry] }, status: 201 })
    const COMMITS = 'POST /repos/{owner}/{repo}/git/commits'
    const body = { message: 'Stop', tree: tree.body.sha, parents: [] }
    const commit = await ask(COMMITS, { body, status: 201 })
    assert.equal(commit.body.verification.verified, true)
    await ask(COMMITS, { body: { ...body, tree: 'f'.repeat(40) }, status: 422 })
    await ask('POST /repos/{owner}/{repo}/git/refs', {
      body: { ref: 'refs/heads/perch/stop', sha: commit.body.sha },
      status: 201,
    })
  })

  test('commits, comparisons and contents', async () => {
    await ask('GET /repos/{owner}/{repo}/commits/{ref}', { params: { ref: head } })
    const compared = await ask('GET /repos/{owner}/{repo}/compare/{basehead}', { params: { basehead: 'main...v2' } })
    assert.deepEqual([compared.body.ahead_by, compared.body.behind_by, compared.body.status], [1, 1, 'diverged'])
    const CONTENTS = 'GET /repos/{owner}/{repo}/contents/{path}'
    const file = await ask(CONTENTS, { params: { path: 'base/route.yaml' }, query: '?ref=v2' })
    assert.equal(Buffer.from(file.body.content, 'base64').toString(), 'weight: 5\n')
    const folder = await ask(CONTENTS, { params: { path: 'base' } })
    assert.equal(folder.body[0].path, 'base/route.yaml')
    await ask(CONTENTS, { params: { path: 'none' }, status: 404 })
  })

  test('no route was left out', () => {
    const routes = ROUTES.map(({ method, path }) => `${method} ${path.replaceAll('{+', '{')}`)
    // GitHub describes the root folder as the same route.
    const left = routes.filter((route) => !asked.has(route) && route !== 'GET /repos/{owner}/{repo}/contents')
    assert.deepEqual(left, [])
  })
})
