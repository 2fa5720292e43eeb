/** Webhooks match GitHub's description, are signed, and can be lost, doubled, delayed and reordered. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { GitHubBox } from '../../src/sandbox/github.ts'
import { aBox, rest, webhookConforms, type Sandbox } from './support.ts'

interface Received {
  readonly event: string
  readonly headers: IncomingHttpHeaders
  readonly raw: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly payload: any
}

/** An App that only listens. */
async function listening(t: TestContext, status = 200): Promise<Sandbox & { received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8')
      received.push({
        event: String(request.headers['x-github-event']),
        headers: request.headers,
        raw,
        payload: JSON.parse(raw),
      })
      response.writeHead(status).end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sandbox = await aBox(t, {
    webhookUrl: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`,
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { ...sandbox, received }
}

/** Does everything about which GitHub notifies an App. */
function liveThrough({ box, repo }: Sandbox): void {
  const [alice, bob, rita] = [box.person('alice'), box.person('bob'), box.person('rita')]
  const { number, head } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { 'a.yaml': 'a: 1\n' } })
  alice.push('v2', { 'a.yaml': 'a: 2\n' })
  const comment = rita.comment(number, '/canary 5')
  rita.editComment(comment.id, '/canary 25')
  rita.deleteComment(comment.id)
  bob.label(number, 'canary')
  bob.unlabel(number, 'canary')
  bob.review(number, 'APPROVE')
  alice.setDraft(number, true)
  alice.setDraft(number, false)
  alice.editPullRequest(number, { title: 'Version 2', body: 'Text' })
  alice.push('release', { 'r.yaml': 'r: 1\n' })
  alice.retarget(number, 'release')
  alice.close(number)
  alice.reopen(number)
  alice.retarget(number, 'main')
  alice.setStatus(head.sha, { context: 'flux', state: 'success' })
  alice.deploy({ ref: 'main', environment: 'production', state: 'success' })
  bob.enqueue(number).remove()
  const issue = rita.openIssue('Broken', '- [ ] all')
  bob.editIssue(issue, '- [x] all')
  bob.closeIssue(issue)
  bob.reopenIssue(issue)
  alice.merge(number)
  alice.deleteBranch('v2')
  assert.equal(repo.pull(number).state, 'merged')
}

async function checkWithButton(box: GitHubBox, token: string, sha: string): Promise<number> {
  const actions = [{ label: 'Retry', description: 'Again', identifier: 'retry' }]
  const body = {
    name: 'canary/gate',
    head_sha: sha,
    conclusion: 'failure',
    output: { title: 'T', summary: 'S' },
    actions,
  }
  const reply = await rest(box, 'POST /repos/acme/infra/check-runs', { token, body })
  return reply.body.id
}

test('Every webhook fits the description that GitHub publishes, and has the fields of its examples', async (t) => {
  const sandbox = await listening(t)
  const { box, repo, token, received } = sandbox
  liveThrough(sandbox)
  const main = repo.branch('main') ?? ''
  const run = await checkWithButton(box, token, main)
  box.person('bob').pressButton(run, 'retry')
  box.person('bob').rerunCheck(run)
  box.person('bob').rerunAll('main', 'perch')
  box.installation.suspend()
  box.installation.unsuspend()
  box.createRepository({ name: 'other', files: { a: 'b' } })
  box.installation.select('other')
  box.installation.select('infra', 'other')
  box.installation.setPermissions({ metadata: 'read', contents: 'read' })
  box.installation.remove()
  box.installation.installAgain()
  await box.idle()
  for (const { event, payload } of received) {
    const name = [event, payload.action].filter(Boolean).join('-').replaceAll('_', '-')
    // GHES 3.19's description has no merge groups.
    if (event !== 'merge_group') webhookConforms(name, payload)
    assertLikeExamples(event, payload)
  }
  const kinds = new Set(received.map(({ event, payload }) => [event, payload.action].filter(Boolean).join('.')))
  assert.deepEqual([...kinds].sort(), EXPECTED)
})

const EXPECTED = [
  'check_run.completed',
  'check_run.created',
  'check_run.requested_action',
  'check_run.rerequested',
  'check_suite.completed',
  'check_suite.requested',
  'check_suite.rerequested',
  'deployment_status.created',
  'installation.created',
  'installation.deleted',
  'installation.new_permissions_accepted',
  'installation.suspend',
  'installation.unsuspend',
  'installation_repositories.added',
  'installation_repositories.removed',
  'issue_comment.created',
  'issue_comment.deleted',
  'issue_comment.edited',
  'issues.closed',
  'issues.edited',
  'issues.opened',
  'issues.reopened',
  'merge_group.checks_requested',
  'merge_group.destroyed',
  'pull_request.closed',
  'pull_request.converted_to_draft',
  'pull_request.edited',
  'pull_request.labeled',
  'pull_request.opened',
  'pull_request.ready_for_review',
  'pull_request.reopened',
  'pull_request.synchronize',
  'pull_request.unlabeled',
  'pull_request_review.submitted',
  'push',
  'status',
]

type Tree = Record<string, unknown>
const examples = createRequire(import.meta.url)('@octokit/webhooks-examples') as { name: string; examples: Tree[] }[]

/**
 * Every field that all of GitHub's examples of an event have is in the sandbox's event too, at every depth. Except permissions,
 * which differ.
 */
function assertLikeExamples(event: string, payload: Tree): void {
  const all = examples.find(({ name }) => name === event)?.examples ?? []
  const same = all.filter((example) => example['action'] === payload['action'])
  if (same.length === 0) return
  const missing = missingFields(same, payload, '')
  assert.deepEqual(missing, [], `${event}.${String(payload['action'])}`)
}

function missingFields(theirs: readonly unknown[], ours: unknown, path: string): string[] {
  if (!theirs.every(isTree) || !isTree(ours)) return []
  const keys = Object.keys(theirs[0] ?? {}).filter((key) => theirs.every((one) => key in one))
  return keys
    .filter((key) => key !== 'permissions')
    .flatMap((key) =>
      key in ours
        ? missingFields(
            theirs.map((one) => one[key]),
            ours[key],
            `${path}/${key}`,
          )
        : [`${path}/${key}`],
    )
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

test('A delivery is signed over its exact bytes and names its event', async (t) => {
  const { box, received } = await listening(t)
  box.person('alice').openPullRequest({ branch: 'v2', title: 'Ünïcode', files: { a: 'b' } })
  await box.idle()
  const opened = received.find(({ event }) => event === 'pull_request')
  assert.ok(opened)
  const signature = createHmac('sha256', box.webhookSecret).update(opened.raw).digest('hex')
  assert.equal(opened.headers['x-hub-signature-256'], `sha256=${signature}`)
  assert.match(String(opened.headers['x-github-delivery']), /^[0-9a-f-]{36}$/)
  assert.match(String(opened.headers['user-agent']), /^GitHub-Hookshot\//)
  assert.equal(opened.headers['content-type'], 'application/json')
  assert.equal(opened.payload.installation.id, box.installationId)
})

test('An App gets webhooks about another App’s check run and deployment, but not about its buttons', async (t) => {
  const { box, repo, received } = await listening(t)
  const permissions = { metadata: 'read', checks: 'write', deployments: 'write', contents: 'read' } as const
  const argo = box.addApp({ slug: 'argo', permissions })
  const token = argo.installation.token()
  const run = await checkWithButton(box, token, repo.branch('main') ?? '')
  box.person('bob').pressButton(run, 'retry')
  box.person('bob').rerunCheck(run)
  const ask = (path: string, body: object) => rest(box, `POST /repos/acme/infra/deployments${path}`, { token, body })
  const { body } = await ask('', { ref: 'main', environment: 'eu', required_contexts: [] })
  await ask(`/${String(body.id)}/statuses`, { state: 'success', description: 'Done' })
  await box.idle()
  const told = received.filter(({ event }) => event === 'check_run' || event === 'deployment_status')
  assert.deepEqual(
    told.map(({ event, payload }) => `${event}.${payload.action}`),
    ['check_run.created', 'check_run.completed', 'deployment_status.created'],
  )
  for (const { event, payload } of told) {
    webhookConforms(`${event}-${payload.action}`.replaceAll('_', '-'), payload)
    assertLikeExamples(event, payload)
    assert.deepEqual([payload.sender.login, payload.installation.id], ['argo[bot]', box.installationId])
  }
  assert.deepEqual([told[1]?.payload.check_run.app.slug, told[1]?.payload.check_run.conclusion], ['argo', 'failure'])
  const { deployment, deployment_status: status } = told[2]?.payload ?? {}
  assert.deepEqual([deployment.environment, status.environment, status.creator.login], ['eu', 'eu', 'argo[bot]'])
})

test('An App gets webhooks about its own actions, under its own name', async (t) => {
  const { box, token, received } = await listening(t)
  box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: 'b' } })
  await rest(box, 'POST /repos/acme/infra/issues/1/comments', { token, body: { body: 'Hello' } })
  await box.idle()
  const comment = received.find(({ event }) => event === 'issue_comment')
  assert.equal(comment?.payload.sender.login, 'perch[bot]')
  assert.equal(comment?.payload.comment.performed_via_github_app.id, box.appId)
})

test('Only events that the App subscribes to are sent', async (t) => {
  const { box } = await aBox(t, { webhookUrl: 'http://127.0.0.1:9/', app: { events: ['push'] } })
  box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: 'b' } })
  await box.idle()
  assert.deepEqual(
    box.webhooks.deliveries.map(({ event, status }) => [event, status]),
    [['push', 'failed to connect to host']],
  )
})

test('A failed delivery is not repeated automatically, and keeps its guid in a redelivery', async (t) => {
  const { box, received } = await listening(t, 500)
  box.person('alice').push('v2', { a: 'b' })
  await box.idle()
  const [first] = box.webhooks.deliveries
  assert.deepEqual([first?.event, first?.status, first?.statusCode], ['push', 'Invalid HTTP Response: 500', 500])
  const before = received.length
  assert.ok(first && box.webhooks.redeliver(first.id))
  await box.idle()
  assert.equal(received.length, before + 1)
  assert.equal(received.at(-1)?.headers['x-github-delivery'], first.guid)
})

test('Webhooks can be dropped, doubled, delayed, and held back to come in another order', async (t) => {
  const { box, received } = await listening(t)
  const alice = box.person('alice')
  const { number } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { a: 'b' } })
  await box.idle()
  received.length = 0
  const isComment = ({ event }: { event: string }): boolean => event === 'issue_comment'

  box.webhooks.addFault({ match: isComment, kind: 'drop' })
  alice.comment(number, 'dropped')
  await box.idle()
  assert.equal(received.length, 0)
  assert.equal(box.webhooks.deliveries.at(-1)?.status, 'failed to connect to host')

  box.webhooks.addFault({ match: isComment, kind: 'double' })
  alice.comment(number, 'doubled')
  await box.idle()
  assert.equal(received.length, 2)
  assert.equal(received[0]?.headers['x-github-delivery'], received[1]?.headers['x-github-delivery'])
  received.length = 0

  box.webhooks.addFault({ match: isComment, kind: { delay: 60 } })
  alice.comment(number, 'late')
  alice.comment(number, 'in time')
  await box.idle()
  assert.deepEqual(
    received.map(({ payload }) => payload.comment.body),
    ['in time', 'late'],
  )
  received.length = 0

  box.webhooks.addFault({ match: isComment, kind: 'hold', times: 3 })
  for (const text of ['one', 'two', 'three']) alice.comment(number, text)
  await box.idle()
  assert.equal(received.length, 0)
  await box.webhooks.release()
  assert.deepEqual(
    received.map(({ payload }) => payload.comment.body),
    ['three', 'two', 'one'],
  )
})

test('a push tells which files each of its commits added, removed and modified; one that was renamed is both', async (t) => {
  const { box, repo, received } = await listening(t)
  const alice = box.person('alice')
  const filesOfPush = async (): Promise<unknown> => {
    await box.idle()
    const [commit] = received.findLast(({ event }) => event === 'push')?.payload.commits ?? []
    return [commit.added, commit.removed, commit.modified]
  }
  alice.push('main', { 'new.yaml': 'x\n', 'base/route.yaml': 'weight: 5\n' })
  assert.deepEqual(await filesOfPush(), [['new.yaml'], [], ['base/route.yaml']])
  alice.push('main', { 'run.sh': null })
  assert.deepEqual(await filesOfPush(), [[], ['run.sh'], []])
  const text = repo.file('base/route.yaml') ?? ''
  alice.push('main', { 'base/route.yaml': null, 'base/moved.yaml': text })
  assert.deepEqual(await filesOfPush(), [['base/moved.yaml'], ['base/route.yaml'], []])
})
