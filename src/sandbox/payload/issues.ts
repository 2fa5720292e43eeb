/** Issues that are not pull requests. https://docs.github.com/rest/issues/issues */
import type { Issue } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { accountPayload, associationOf, viaApp } from './accounts.ts'
import { issueApi, nodeId, repoApi, repoHtml, time, timeOrNull } from './links.ts'
import { noReactions } from './pulls.ts'

export function issuePayload(world: World, issue: Issue): Json {
  const { repo, author } = issue
  const url = issueApi(world, issue)
  return {
    url,
    repository_url: repoApi(world, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: repoHtml(world, repo, `/issues/${String(issue.number)}`),
    id: issue.id,
    node_id: nodeId('I', issue.id),
    number: issue.number,
    title: issue.title,
    user: accountPayload(world, author.account),
    labels: [],
    state: issue.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: 0,
    created_at: time(issue.createdAt),
    updated_at: time(issue.updatedAt),
    closed_at: timeOrNull(issue.closedAt),
    author_association: associationOf(repo, author.account),
    active_lock_reason: null,
    draft: false,
    body: issue.body,
    reactions: noReactions(`${url}/reactions`),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: viaApp(world, author),
    state_reason: issue.stateReason,
  }
}

/** A single issue in the API. */
export function fullIssue(world: World, issue: Issue): Json {
  const closedBy = issue.closedBy === undefined ? null : accountPayload(world, issue.closedBy)
  return { ...issuePayload(world, issue), closed_by: closedBy }
}
