import type { PullRequests, RecentPulls } from '../../ports/github/pull-requests.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { GitHubRefused } from '../../ports/github/github-refused.ts'
import { at, type Client, listAll, request } from './client/client.ts'
import { refusalOf } from './client/refusals.ts'
import { pullRequestOf, ReviewAnswer } from './schema.ts'

/**
 * One step should become one commit on the base branch. So squash if the repository allows it, otherwise use a method that it
 * allows.
 */
const MERGE_METHODS = ['squash', 'merge', 'rebase'] as const

export function pullRequests(client: Client): PullRequests {
  return { ...reading(client), ...writing(client), ...labelling(client) }
}

function reading(client: Client): Pick<PullRequests, 'get' | 'recent' | 'mergedAs' | 'allOpen' | 'from' | 'approvers'> {
  const newest = { sort: 'created', direction: 'desc' } as const
  return {
    async get(number) {
      const { status, data } = await request(client, 'GET /repos/{owner}/{repo}/pulls/{pull_number}', {
        params: { ...at(client), pull_number: number },
        expected: [404],
      })
      return status === 404 ? undefined : pullRequestOf(data)
    },
    recent: (base, since) => recent(client, base, since),
    async mergedAs(sha, base) {
      const route = 'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls'
      const params = { ...at(client), commit_sha: sha }
      return (await listAll(client, route, { params }))
        .map(pullRequestOf)
        .find((pull) => pull.mergeCommit === sha && pull.base.ref === base)
    },
    async allOpen() {
      const params = { ...at(client), ...newest, state: 'open' }
      return (await listAll(client, 'GET /repos/{owner}/{repo}/pulls', { params })).map(pullRequestOf)
    },
    async from(branch) {
      const params = { ...at(client), ...newest, head: `${client.repo.owner}:${branch}`, state: 'all' }
      return (await listAll(client, 'GET /repos/{owner}/{repo}/pulls', { params, limit: 100 })).map(pullRequestOf)
    },
    async approvers(number, sha) {
      const answers = await listAll(client, 'GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews', {
        params: { ...at(client), pull_number: number },
      })
      return approversOf(answers, sha)
    },
  }
}

async function recent(client: Client, base: string, since: number | undefined): Promise<RecentPulls> {
  const route = 'GET /repos/{owner}/{repo}/pulls'
  const params = { ...at(client), sort: 'created', direction: 'desc', base }
  const isLast = (item: unknown): boolean => since !== undefined && pullRequestOf(item).createdAt < since
  const limit = since === undefined ? 100 : MAX_LISTED
  const found = await listAll(client, route, { params: { ...params, state: 'all' }, limit, isLast })
  const pulls = found.map(pullRequestOf)
  const oldest = pulls.at(-1)
  if (pulls.length % 100 !== 0 || oldest === undefined) return { pulls, since: 0 }
  if (since !== undefined) return { pulls, since: reachOf(pulls, since) }
  const open = (await listAll(client, route, { params: { ...params, state: 'open' } })).map(pullRequestOf)
  const older = open.filter(({ number }) => pulls.every((pull) => pull.number !== number))
  return { pulls: [...pulls, ...older], since: oldest.createdAt }
}

/** Two hundred requests. */
const MAX_LISTED = 20_000

/** How far back a list of whole pages reaches. If it ended before the limit, it contains everything since the moment. */
function reachOf(pulls: readonly PullRequest[], since: number): number {
  const oldest = pulls.at(-1)?.createdAt ?? since
  return pulls.length < MAX_LISTED ? Math.min(oldest, since - 1) : oldest
}

function writing(client: Client): Pick<PullRequests, 'open' | 'edit' | 'close' | 'merge'> {
  return {
    async open(draft) {
      const route = 'POST /repos/{owner}/{repo}/pulls'
      const call = { params: { ...at(client), ...draft }, expected: [422], branch: draft.head }
      const { status, data, reason = '' } = await request(client, route, call)
      if (status !== 422) return pullRequestOf(data)
      const refusal = refusalOf({ status, reason, isForToken: false }, { route, branch: draft.head })
      if (refusal !== undefined) throw new GitHubRefused(refusal)
      return 'exists'
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
  }
}

function labelling(client: Client): Pick<PullRequests, 'label' | 'unlabel' | 'mark'> {
  return {
    async unlabel(number, label) {
      await request(client, 'DELETE /repos/{owner}/{repo}/issues/{issue_number}/labels/{name}', {
        params: { ...at(client), issue_number: number, name: label },
        expected: [403, 404, 410],
      })
    },
    async label(number, labels) {
      // A label is only decoration. If Perch may not write labels, the rollout continues without them.
      await request(client, 'POST /repos/{owner}/{repo}/issues/{issue_number}/labels', {
        params: { ...at(client), issue_number: number, labels: [...labels] },
        expected: [403, 404, 410, 422],
      })
    },
    async mark(number, { labels, assignee }) {
      // An assignee is only decoration too.
      const answer = await request(client, 'PATCH /repos/{owner}/{repo}/issues/{issue_number}', {
        params: { ...at(client), issue_number: number, labels: [...labels], assignees: [assignee] },
        expected: [403, 404, 410, 422],
      })
      return answer.status === 200 ? 'done' : 'refused'
    },
  }
}

/** Reviews are sorted oldest first. A comment does not withdraw an earlier verdict, but a dismissal does. */
function approversOf(answers: readonly unknown[], sha: string): readonly string[] {
  const verdicts = new Map<string, boolean>()
  for (const answer of answers) {
    const { user, state, commit_id } = ReviewAnswer.parse(answer)
    if (user === null || user.type === 'Bot' || state === 'COMMENTED' || state === 'PENDING') continue
    verdicts.set(user.login, state === 'APPROVED' && commit_id === sha)
  }
  return [...verdicts].flatMap(([login, approves]) => (approves ? [login] : []))
}
