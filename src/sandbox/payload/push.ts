/** The push event. https://docs.github.com/webhooks/webhook-events-and-payloads#push */
import { changedFiles, commitsBetween, history, isAncestor } from '../git/history.ts'
import { NO_COMMIT, readCommit, type Signature } from '../git/objects.ts'
import { emailOf } from '../state/authors.ts'
import type { Account, Repository } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { accountPayload } from './accounts.ts'
import { accountBehind } from './commits.ts'
import { repoHtml, time } from './links.ts'
import { repositoryPayload } from './repositories.ts'

export interface Push {
  readonly repo: Repository
  readonly ref: string
  readonly before: string | undefined
  readonly after: string | undefined
  readonly by: Account
}

/** The maximum number of commits in one event on GitHub. */
const MAX_COMMITS = 2048

export function pushPayload(world: World, push: Push): Json {
  const { repo, ref, before, after, by } = push
  const range = `${(before ?? after ?? '').slice(0, 12)}...${(after ?? before ?? '').slice(0, 12)}`
  const isForced = before !== undefined && after !== undefined && !isAncestor(repo.bare, before, after)
  return {
    ref,
    before: before ?? NO_COMMIT,
    after: after ?? NO_COMMIT,
    repository: pushedRepository(world, repo),
    pusher: { name: by.login, email: emailOf(by) },
    created: before === undefined,
    deleted: after === undefined,
    forced: isForced,
    base_ref: null,
    compare: repoHtml(world, repo, `/compare/${range}`),
    commits: pushedCommits(push).map((sha) => pushedCommit(world, repo, sha)),
    head_commit: after === undefined ? null : pushedCommit(world, repo, after),
  }
}

/** In push events some times are numbers, and a few old fields still exist. */
function pushedRepository(world: World, repo: Repository): Json {
  return {
    ...repositoryPayload(world, repo),
    owner: { name: repo.owner.login, email: emailOf(repo.owner), ...accountPayload(world, repo.owner) },
    url: repoHtml(world, repo),
    created_at: Math.floor(repo.createdAt / 1000),
    pushed_at: Math.floor(repo.pushedAt / 1000),
    stargazers: 0,
    master_branch: repo.defaultBranch,
  }
}

/** The commits that were not in the repository before. For a new branch, those that the default branch does not have. */
function pushedCommits({ repo, ref, before, after }: Push): readonly string[] {
  if (after === undefined) return []
  const main = repo.refs.get(`refs/heads/${repo.defaultBranch}`)
  const from = before ?? (ref === `refs/heads/${repo.defaultBranch}` ? undefined : main)
  const commits =
    from === undefined ? history(repo.bare, after, MAX_COMMITS).toReversed() : commitsBetween(repo.bare, from, after)
  return commits.slice(-MAX_COMMITS)
}

function pushedCommit(world: World, repo: Repository, sha: string): Json {
  const commit = readCommit(repo.bare, sha)
  const files = changedFiles(repo.bare, commit.parents[0], sha)
  const those = (...statuses: string[]): string[] =>
    files.filter(({ status }) => statuses.includes(status)).map(({ path }) => path)
  const person = (who: Signature): Json => {
    const username = accountBehind(world, who)?.login
    return { name: who.name, email: who.email, date: time(who.at), ...(username === undefined ? {} : { username }) }
  }
  return {
    id: sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: time(commit.committer.at),
    url: repoHtml(world, repo, `/commit/${sha}`),
    author: person(commit.author),
    committer: person(commit.committer),
    added: those('added', 'renamed'),
    removed: [...those('removed'), ...files.flatMap(({ previousPath }) => previousPath ?? [])],
    modified: those('modified', 'changed'),
  }
}
