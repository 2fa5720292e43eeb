import { Buffer } from 'node:buffer'
import type { Branches, CommitDraft } from '../../ports/branches.ts'
import { at, type Client, graphql, outage, request } from './client.ts'
import { CommitAnswer, ObjectAnswer, RefAnswer } from './schema.ts'

/** GitHub signs commits that Apps make this way, and refuses them when the branch is not where it is expected to be. */
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
      })
      const commit = await request(client, 'POST /repos/{owner}/{repo}/git/commits', {
        params: { ...at(client), message, tree: ObjectAnswer.parse(tree.data).sha, parents: [] },
      })
      return create(client, name, ObjectAnswer.parse(commit.data).sha)
    },
    async reset(name, sha) {
      await request(client, 'PATCH /repos/{owner}/{repo}/git/refs/{ref}', {
        params: { ...at(client), ref: `heads/${name}`, sha, force: true },
      })
    },
    async remove(name) {
      await request(client, 'DELETE /repos/{owner}/{repo}/git/refs/{ref}', {
        params: { ...at(client), ref: `heads/${name}` },
        expected: [404, 422],
      })
    },
    async commit(draft) {
      try {
        const answer = await graphql(client, COMMIT, { input: inputOf(client, draft) })
        return { sha: CommitAnswer.parse(answer).createCommitOnBranch.commit.oid }
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'GraphqlResponseError') throw error
        if ((await headOf(client, draft.branch)) !== draft.expectedHead) return 'head-moved'
        // Octokit's own error carries the whole request, files and all.
        throw outage(error, 'createCommitOnBranch')
      }
    },
  }
}

async function create(client: Client, name: string, sha: string): Promise<'created' | 'exists'> {
  const { status } = await request(client, 'POST /repos/{owner}/{repo}/git/refs', {
    params: { ...at(client), ref: `refs/heads/${name}`, sha },
    expected: [422],
  })
  // GitHub answers 422 for a name that is taken and for a commit that it does not have: look which.
  if (status !== 422) return 'created'
  if ((await headOf(client, name)) === undefined) throw new Error(`GitHub cannot make the branch ${name} at ${sha}.`)
  return 'exists'
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
