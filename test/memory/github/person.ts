import type { Permission, Sha } from '../../../src/core/rollout/facts.ts'
import { addComment } from './conversation.ts'
import { endPull, type GitHubState, headOf, moveBranch, person, type Pull, tellPull } from './github.ts'
import { editIssue, openIssue } from './issues.ts'
import { addPull, type MergeOrder, mergePull, openPull, reopenPull } from './pull-requests.ts'

/** A person's actions on GitHub, including pushes. */
export interface MemoryPerson {
  readonly login: string
  /**
   * Commits files (undefined removes one) on top of a branch, which is created if it does not exist. Undefined if nothing
   * changes.
   */
  push(branch: string, files: Readonly<Record<string, string | undefined>>, options?: PushOptions): Sha | undefined
  /** Merges a branch into another one, like `git merge` with a push, or GitHub's "Update branch". */
  mergeBranch(from: string, into: string): boolean
  open(head: string, title: string, base?: string): Pull | undefined
  /** Opens a pull request from a fork, with one commit of these files on the default branch. */
  openFromFork(files: Readonly<Record<string, string>>, title: string): Pull
  comment(pull: number, body: string): number
  /** Returns its number. */
  openIssue(title: string, body?: string): number
  /** Also for ticking a check box, which is such an edit. */
  editIssue(issue: number, body: string): void
  closeIssue(issue: number): void
  close(pull: Pull): void
  reopen(pull: Pull): boolean
  merge(pull: Pull, how?: Pick<MergeOrder, 'ignoresChecks'>): ReturnType<typeof mergePull>
  approve(pull: Pull): void
  setDraft(pull: Pull, isDraft: boolean): void
  deleteBranch(name: string): void
}

interface PushOptions {
  readonly from?: string
  readonly message?: string
}

export function memoryPerson(state: GitHubState, login: string, role?: Permission): MemoryPerson {
  const by = person(login)
  if (role !== undefined) state.roles.set(login, role)
  return {
    login,
    push(branch, files, { from = 'main', message = 'Change' } = {}) {
      const head = headOf(state, branch) ?? headOf(state, from)
      if (head === undefined) return undefined
      const now = new Map(state.objects.files(head))
      const old = new Map(now)
      for (const [path, text] of Object.entries(files))
        if (text === undefined) now.delete(path)
        else now.set(path, text)
      const isSame = now.size === old.size && [...now].every(([path, text]) => old.get(path) === text)
      if (isSame) return undefined
      const made = { files: now, parents: [head], message, author: login, isVerified: false, time: state.now() }
      const { sha } = state.objects.commit(made)
      moveBranch(state, branch, { sha, by })
      return sha
    },
    mergeBranch(from, into) {
      const [theirs, ours] = [headOf(state, from), headOf(state, into)]
      if (theirs === undefined || ours === undefined || state.objects.isAncestor(theirs, ours)) return false
      const merged = state.objects.merge(ours, theirs)
      if ('conflicts' in merged) return false
      const files = state.objects.files(merged.tree) ?? new Map()
      const message = `Merge branch '${from}' into ${into}`
      const made = { files, parents: [ours, theirs], message, author: login, isVerified: true, time: state.now() }
      moveBranch(state, into, { sha: state.objects.commit(made).sha, by })
      return true
    },
    open(head, title, base = 'main') {
      const opened = openPull(state, { head, base, title, body: '', by })
      return opened === 'exists' ? undefined : opened
    },
    openFromFork(files, title) {
      const base = headOf(state, 'main') ?? ''
      const now = new Map([...(state.objects.files(base) ?? []), ...Object.entries(files)])
      const made = { files: now, parents: [base], message: title, author: login, isVerified: false, time: state.now() }
      const head = { ref: 'patch-1', sha: state.objects.commit(made).sha, isFork: true }
      return addPull(state, { title, body: '', by, head, base: { ref: 'main', sha: base } })
    },
    openIssue: (title, body = '') => openIssue(state, { title, body, by }).number,
    editIssue: (issue, body) => editIssue(state, issue, { body, by }),
    closeIssue: (issue) => editIssue(state, issue, { isOpen: false, by }),
    comment: (pull, body) => addComment(state, { pull, by, body }).id,
    close(pull) {
      if (pull.state === 'open') endPull(state, pull, { by })
    },
    reopen: (pull) => reopenPull(state, pull, by),
    merge: (pull, how = {}) => mergePull(state, pull, { by, sha: pull.head.sha, ...how }),
    approve(pull) {
      pull.reviews.push({ login, verdict: 'approve', sha: pull.head.sha })
      pull.updatedAt = state.now()
      const payload = {
        action: 'submitted',
        pull_request: { number: pull.number, head: { sha: pull.head.sha } },
        review: { id: state.nextId(), body: '', user: { login, type: 'User' } },
      }
      state.happened({ event: 'pull_request_review', payload, sender: by })
    },
    setDraft(pull, isDraft) {
      if (pull.draft === isDraft || pull.state !== 'open') return
      pull.draft = isDraft
      pull.updatedAt = state.now()
      tellPull(state, pull, { action: isDraft ? 'converted_to_draft' : 'ready_for_review', by })
    },
    deleteBranch: (name) => moveBranch(state, name, { sha: undefined, by }),
  }
}
