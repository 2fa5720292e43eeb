/** Everything a person can do on GitHub's pages and with git. Throws a `Refusal` if the role does not allow it. */
import { addComment, addReview, deleteComment, editComment, labelNamed, react } from '../model/comments.ts'
import { mergePull } from '../model/merge.ts'
import { addLabels, removeLabel } from '../model/pull-state.ts'
import { editPull, openPull, setDraft } from '../model/pulls.ts'
import { endGroup, formGroup, mergeGroup } from '../model/queue.ts'
import { moveRef } from '../model/refs.ts'
import { issueSide, type IssueSide } from './issues.ts'
import { pushFiles, fork, type FileTexts } from './push.ts'
import { pullOf, viewComment, viewPull, type CommentView, type PullView } from '../read.ts'
import { checkSide, reportSide, type CheckSide, type ReportSide, type Scene } from './reports.ts'
import { branchHead } from '../state/refs.ts'
import { readOnly, Refusal } from '../state/refusal.ts'
import type { Account, Comment, Reaction, Repository, Role } from '../state/types.ts'
import { byPerson, fullName, isAtLeast, roleOf, type World } from '../state/world.ts'

interface PullRequestDraft {
  readonly branch: string
  /** Default: the repository's default branch. */
  readonly base?: string
  readonly title: string
  readonly body?: string
  /** These are pushed to the branch first. Without files, the branch must exist, or `emptyCommit` must be true. */
  readonly files?: FileTexts
  readonly emptyCommit?: boolean
  readonly draft?: boolean
  /** Opens it from the person's own fork, which is created if necessary. */
  readonly fromFork?: boolean
}

export interface Person extends ReportSide, CheckSide, IssueSide {
  readonly login: string
  /** A token for REST, GraphQL and git as this person. */
  readonly token: string
  openPullRequest(draft: PullRequestDraft): PullView
  editPullRequest(number: number, edit: { title?: string; body?: string }): void
  /** Changes the base branch. */
  retarget(number: number, base: string): void
  setDraft(number: number, isDraft: boolean): void
  close(number: number): void
  reopen(number: number): void
  /** Returns the commit that landed on the base. */
  merge(number: number, how?: { method?: 'merge' | 'squash' | 'rebase'; sha?: string }): string
  review(number: number, event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT', body?: string): void
  label(number: number, ...names: string[]): void
  unlabel(number: number, name: string): void
  comment(number: number, body: string): CommentView
  editComment(id: number, body: string): void
  deleteComment(id: number): void
  react(id: number, content: Reaction['content']): void
  /** Commits to a branch, which is created from the default branch if it does not exist. Returns the new head. */
  push(branch: string, files: FileTexts, message?: string): string
  /** Points a branch at any commit. */
  forcePush(branch: string, to: string): void
  deleteBranch(branch: string): void
  /** Puts pull requests into the merge queue as one group. */
  enqueue(...numbers: number[]): QueuedGroup
}

interface QueuedGroup {
  readonly sha: string
  readonly ref: string
  merge(): void
  remove(): void
}

export function createPerson(world: World, repo: Repository, account: Account): Person {
  const must = (role: Role): void => {
    if (repo.archived) throw readOnly()
    if (isAtLeast(roleOf(repo, account), role)) return
    throw new Refusal(403, `${account.login} needs the role ${role} in ${fullName(repo)}`)
  }
  const scene: Scene = { world, repo, account, must }
  return {
    login: account.login,
    token: account.token ?? '',
    ...pullRequestSide(scene),
    ...commentSide(scene),
    ...gitSide(scene),
    ...reportSide(scene),
    ...checkSide(scene),
    ...issueSide(scene),
  }
}

type PullRequestSide = Pick<
  Person,
  'openPullRequest' | 'editPullRequest' | 'retarget' | 'setDraft' | 'close' | 'reopen' | 'merge' | 'review' | 'enqueue'
>

function pullRequestSide(scene: Scene): PullRequestSide {
  const { world, repo, account, must } = scene
  const by = byPerson(account)
  /** The author may change their own pull request. Others need the role triage. */
  const edit = (number: number, change: Omit<Parameters<typeof editPull>[2], 'by'>): void => {
    const pull = pullOf(repo, number)
    must(pull.author.account === account ? 'read' : 'triage')
    editPull(world, pull, { by: account, ...change })
  }
  return {
    openPullRequest: (draft) => open(scene, draft),
    editPullRequest: edit,
    retarget: (number, base) => {
      edit(number, { base })
    },
    setDraft: (number, isDraft) => {
      setDraft(world, pullOf(repo, number), { draft: isDraft, by: account })
    },
    close: (number) => {
      edit(number, { state: 'closed' })
    },
    reopen: (number) => {
      edit(number, { state: 'open' })
    },
    merge(number, how = {}) {
      must('write')
      return mergePull(world, pullOf(repo, number), { by, method: how.method ?? 'merge', sha: how.sha })
    },
    review(number, event, body = '') {
      must('read')
      const pull = pullOf(repo, number)
      if (event !== 'COMMENT' && pull.author.account === account)
        throw new Refusal(422, 'Can not review your own pull request')
      const state = ({ APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const)[
        event
      ]
      addReview(world, pull, { author: account, body, state })
    },
    enqueue(...numbers) {
      must('write')
      const pulls = numbers.map((number) => pullOf(repo, number))
      const group = formGroup(world, pulls, by)
      return {
        sha: group.sha,
        ref: group.ref,
        merge: () => {
          mergeGroup(world, group, by)
        },
        remove: () => {
          endGroup(world, group, { by, reason: 'dequeued' })
        },
      }
    },
  }
}

function open({ world, repo, account, must }: Scene, draft: PullRequestDraft): PullView {
  must('read')
  const from = draft.fromFork === true ? fork(world, repo, account) : repo
  if (draft.files !== undefined || draft.emptyCommit === true) {
    if (from === repo) must('write')
    const start = branchHead(repo, draft.base ?? repo.defaultBranch)
    pushFiles(world, from, { branch: draft.branch, files: draft.files ?? {}, by: account, start, message: draft.title })
  }
  const pull = openPull(world, {
    repo,
    author: byPerson(account),
    head: `${from.owner.login}:${draft.branch}`,
    base: draft.base ?? repo.defaultBranch,
    title: draft.title,
    body: draft.body,
    draft: draft.draft,
  })
  return viewPull(world, pull)
}

type CommentSide = Pick<Person, 'label' | 'unlabel' | 'comment' | 'editComment' | 'deleteComment' | 'react'>

function commentSide({ world, repo, account, must }: Scene): CommentSide {
  const own = (id: number): Comment => {
    const comment = repo.comments.get(id)
    if (comment === undefined) throw new Error(`${fullName(repo)} has no comment ${String(id)}`)
    // People with write access may change other people's comments.
    must(comment.author.account === account ? 'read' : 'write')
    return comment
  }
  return {
    comment(number, body) {
      must('read')
      return viewComment(addComment(world, pullOf(repo, number), { author: byPerson(account), body }))
    },
    editComment: (id, body) => {
      editComment(world, own(id), { body, by: account })
    },
    deleteComment: (id) => {
      deleteComment(world, own(id), account)
    },
    react(id, content) {
      must('read')
      const comment = repo.comments.get(id)
      if (comment !== undefined) react(world, comment, { account, content })
    },
    label(number, ...names) {
      must('triage')
      const labels = names.map((name) => labelNamed(world, repo, name))
      addLabels(world, pullOf(repo, number), { labels, by: account })
    },
    unlabel(number, name) {
      must('triage')
      removeLabel(world, pullOf(repo, number), { label: labelNamed(world, repo, name), by: account })
    },
  }
}

function gitSide({ world, repo, account, must }: Scene): Pick<Person, 'push' | 'forcePush' | 'deleteBranch'> {
  const by = byPerson(account)
  const move = (branch: string, to: string | undefined): void => {
    must('write')
    moveRef(world, { repo, ref: `refs/heads/${branch}`, to, by })
  }
  return {
    push(branch, files, message) {
      must('write')
      const start = branchHead(repo, repo.defaultBranch)
      return pushFiles(world, repo, { branch, files, by: account, start, message: message ?? `Change ${branch}` })
    },
    forcePush: move,
    deleteBranch: (branch) => {
      move(branch, undefined)
    },
  }
}
