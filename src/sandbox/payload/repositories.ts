/** Repositories: the short form, the minimal one inside other objects, and the full one. */
import type { Repository } from '../state/types.ts'
import { fullName, type Json, type World } from '../state/world.ts'
import { accountPayload } from './accounts.ts'
import { html, nodeId, repoApi, repoHtml, time } from './links.ts'

/** A repository inside pull requests, installations and webhooks. */
export function repositoryPayload(world: World, repo: Repository): Json {
  const openPulls = [...repo.pulls.values()].filter((pull) => pull.state === 'open').length
  const openIssues = [...repo.issues.values()].filter((issue) => issue.state === 'open').length
  const forks = [...world.repositories.values()].filter((other) => other.parent === repo).length
  return {
    ...minimalRepository(world, repo),
    git_url: `git://${new URL(world.origin).host}/${fullName(repo)}.git`,
    ssh_url: `git@${new URL(world.origin).hostname}:${fullName(repo)}.git`,
    clone_url: `${repoHtml(world, repo)}.git`,
    svn_url: repoHtml(world, repo),
    mirror_url: null,
    homepage: null,
    language: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    has_issues: repo.hasIssues,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    forks_count: forks,
    archived: repo.archived,
    disabled: false,
    open_issues_count: openPulls + openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    custom_properties: {},
    visibility: repo.isPrivate ? 'private' : 'public',
    forks,
    open_issues: openPulls + openIssues,
    watchers: 0,
    default_branch: repo.defaultBranch,
    created_at: time(repo.createdAt),
    updated_at: time(repo.pushedAt),
    pushed_at: time(repo.pushedAt),
  }
}

/** The answer of `GET /repos/{owner}/{repo}`. `permissions`: those of the client. */
export function fullRepository(world: World, repo: Repository, permissions: Json): Json {
  const { settings, parent, owner } = repo
  return {
    ...repositoryPayload(world, repo),
    permissions,
    temp_clone_token: '',
    allow_squash_merge: settings.allowSquash,
    allow_merge_commit: settings.allowMergeCommit,
    allow_rebase_merge: settings.allowRebase,
    allow_auto_merge: false,
    delete_branch_on_merge: settings.deleteBranchOnMerge,
    allow_update_branch: false,
    use_squash_pr_title_as_default: true,
    squash_merge_commit_title: 'PR_TITLE',
    squash_merge_commit_message: 'COMMIT_MESSAGES',
    merge_commit_title: 'MERGE_MESSAGE',
    merge_commit_message: 'PR_TITLE',
    network_count: 0,
    subscribers_count: 0,
    ...(owner.type === 'Organization' ? { organization: accountPayload(world, owner) } : {}),
    ...(parent === undefined
      ? {}
      : { parent: repositoryPayload(world, parent), source: repositoryPayload(world, parent) }),
  }
}

/** A repository inside statuses and check suites. */
export function minimalRepository(world: World, repo: Repository): Json {
  const url = repoApi(world, repo)
  return {
    ...repositoryLine(repo),
    owner: accountPayload(world, repo.owner),
    html_url: html(world, `/${fullName(repo)}`),
    description: null,
    fork: repo.parent !== undefined,
    url,
    ...Object.fromEntries(Object.entries(PATHS).map(([key, path]) => [key, url + path])),
  }
}

const PATHS = {
  forks_url: '/forks',
  keys_url: '/keys{/key_id}',
  collaborators_url: '/collaborators{/collaborator}',
  teams_url: '/teams',
  hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}',
  events_url: '/events',
  assignees_url: '/assignees{/user}',
  branches_url: '/branches{/branch}',
  tags_url: '/tags',
  blobs_url: '/git/blobs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  git_refs_url: '/git/refs{/sha}',
  trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}',
  languages_url: '/languages',
  stargazers_url: '/stargazers',
  contributors_url: '/contributors',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  commits_url: '/commits{/sha}',
  git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}',
  issue_comment_url: '/issues/comments{/number}',
  contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}',
  merges_url: '/merges',
  archive_url: '/{archive_format}{/ref}',
  downloads_url: '/downloads',
  issues_url: '/issues{/number}',
  pulls_url: '/pulls{/number}',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}',
  releases_url: '/releases{/id}',
  deployments_url: '/deployments',
}

/** The five fields of a repository in the lists of installation events. */
export function repositoryLine(repo: Repository): Json {
  return {
    id: repo.id,
    node_id: nodeId('R', repo.id),
    name: repo.name,
    full_name: fullName(repo),
    private: repo.isPrivate,
  }
}
