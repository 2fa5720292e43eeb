/** Pull requests, and the issue that each one also is. https://docs.github.com/rest/pulls/pulls */
import { changeSize } from '../git/change-size.ts'
import { commitsBetween, diff, mergeBase } from '../git/history.ts'
import { mergeability, testMerge, type Mergeability } from '../state/mergeability.ts'
import type { Pull, Repository, Review } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { accountPayload, associationOf } from './accounts.ts'
import { labelPayload } from './labels.ts'
import { issueApi, nodeId, pullApi, repoApi, repoHtml, time, timeOrNull } from './links.ts'
import { repositoryPayload } from './repositories.ts'

/** A pull request in a list, without the fields that GitHub computes for each one. */
export function pullSummary(world: World, pull: Pull): Json {
  return { ...pullBase(world, pull), merge_commit_sha: pull.merged?.sha ?? knownTestMerge(pull) }
}

/** A single pull request in the API. */
export function fullPull(world: World, pull: Pull): Json {
  return completePull(world, pull, mergeability(world, pull))
}

/** A webhook right after a pull request was opened or its head moved cannot tell whether it is mergeable. */
export function pullPayload(world: World, pull: Pull, action: string): Json {
  const isFresh = action === 'opened' || action === 'synchronize' || action === 'reopened'
  const unknown: Mergeability = { mergeable: null, state: 'unknown', tree: undefined }
  return completePull(world, pull, isFresh ? unknown : mergeability(world, pull))
}

function completePull(world: World, pull: Pull, can: Mergeability): Json {
  const commits = pullCommits(pull)
  const { files, additions, deletions } = changeSize(pull.repo.bare, forkOf(pull), pull.head.sha)
  return {
    ...pullBase(world, pull),
    merge_commit_sha: pull.merged?.sha ?? (can.tree === undefined ? null : testMerge(world, pull, can.tree)),
    merged: pull.merged !== undefined,
    mergeable: can.mergeable,
    rebaseable: can.mergeable,
    mergeable_state: can.state,
    merged_by: pull.merged === undefined ? null : accountPayload(world, pull.merged.by),
    comments: commentCount(pull),
    review_comments: 0,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: commits.length,
    additions,
    deletions,
    changed_files: files,
  }
}

function pullBase(world: World, pull: Pull): Json {
  const { repo, head, base } = pull
  return {
    url: pullApi(world, pull),
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    ...pullLinks(world, pull),
    number: pull.number,
    state: pull.state,
    locked: false,
    title: pull.title,
    user: accountPayload(world, pull.author.account),
    body: pull.body,
    created_at: time(pull.createdAt),
    updated_at: time(pull.updatedAt),
    closed_at: timeOrNull(pull.closedAt),
    merged_at: timeOrNull(pull.merged?.at),
    assignee: pull.assignees[0] === undefined ? null : accountPayload(world, pull.assignees[0]),
    assignees: pull.assignees.map((account) => accountPayload(world, account)),
    requested_reviewers: [],
    requested_teams: [],
    labels: pull.labels.map((label) => labelPayload(world, repo, label)),
    milestone: null,
    draft: pull.draft,
    head: sidePayload(world, head),
    base: sidePayload(world, { repo, ...base }),
    author_association: associationOf(repo, pull.author.account),
    auto_merge: null,
    active_lock_reason: null,
  }
}

function pullLinks(world: World, pull: Pull): Json {
  const page = repoHtml(world, pull.repo, `/pull/${String(pull.number)}`)
  const links = {
    html_url: page,
    issue_url: issueApi(world, pull),
    comments_url: issueApi(world, pull, '/comments'),
    review_comments_url: pullApi(world, pull, '/comments'),
    review_comment_url: repoApi(world, pull.repo, '/pulls/comments{/number}'),
    commits_url: pullApi(world, pull, '/commits'),
    statuses_url: repoApi(world, pull.repo, `/statuses/${pull.head.sha}`),
  }
  const hal = Object.entries(links).map(([key, href]) => [key.replace(/_url$/, ''), { href }])
  return {
    ...links,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    _links: { self: { href: pullApi(world, pull) }, ...Object.fromEntries(hal) },
  }
}

function sidePayload(world: World, side: { repo: Repository; ref: string; sha: string }): Json {
  return {
    label: `${side.repo.owner.login}:${side.ref}`,
    ref: side.ref,
    sha: side.sha,
    user: accountPayload(world, side.repo.owner),
    repo: repositoryPayload(world, side.repo),
  }
}

/** The commits that the pull request brings, oldest first. */
export function pullCommits(pull: Pull): readonly string[] {
  return commitsBetween(pull.repo.bare, pull.base.sha, pull.head.sha)
}

/** The changes of the pull request: from the merge base to its head ("three dots"). */
export function pullFiles(pull: Pull): ReturnType<typeof diff> {
  return diff(pull.repo.bare, forkOf(pull), pull.head.sha)
}

/** The merge base of the pull request. */
function forkOf({ repo, base, head }: Pull): string | undefined {
  return mergeBase(repo.bare, base.sha, head.sha)
}

function knownTestMerge(pull: Pull): string | null {
  return pull.repo.refs.get(`refs/pull/${String(pull.number)}/merge`) ?? null
}

function commentCount(pull: Pull): number {
  return [...pull.repo.comments.values()].filter((comment) => comment.pull === pull).length
}

/** The issue side of a pull request, in issue_comment events. */
export function pullIssuePayload(world: World, pull: Pull): Json {
  const url = issueApi(world, pull)
  const base = pullBase(world, pull)
  const pick = ['number', 'title', 'user', 'labels', 'state', 'locked', 'assignee', 'assignees', 'milestone'] as const
  const same = [
    'created_at',
    'updated_at',
    'closed_at',
    'author_association',
    'active_lock_reason',
    'draft',
    'body',
  ] as const
  return {
    url,
    repository_url: repoApi(world, pull.repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: base['html_url'],
    id: pull.issueId,
    node_id: nodeId('PR', pull.id),
    ...Object.fromEntries(pick.map((key) => [key, base[key]])),
    comments: commentCount(pull),
    ...Object.fromEntries(same.map((key) => [key, base[key]])),
    pull_request: {
      url: pullApi(world, pull),
      html_url: base['html_url'],
      diff_url: base['diff_url'],
      patch_url: base['patch_url'],
      merged_at: timeOrNull(pull.merged?.at),
    },
    reactions: noReactions(`${url}/reactions`),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: null,
    state_reason: null,
  }
}

export function noReactions(url: string): Json {
  const none = { '+1': 0, '-1': 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0 }
  return { url, total_count: 0, ...none }
}

/** The API has review states in upper case, webhooks in lower case. */
export function reviewPayload(world: World, pull: Pull, review: Review): Json {
  const page = repoHtml(world, pull.repo, `/pull/${String(pull.number)}#pullrequestreview-${String(review.id)}`)
  return {
    id: review.id,
    node_id: nodeId('PRR', review.id),
    user: accountPayload(world, review.author),
    body: review.body,
    state: review.state,
    html_url: page,
    pull_request_url: pullApi(world, pull),
    author_association: associationOf(pull.repo, review.author),
    _links: { html: { href: page }, pull_request: { href: pullApi(world, pull) } },
    submitted_at: time(review.at),
    commit_id: review.sha,
  }
}

/** The few fields of a pull request in check runs and suites. */
export function pullReference(world: World, pull: Pull): Json {
  const side = (one: { repo: Repository; ref: string; sha: string }): Json => ({
    ref: one.ref,
    sha: one.sha,
    repo: { id: one.repo.id, url: repoApi(world, one.repo), name: one.repo.name },
  })
  return {
    url: pullApi(world, pull),
    id: pull.id,
    number: pull.number,
    head: side(pull.head),
    base: side({ repo: pull.repo, ...pull.base }),
  }
}
