/** Reads through GraphQL with GitHub's own schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aBox, COMMIT, commitInput, graphql, rest } from './support.ts'

// Tests read answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
type Data = any

const READ = `query ($owner: String!, $name: String!, $number: Int!) {
  viewer { login }
  repository(owner: $owner, name: $name) {
    id nameWithOwner isPrivate databaseId
    pull: pullRequest(number: $number) {
      id number title body url state closed merged isDraft isCrossRepository headRefName headRefOid baseRefName
      baseRefOid mergeable author { login url } mergeCommit { oid url message messageHeadline } createdAt updatedAt closedAt mergedAt
      permalink databaseId lastEditedAt editor { login } includesCreatedEdit
    }
    ref(qualifiedName: "refs/heads/main") { id name prefix target { id oid } }
    defaultBranchRef { name }
  }
}`

test('Reading by GraphQL gives what was asked for; what is unknown is an error with status 200', async (t) => {
  const { box, repo, token } = await aBox(t)
  const { number, head } = box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const variables = { owner: 'acme', name: 'infra', number }
  const { body } = await graphql(box, token, READ, variables)
  assert.equal(body.errors, undefined)
  assert.equal(body.data.viewer.login, 'perch[bot]')
  assert.equal(body.data.repository.pull.headRefOid, head.sha)
  assert.equal(body.data.repository.ref.target.oid, repo.branch('main'))
  const wrong = await graphql(box, token, '{ repository(owner: "acme", name: "infra") { colour } }')
  assert.equal(wrong.status, 200)
  assert.match(wrong.body.errors[0].message, /"colour" on type "Repository"/)
  assert.equal('data' in wrong.body, false)
  const none = await graphql(box, token, READ, { ...variables, number: 99 })
  assert.deepEqual([none.body.errors[0].type, none.body.data.repository.pull], ['NOT_FOUND', null])
  const broken = await graphql(box, token, '{ viewer { login }')
  assert.match(broken.body.errors[0].message, /Syntax Error/)
  const notModelled = await graphql(box, token, '{ repository(owner: "acme", name: "infra") { diskUsage } }')
  assert.match(notModelled.body.errors[0].message, /does not have Repository.diskUsage/)
  assert.equal(box.requests.records.at(-1)?.isUnhandled, true)
})

const COMMENTS = `query ($first: Int!, $after: String) {
  repository(owner: "acme", name: "infra") {
    pullRequest(number: 1) {
      number state isDraft merged updatedAt lastEditedAt headRefOid headRefName baseRefName author { login __typename }
      comments(first: $first, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          id databaseId body createdAt updatedAt lastEditedAt includesCreatedEdit author { login __typename }
          editor { login } viewerDidAuthor url
        }
      }
    }
  }
}`

test('Comments come in pages, and say whether they were edited, and by whom, also within one second', async (t) => {
  const { box, token } = await aBox(t, { now: () => Date.parse('2026-01-02T03:04:05.678Z') })
  const [alice, bob, rita] = [box.person('alice'), box.person('bob'), box.person('rita')]
  const { number } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const first = alice.comment(number, '/canary 5')
  const second = rita.comment(number, 'Nice')
  bob.editComment(first.id, '/canary 50')
  const path = `/repos/acme/infra/issues/${String(number)}/comments`
  const mine = await rest(box, `POST ${path}`, { token, body: { body: 'Done' } })

  const page = async (after?: string): Promise<Data> => {
    const { body } = await graphql(box, token, COMMENTS, { first: 2, after })
    assert.equal(body.errors, undefined)
    return body.data.repository.pullRequest
  }
  const pull = await page()
  assert.deepEqual(pull.author, { login: 'alice', __typename: 'User' })
  assert.equal(pull.lastEditedAt, null)
  const at = '2026-01-02T03:04:05Z'
  const { nodes, pageInfo, totalCount } = pull.comments
  assert.deepEqual(
    nodes.map(({ databaseId, body, createdAt, updatedAt, lastEditedAt, includesCreatedEdit, editor }: Data) => ({
      databaseId,
      body,
      createdAt,
      updatedAt,
      lastEditedAt,
      includesCreatedEdit,
      editor: editor?.login,
    })),
    [
      {
        databaseId: first.id,
        body: '/canary 50',
        createdAt: at,
        updatedAt: at,
        lastEditedAt: at,
        includesCreatedEdit: true,
        editor: 'bob',
      },
      {
        databaseId: second.id,
        body: 'Nice',
        createdAt: at,
        updatedAt: at,
        lastEditedAt: null,
        includesCreatedEdit: false,
        editor: undefined,
      },
    ],
  )
  assert.deepEqual([pageInfo.hasNextPage, totalCount], [true, 3])
  // The cursor of a deleted comment stays valid.
  bob.deleteComment(second.id)
  const [own, ...none] = (await page(pageInfo.endCursor)).comments.nodes
  assert.deepEqual(none, [])
  // In GraphQL the name of a Bot has no `[bot]`, which it has in REST.
  assert.deepEqual(own.author, { login: 'perch', __typename: 'Bot' })
  assert.equal(mine.body.user.login, 'perch[bot]')
  assert.deepEqual([own.id, own.url, own.viewerDidAuthor], [mine.body.node_id, mine.body.html_url, true])

  const unbound = await graphql(box, token, COMMENTS.replace('first: $first, ', '').replace('$first: Int!, ', ''))
  assert.equal(unbound.body.errors[0].type, 'MISSING_PAGINATION_BOUNDARIES')
  assert.equal((await graphql(box, token, COMMENTS, { first: 101 })).body.errors[0].type, 'EXCESSIVE_PAGINATION')
})

const NODES = `query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    kind: __typename id
    ... on IssueComment { body lastEditedAt userContentEdits(first: 5) { nodes { diff editor { login } } } }
    ... on PullRequest { number }
  }
}`

test('The node ids of REST lead to the same objects in GraphQL; deleted ones are null', async (t) => {
  const { box, token } = await aBox(t)
  const alice = box.person('alice')
  const { number } = alice.openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const one = alice.comment(number, 'One')
  const other = alice.comment(number, 'Two')
  alice.editComment(one.id, 'Uno')
  const idOf = async (path: string): Promise<string> =>
    (await rest(box, `GET /repos/acme/infra/${path}`, { token })).body.node_id
  const ids = [
    await idOf(`issues/comments/${String(one.id)}`),
    await idOf(`issues/comments/${String(other.id)}`),
    await idOf(`pulls/${String(number)}`),
    await idOf('commits/v2'),
  ]
  alice.deleteComment(other.id)
  const { body } = await graphql(box, token, NODES, { ids })
  assert.deepEqual(
    body.data.nodes.map((node: Data) => node && [node.kind, node.id]),
    [['IssueComment', ids[0]], null, ['PullRequest', ids[2]], ['Commit', ids[3]]],
  )
  assert.deepEqual(body.data.nodes[0].userContentEdits.nodes, [
    { diff: 'Uno', editor: { login: 'alice' } },
    { diff: 'One', editor: { login: 'alice' } },
  ])
  assert.deepEqual([body.errors.length, body.errors[0].type, body.errors[0].path], [1, 'NOT_FOUND', ['nodes', 1]])
  const eve = await graphql(box, box.createUser('eve').token, NODES, { ids })
  assert.deepEqual(eve.body.data.nodes, [null, null, null, null])
})

const AUTHOR = `query ($oid: GitObjectID!) {
  repository(owner: "acme", name: "infra") {
    object(oid: $oid) {
      ... on Commit {
        oid author { name user { login } } signature { isValid wasSignedByGitHub state signer { login } }
        parents(first: 1) { nodes { oid } }
      }
    }
  }
}`

test('GitHub signs its own commits; a commit with another author is not signed', async (t) => {
  const { box, repo, token } = await aBox(t)
  const main = repo.branch('main') ?? ''
  const read = async (oid: string): Promise<Data> =>
    (await graphql(box, token, AUTHOR, { oid })).body.data.repository.object
  const { body } = await graphql(box, token, COMMIT, commitInput('main', main, { a: '1' }))
  const ours = await read(body.data.createCommitOnBranch.commit.oid)
  assert.deepEqual(ours.author.user, { login: 'perch[bot]' })
  const signer = { login: 'web-flow' }
  assert.deepEqual(ours.signature, { isValid: true, wasSignedByGitHub: true, state: 'VALID', signer })
  assert.deepEqual(ours.parents.nodes, [{ oid: main }])
  const theirs = await read(box.person('alice').push('main', { a: '2' }))
  assert.deepEqual([theirs.author.user, theirs.signature], [{ login: 'alice' }, null])
  assert.equal(await read('f'.repeat(40)), null)
})

test('An App without the permission gets nothing of a private repository, field by field', async (t) => {
  const { box } = await aBox(t)
  box.person('alice').openPullRequest({ branch: 'v2', title: 'v2', files: { a: '1' } })
  const query = `{ repository(owner: "acme", name: "infra") {
    name
    ref(qualifiedName: "main") { name }
    pullRequest(number: 1) { number comments(first: 1) { totalCount } }
  } }`
  const ask = async (permissions: Record<string, 'read'>): Promise<Data> => {
    const { body } = await graphql(box, box.installation.token({ permissions }), query)
    const refused = (body.errors ?? []).map(({ type, message, path }: Data) => `${type} ${message} ${path.at(-1)}`)
    return [body.data.repository, refused]
  }
  const none = 'FORBIDDEN Resource not accessible by integration'
  assert.deepEqual(await ask({ metadata: 'read' }), [
    { name: 'infra', ref: null, pullRequest: null },
    [`${none} ref`, `${none} pullRequest`],
  ])
  assert.deepEqual(await ask({ pull_requests: 'read', contents: 'read' }), [
    { name: 'infra', ref: { name: 'main' }, pullRequest: { number: 1, comments: { totalCount: 0 } } },
    [],
  ])
})

const QUEUE = `query ($branch: String!) {
  repository(owner: "acme", name: "infra") {
    mergeQueue(branch: $branch) {
      url
      entries(first: 100) {
        totalCount
        nodes { position state enqueuer { login } pullRequest { number headRefOid } baseCommit { oid } headCommit { oid parents(first: 2) { nodes { oid } } } }
      }
    }
  }
}`

test('the merge queue is a list of entries, each with the commit that is tested for it', async (t) => {
  const { box, token } = await aBox(t)
  const alice = box.person('alice')
  const [one, two] = ['one', 'two'].map((branch) =>
    alice.openPullRequest({ branch, title: branch, files: { [branch]: '1' } }),
  )
  const empty = await graphql(box, token, QUEUE, { branch: 'main' })
  assert.deepEqual([empty.body.errors, empty.body.data.repository.mergeQueue], [undefined, null])
  const group = alice.enqueue(one?.number ?? 0, two?.number ?? 0)
  const { body } = await graphql(box, token, QUEUE, { branch: 'main' })
  const [first, second]: Data[] = body.data.repository.mergeQueue.entries.nodes
  assert.deepEqual([first.position, first.pullRequest.headRefOid, first.enqueuer.login], [1, one?.head.sha, 'alice'])
  assert.deepEqual([second.position, second.pullRequest.number, second.headCommit.oid], [2, two?.number, group.sha])
  assert.equal(second.baseCommit.oid, first.headCommit.oid)
  assert.equal(second.headCommit.parents.nodes[1].oid, two?.head.sha)
  group.merge()
  const after = await graphql(box, token, QUEUE, { branch: 'main' })
  assert.equal(after.body.data.repository.mergeQueue, null)
})
