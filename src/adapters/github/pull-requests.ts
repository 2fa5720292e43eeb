import type { PullRequests } from '../../ports/pull-requests.ts'
import { at, type Client, list, request } from './client.ts'
import { pullRequestOf } from './schema.ts'

/** One step, one commit on the base branch: squash where the repository allows it, else what it does allow. */
const MERGE_METHODS = ['squash', 'merge', 'rebase'] as const

export function pullRequests(client: Client): PullRequests {
  const newest = { sort: 'created', direction: 'desc' } as const
  return {
    async get(number) {
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/pulls/{pull_number}', {
        params: { ...at(client), pull_number: number },
        expected: [404],
      })
      return status === 404 ? undefined : pullRequestOf(data)
    },
    async recent(base) {
      const params = { ...at(client), ...newest, base, state: 'all' }
      return (await list(client, 'GET /repos/{owner}/{repo}/pulls', { params, limit: 100 })).map(pullRequestOf)
    },
    async allOpen() {
      const params = { ...at(client), ...newest, state: 'open' }
      return (await list(client, 'GET /repos/{owner}/{repo}/pulls', { params })).map(pullRequestOf)
    },
    async from(branch) {
      const params = { ...at(client), ...newest, head: `${client.repo.owner}:${branch}`, state: 'all' }
      return (await list(client, 'GET /repos/{owner}/{repo}/pulls', { params, limit: 100 })).map(pullRequestOf)
    },
    async open(draft) {
      const { status, data } = await request(client, 'POST /repos/{owner}/{repo}/pulls', {
        params: { ...at(client), ...draft },
        expected: [422],
      })
      return status === 422 ? 'exists' : pullRequestOf(data)
    },
    async edit(number, text) {
      await request(client, 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
        params: { ...at(client), pull_number: number, ...text },
      })
    },
    async close(number) {
      const { data } = await request(client, 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
        params: { ...at(client), pull_number: number, state: 'closed' },
      })
      return pullRequestOf(data).state === 'merged' ? 'merged' : 'closed'
    },
    async merge(number, sha) {
      for (const merge_method of MERGE_METHODS) {
        const { status } = await request(client, 'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
          params: { ...at(client), pull_number: number, sha, merge_method },
          expected: [405, 409],
        })
        if (status === 409) return 'head-moved'
        if (status !== 405) return 'merged'
      }
      return 'refused'
    },
    async label(number, labels) {
      // A label is decoration: where labels may not be written, the rollout goes on without.
      await request(client, 'POST /repos/{owner}/{repo}/issues/{issue_number}/labels', {
        params: { ...at(client), issue_number: number, labels: [...labels] },
        expected: [403, 404, 410, 422],
      })
    },
  }
}
