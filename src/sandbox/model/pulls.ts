/** Opening, editing, closing and reopening pull requests, with GitHub's refusals. https://docs.github.com/rest/pulls/pulls */
import { commitsBetween, mergeBase } from '../git/history.ts'
import { branchHead, writeRefs } from '../state/refs.ts'
import { custom, Refusal, validationFailed } from '../state/refusal.ts'
import type { Account, Author, Pull, Repository } from '../state/types.ts'
import { findRepository, fullName, type Json, type World } from '../state/world.ts'
import { announcePull, closePull } from './pull-state.ts'
import { bringCommit } from './refs.ts'

export const MAX_BODY = 65_536

/** GitHub counts characters (code points), not bytes. */
export function characters(text: string): number {
  return Array.from(text).length
}

export interface PullDraft {
  readonly repo: Repository
  readonly author: Author
  /** `branch`, or `owner:branch` for a fork. */
  readonly head: string
  readonly base: string
  readonly title: string
  readonly body?: string | null | undefined
  readonly draft?: boolean | undefined
  readonly maintainerCanModify?: boolean | undefined
}

export function openPull(world: World, draft: PullDraft): Pull {
  const { repo, author, base } = draft
  const head = findHead(world, repo, draft.head)
  const baseSha = branchHead(repo, base)
  if (baseSha === undefined) throw validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid' })
  if (head === undefined) throw validationFailed({ resource: 'PullRequest', field: 'head', code: 'invalid' })
  checkBody('PullRequest', draft.body)
  checkNew(repo, head, { ref: base, sha: baseSha })
  const now = world.now()
  repo.lastNumber += 1
  const pull: Pull = {
    id: world.nextId(),
    issueId: world.nextId(),
    number: repo.lastNumber,
    repo,
    author,
    head,
    base: { ref: base, sha: baseSha },
    title: draft.title,
    body: draft.body ?? null,
    edits: [],
    state: 'open',
    draft: draft.draft ?? false,
    merged: undefined,
    closedAt: undefined,
    updatedAt: now,
    createdAt: now,
    labels: [],
    assignees: [],
    reviews: [],
    maintainerCanModify: draft.maintainerCanModify ?? head.repo !== repo,
  }
  repo.pulls.set(pull.number, pull)
  writeRefs(repo, [{ ref: `refs/pull/${String(pull.number)}/head`, to: head.sha }])
  announcePull(world, pull, { action: 'opened', by: author.account })
  return pull
}

function findHead(
  world: World,
  repo: Repository,
  label: string,
): { repo: Repository; ref: string; sha: string } | undefined {
  const colon = label.indexOf(':')
  const owner = colon === -1 ? repo.owner.login : label.slice(0, colon)
  const ref = label.slice(colon + 1)
  const from =
    owner.toLowerCase() === repo.owner.login.toLowerCase() ? repo : findRepository(world, `${owner}/${repo.name}`)
  if (from === undefined || (from !== repo && from.parent !== repo)) return undefined
  const sha = branchHead(from, ref)
  return sha === undefined ? undefined : { repo: from, ref, sha }
}

function checkNew(repo: Repository, head: Pull['head'], base: Pull['base']): void {
  if (head.repo !== repo) bringCommit(repo, head.repo, head.sha)
  const label = `${head.repo.owner.login}:${head.ref}`
  if (findOpen(repo, head, base.ref) !== undefined) {
    throw custom('PullRequest', `A pull request already exists for ${label}.`)
  }
  if (mergeBase(repo.bare, base.sha, head.sha) === undefined) {
    throw custom('PullRequest', `The ${head.ref} branch has no history in common with ${base.ref}`)
  }
  if (commitsBetween(repo.bare, base.sha, head.sha).length === 0) {
    const name = head.repo === repo ? head.ref : label
    throw custom('PullRequest', `No commits between ${base.ref} and ${name}`)
  }
}

function findOpen(repo: Repository, head: Pull['head'], base: string): Pull | undefined {
  return [...repo.pulls.values()].find(
    (pull) =>
      pull.state === 'open' && pull.head.repo === head.repo && pull.head.ref === head.ref && pull.base.ref === base,
  )
}

function checkBody(resource: string, body: string | null | undefined): void {
  if (characters(body ?? '') <= MAX_BODY) return
  const message = `body is too long (maximum is ${String(MAX_BODY)} characters)`
  throw validationFailed({ resource, code: 'custom', field: 'body', message })
}

export interface PullEdit {
  readonly by: Account
  readonly title?: string | undefined
  readonly body?: string | null | undefined
  readonly state?: 'open' | 'closed' | undefined
  readonly base?: string | undefined
}

export function editPull(world: World, pull: Pull, edit: PullEdit): void {
  checkBody('PullRequest', edit.body)
  if (edit.base !== undefined && edit.base !== pull.base.ref) checkBase(pull, edit.base)
  const changes = applyEdit(world, pull, edit)
  if (Object.keys(changes).length > 0) {
    pull.updatedAt = world.now()
    announcePull(world, pull, { action: 'edited', by: edit.by, extra: { changes } })
  }
  if (edit.state === 'closed' && pull.state === 'open') closePull(world, pull, edit.by)
  if (edit.state === 'open' && pull.state === 'closed') reopen(world, pull, edit.by)
}

/** Changes the texts and the base. Returns the old values in the form of the `edited` event. */
function applyEdit(world: World, pull: Pull, edit: PullEdit): Json {
  const changes: Json = {}
  if (edit.title !== undefined && edit.title !== pull.title) {
    changes['title'] = { from: pull.title }
    pull.title = edit.title
  }
  if (edit.body !== undefined && edit.body !== pull.body) {
    const from = pull.body ?? ''
    changes['body'] = { from }
    pull.edits.push({ id: world.nextId(), at: world.now(), by: edit.by, body: edit.body ?? '', from })
    pull.body = edit.body
  }
  const sha = edit.base === undefined ? undefined : branchHead(pull.repo, edit.base)
  if (edit.base !== undefined && sha !== undefined && edit.base !== pull.base.ref) {
    changes['base'] = { ref: { from: pull.base.ref }, sha: { from: pull.base.sha } }
    pull.base.ref = edit.base
    pull.base.sha = sha
  }
  return changes
}

function checkBase(pull: Pull, base: string): void {
  const { repo, head } = pull
  const invalid = (message: string): Refusal =>
    validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid', message })
  if (pull.state === 'closed') throw invalid('Cannot change the base branch of a closed pull request.')
  const sha = branchHead(repo, base)
  if (sha === undefined) throw invalid(`Proposed base branch '${base}' was not found`)
  if (findOpen(repo, head, base) !== undefined) {
    throw invalid(`A pull request already exists for base branch '${base}' and head branch '${head.ref}'`)
  }
  if (commitsBetween(repo.bare, sha, head.sha).length === 0) {
    throw invalid(`There are no new commits between base branch '${base}' and head branch '${head.ref}'`)
  }
}

function reopen(world: World, pull: Pull, by: Account): void {
  const { repo, head, base } = pull
  const refuse = (why: string): Refusal =>
    validationFailed({
      resource: 'PullRequest',
      code: 'invalid',
      field: 'state',
      message: `state cannot be changed. ${why}`,
    })
  if (pull.merged !== undefined) throw refuse('The pull request cannot be reopened.')
  const sha = branchHead(head.repo, head.ref)
  if (sha === undefined) throw refuse(`The ${head.ref} branch has been deleted.`)
  const baseSha = branchHead(repo, base.ref)
  if (baseSha === undefined) throw refuse(`The ${base.ref} branch has been deleted.`)
  if (sha !== head.sha) throw refuse(`The ${head.ref} branch was force-pushed or recreated.`)
  if (findOpen(repo, head, base.ref) !== undefined) {
    throw refuse(`There is already an open pull request from ${head.ref} to ${base.ref} in ${fullName(repo)}.`)
  }
  pull.state = 'open'
  pull.closedAt = undefined
  pull.base.sha = baseSha
  pull.updatedAt = world.now()
  announcePull(world, pull, { action: 'reopened', by })
}

export function setDraft(world: World, pull: Pull, change: { draft: boolean; by: Account }): void {
  if (pull.draft === change.draft) return
  pull.draft = change.draft
  pull.updatedAt = world.now()
  announcePull(world, pull, { action: change.draft ? 'converted_to_draft' : 'ready_for_review', by: change.by })
}
