/** Reads the state of the sandbox from outside, as snapshots. */
import { listTree, readBlob, readCommit, resolveCommit } from './git/objects.ts'
import { history } from './git/history.ts'
import { mergeability, type Mergeability } from './state/mergeability.ts'
import { branchHead } from './state/refs.ts'
import { runsOn } from './state/results.ts'
import type { Author, CheckRun, Comment, Deployment, Pull, Repository, Review, Status } from './state/types.ts'
import { fullName, type World } from './state/world.ts'

export interface PullView {
  readonly number: number
  readonly state: 'open' | 'merged' | 'closed'
  readonly title: string
  readonly body: string
  readonly draft: boolean
  /** The login. An App's login ends in `[bot]`. */
  readonly author: string
  readonly head: { readonly repository: string; readonly ref: string; readonly sha: string }
  readonly base: { readonly ref: string; readonly sha: string }
  readonly mergeCommit: string | undefined
  readonly mergedBy: string | undefined
  readonly mergeable: Mergeability['mergeable']
  readonly mergeableState: Mergeability['state']
  readonly labels: readonly string[]
  readonly reviews: readonly Review[]
  readonly createdAt: number
  readonly updatedAt: number
  readonly closedAt: number | undefined
}

export interface CommentView {
  readonly id: number
  readonly pull: number
  readonly author: string
  readonly body: string
  /** The slug of the App that wrote it. */
  readonly viaApp: string | undefined
  readonly reactions: readonly { readonly content: string; readonly by: string }[]
  readonly createdAt: number
  readonly updatedAt: number
}

interface IssueView {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly state: 'open' | 'closed'
  /** The login. An App's login ends in `[bot]`. */
  readonly author: string
}

interface CheckRunView {
  readonly id: number
  readonly name: string
  readonly app: string
  readonly sha: string
  readonly externalId: string
  readonly status: CheckRun['status']
  readonly conclusion: string | null
  readonly title: string | null
  readonly summary: string | null
  readonly text: string | null
  readonly annotations: CheckRun['annotations']
  readonly actions: CheckRun['actions']
}

interface CommitView {
  readonly sha: string
  readonly message: string
  readonly author: string
  readonly parents: readonly string[]
  /** Whether GitHub signed it. */
  readonly verified: boolean
}

/** The current state of one repository. `ref`: a branch, a tag or a commit; default: the default branch. */
export interface RepositoryView {
  readonly id: number
  readonly fullName: string
  readonly defaultBranch: string
  /** For `git clone`, without credentials. */
  readonly cloneUrl: string
  files(ref?: string): Readonly<Record<string, string>>
  file(path: string, ref?: string): string | undefined
  /** The head of a branch. */
  branch(name: string): string | undefined
  branches(): readonly string[]
  /** The commits from `ref` back, newest first. */
  log(ref?: string): readonly CommitView[]
  pull(number: number): PullView
  /** Newest first. */
  pulls(state?: PullView['state']): readonly PullView[]
  /** Oldest first. */
  comments(number: number): readonly CommentView[]
  /** Issues that are not pull requests, oldest first. */
  issues(): readonly IssueView[]
  /** All runs that were ever created, newest first. */
  checkRuns(ref: string): readonly CheckRunView[]
  /** Newest first. */
  statuses(ref: string): readonly Status[]
  /** Oldest first. */
  deployments(): readonly Deployment[]
}

export function viewRepository(world: World, repo: Repository): RepositoryView {
  const at = (ref = repo.defaultBranch): string => {
    // The model knows its branches. Asking git would start a process each time a test polls.
    const sha = branchHead(repo, ref) ?? resolveCommit(repo.bare, ref)
    if (sha === undefined) throw new Error(`${fullName(repo)} has no ${ref}`)
    return sha
  }
  const files = (ref?: string): Record<string, string> =>
    Object.fromEntries(
      listTree(repo.bare, at(ref), 'all')
        .filter(({ type }) => type === 'blob')
        .map(({ path, sha }) => [path, readBlob(repo.bare, sha).toString('utf8')]),
    )
  return {
    id: repo.id,
    fullName: fullName(repo),
    defaultBranch: repo.defaultBranch,
    cloneUrl: `${world.origin}/${fullName(repo)}.git`,
    files,
    file: (path, ref) => {
      const found = listTree(repo.bare, at(ref), 'all').find((entry) => entry.type === 'blob' && entry.path === path)
      return found === undefined ? undefined : readBlob(repo.bare, found.sha).toString('utf8')
    },
    branch: (name) => branchHead(repo, name),
    branches: () =>
      [...repo.refs.keys()]
        .filter((ref) => ref.startsWith('refs/heads/'))
        .map((ref) => ref.slice('refs/heads/'.length)),
    log: (ref) => history(repo.bare, at(ref), 1000).map((sha) => viewCommit(repo, sha)),
    pull: (number) => viewPull(world, pullOf(repo, number)),
    pulls: (state) =>
      [...repo.pulls.values()]
        .map((pull) => viewPull(world, pull))
        .filter((pull) => state === undefined || pull.state === state)
        .toReversed(),
    comments: (number) =>
      [...repo.comments.values()].filter(({ pull }) => pull.number === number).map((comment) => viewComment(comment)),
    checkRuns: (ref) => runsOn(repo, at(ref)).map((run) => viewCheckRun(run)),
    issues: () =>
      [...repo.issues.values()].map(({ number, title, body, state, author }) => {
        return { number, title, body: body ?? '', state, author: author.account.login }
      }),
    deployments: () => [...repo.deployments.values()],
    statuses: (ref) => {
      const sha = at(ref)
      return repo.statuses.filter((status) => status.sha === sha).toReversed()
    },
  }
}

export function pullOf(repo: Repository, number: number): Pull {
  const pull = repo.pulls.get(number)
  if (pull === undefined) throw new Error(`${fullName(repo)} has no pull request #${String(number)}`)
  return pull
}

export function viewPull(world: World, pull: Pull): PullView {
  const { mergeable, state } = mergeability(world, pull)
  return {
    number: pull.number,
    state: pull.merged === undefined ? pull.state : 'merged',
    title: pull.title,
    body: pull.body ?? '',
    draft: pull.draft,
    author: pull.author.account.login,
    head: { repository: fullName(pull.head.repo), ref: pull.head.ref, sha: pull.head.sha },
    base: { ...pull.base },
    mergeCommit: pull.merged?.sha,
    mergedBy: pull.merged?.by.login,
    mergeable,
    mergeableState: state,
    labels: pull.labels.map(({ name }) => name),
    reviews: [...pull.reviews],
    createdAt: pull.createdAt,
    updatedAt: pull.updatedAt,
    closedAt: pull.closedAt,
  }
}

export function viewComment(comment: Comment): CommentView {
  const { app }: Author = comment.author
  return {
    id: comment.id,
    pull: comment.pull.number,
    author: comment.author.account.login,
    body: comment.body,
    viaApp: app?.slug,
    reactions: comment.reactions.map(({ content, account }) => ({ content, by: account.login })),
    createdAt: comment.createdAt,
    updatedAt: comment.updatedAt,
  }
}

function viewCheckRun(run: CheckRun): CheckRunView {
  const { id, name, sha, externalId, status, conclusion, title, summary, text, annotations, actions } = run
  const app = run.app.slug
  return { id, name, app, sha, externalId, status, conclusion, title, summary, text, annotations, actions }
}

function viewCommit(repo: Repository, sha: string): CommitView {
  const { message, author, parents } = readCommit(repo.bare, sha)
  return { sha, message, author: author.name, parents, verified: repo.signed.has(sha) }
}
