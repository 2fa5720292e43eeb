import { Buffer } from 'node:buffer'
import { branchIn, branchRef } from '../../core/branch-ref.ts'
import type { Branches, CommitDraft, CommitMaker } from '../../ports/github/branches.ts'
import { GitHubRefused } from '../../ports/github/github-refused.ts'
import { activityOn } from './activity.ts'
import { at, type Client, GitHubUnavailable, graphql, outage, request } from './client/client.ts'
import { refusalOf } from './client/refusals.ts'
import { isGraphqlRefusal } from './graphql/graphql-errors.ts'
import {
  ActivityAnswers,
  CommitAnswer,
  ComparisonAnswer,
  makerOf,
  ObjectAnswer,
  RefAnswer,
  RefAnswers,
  RepositoryIdAnswer,
} from './schema.ts'

/** GitHub signs commits that Apps make this way, and refuses them if the branch is not at the expected head. */
const COMMIT = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}`

export function branches(client: Client): Branches {
  return {
    create: (name, sha) => create(client, name, sha),
    async claim(name, message) {
      const entry = { path: 'README.md', mode: '100644', type: 'blob', content: `${message}\n` }
      const tree = await request(client, 'POST /repos/{owner}/{repo}/git/trees', {
        params: { ...at(client), tree: [entry] },
        branch: name,
      })
      const commit = await request(client, 'POST /repos/{owner}/{repo}/git/commits', {
        params: { ...at(client), message, tree: ObjectAnswer.parse(tree.data).sha, parents: [] },
        branch: name,
      })
      return create(client, name, ObjectAnswer.parse(commit.data).sha)
    },
    move: (name, from, to) => move(client, name, { from, to }),
    ...history(client),
    async remove(name) {
      await remove(client, name)
    },
    async commit(draft) {
      try {
        const answer = await graphql(client, COMMIT, { input: inputOf(client, draft) })
        return { sha: CommitAnswer.parse(answer).createCommitOnBranch.commit.oid }
      } catch (error) {
        if (!isGraphqlRefusal(error)) throw error
        const head = await headOf(client, draft.branch)
        if (head === undefined) return 'gone'
        if (head !== draft.expectedHead) return 'head-moved'
        // Octokit's own error contains the whole request, with all files.
        throw outage(error, { route: 'createCommitOnBranch', branch: draft.branch }, client.clock)
      }
    },
  }
}

/** Pages of a hundred commits each. Nobody reviews more in one pull request. */
const MAKER_PAGES = 3

function history(client: Client): Pick<Branches, 'makers' | 'pushes'> {
  return {
    async makers(base, head) {
      const makers: CommitMaker[] = []
      for (let page = 1; page <= MAKER_PAGES; page += 1) {
        const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/compare/{basehead}', {
          params: { ...at(client), basehead: `${base}...${head}`, per_page: 100, page },
          expected: [404],
        })
        if (status === 404) return undefined
        const { commits, total_commits: total } = ComparisonAnswer.parse(data)
        makers.push(...commits.map(makerOf))
        if (makers.length >= total) return makers
        if (commits.length === 0) break
      }
      // A partial list would hide the authors of the other commits.
      return undefined
    },
    async pushes(name) {
      const list = await activityOn(client, name)
      if (list === undefined) return undefined
      return ActivityAnswers.parse(list).flatMap(({ actor, after }) =>
        typeof actor?.login === 'string' ? [{ login: actor.login, head: after }] : [],
      )
    },
  }
}

/** Compares and updates in one request, so that a push at the same moment is not lost. REST's `force` would overwrite it. */
const MOVE = `mutation ($input: UpdateRefsInput!) {
  updateRefs(input: $input) { clientMutationId }
}`

async function move(
  client: Client,
  name: string,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<'moved' | 'head-moved'> {
  const { data } = await request(client, 'GET /repos/{owner}/{repo}', { params: at(client) })
  const update = { name: branchRef(name), beforeOid: from, afterOid: to, force: true }
  try {
    await graphql(client, MOVE, {
      input: { repositoryId: RepositoryIdAnswer.parse(data).node_id, refUpdates: [update] },
    })
    return 'moved'
  } catch (error) {
    if (!isGraphqlRefusal(error)) throw error
    if ((await headOf(client, name)) !== from) return 'head-moved'
    throw outage(error, { route: 'updateRefs', branch: name }, client.clock)
  }
}

async function create(client: Client, name: string, sha: string): Promise<'created' | 'exists'> {
  const route = 'POST /repos/{owner}/{repo}/git/refs'
  const answer = await request(client, route, {
    params: { ...at(client), ref: branchRef(name), sha },
    expected: [422],
    branch: name,
  })
  if (answer.status !== 422) return 'created'
  // GitHub answers 422 if the name is taken, if it is invalid, and if a rule forbids it. So look which of these is the case.
  if ((await headOf(client, name)) !== undefined) return 'exists'
  const { reason = '' } = answer
  const refused = { action: 'create-branch', branch: name, reason } as const
  if (Buffer.byteLength(branchRef(name)) > MAX_REF_BYTES)
    throw new GitHubRefused({ ...refused, cause: 'name-too-long' })
  const rival = /rule violations|does not exist/i.test(reason) ? undefined : await rivalOf(client, name)
  if (rival !== undefined) throw new GitHubRefused({ ...refused, cause: 'in-the-way', rival })
  const refusal = refusalOf({ status: 422, reason, isForToken: false }, { route, branch: name })
  if (refusal !== undefined) throw new GitHubRefused(refusal)
  throw new GitHubUnavailable(`GitHub cannot make the branch ${name} at ${sha}: ${reason}`)
}

/** GH005: "refs longer than 255 bytes are not allowed". */
const MAX_REF_BYTES = 255

/** An existing branch that cannot coexist with one of this name, because git stores refs like files. */
async function rivalOf(client: Client, name: string): Promise<string | undefined> {
  const parts = name.split('/')
  for (let length = 1; length < parts.length; length += 1) {
    const above = parts.slice(0, length).join('/')
    if ((await headOf(client, above)) !== undefined) return above
  }
  const { data } = await request(client, 'GET /repos/{owner}/{repo}/git/matching-refs/{ref}', {
    params: { ...at(client), ref: `heads/${name}/` },
  })
  const [rival] = RefAnswers.parse(data)
  return rival && branchIn(rival.ref)
}

/** GitHub answers 422 if the branch does not exist, and if a rule protects it. */
async function remove(client: Client, name: string): Promise<void> {
  const route = 'DELETE /repos/{owner}/{repo}/git/refs/{ref}'
  const params = { ...at(client), ref: `heads/${name}` }
  const { status, reason = '' } = await request(client, route, { params, expected: [404, 422], branch: name })
  if (status !== 422) return
  const refusal = refusalOf({ status, reason, isForToken: false }, { route, branch: name })
  if (refusal !== undefined && (await headOf(client, name)) !== undefined) throw new GitHubRefused(refusal)
}

async function headOf(client: Client, branch: string): Promise<string | undefined> {
  const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/git/ref/{ref}', {
    params: { ...at(client), ref: `heads/${branch}` },
    expected: [404],
  })
  return status === 404 ? undefined : RefAnswer.parse(data).object.sha
}

function inputOf(client: Client, draft: CommitDraft): Readonly<Record<string, unknown>> {
  return {
    branch: { repositoryNameWithOwner: `${client.repo.owner}/${client.repo.name}`, branchName: draft.branch },
    expectedHeadOid: draft.expectedHead,
    message: { headline: draft.headline, body: draft.body },
    fileChanges: {
      additions: [...draft.files].map(([path, text]) => ({
        path,
        contents: Buffer.from(text, 'utf8').toString('base64'),
      })),
    },
  }
}
