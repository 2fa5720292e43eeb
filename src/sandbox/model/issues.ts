/** Opening, editing, closing and reopening issues. https://docs.github.com/rest/issues/issues */
import { issuePayload } from '../payload/issues.ts'
import { Refusal, validationFailed } from '../state/refusal.ts'
import type { Account, Author, Issue, Repository } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { characters, MAX_BODY } from './pulls.ts'

export interface IssueDraft {
  readonly author: Author
  readonly title: string
  readonly body?: string | null | undefined
}

export function openIssue(world: World, repo: Repository, draft: IssueDraft): Issue {
  checkIssues(repo)
  checkTexts(draft)
  const now = world.now()
  repo.lastNumber += 1
  const issue: Issue = {
    id: world.nextId(),
    number: repo.lastNumber,
    repo,
    author: draft.author,
    title: draft.title,
    body: draft.body ?? null,
    state: 'open',
    stateReason: null,
    closedBy: undefined,
    closedAt: undefined,
    createdAt: now,
    updatedAt: now,
  }
  repo.issues.set(issue.number, issue)
  announce(world, issue, { action: 'opened', by: draft.author.account })
  return issue
}

/** A repository with issues switched off also hides its existing ones. */
export function checkIssues(repo: Repository): void {
  if (!repo.hasIssues) throw new Refusal(410, 'Issues are disabled for this repo')
}

export interface IssueEdit {
  readonly by: Account
  readonly title?: string | undefined
  readonly body?: string | null | undefined
  readonly state?: Issue['state'] | undefined
  readonly reason?: 'completed' | 'not_planned' | undefined
}

export function editIssue(world: World, issue: Issue, edit: IssueEdit): void {
  checkTexts(edit)
  const changes: Json = {}
  if (edit.title !== undefined && edit.title !== issue.title) {
    changes['title'] = { from: issue.title }
    issue.title = edit.title
  }
  if (edit.body !== undefined && edit.body !== issue.body) {
    changes['body'] = { from: issue.body ?? '' }
    issue.body = edit.body
  }
  if (Object.keys(changes).length > 0) {
    issue.updatedAt = world.now()
    announce(world, issue, { action: 'edited', by: edit.by, extra: { changes } })
  }
  if (edit.state !== undefined && edit.state !== issue.state) turn(world, issue, { ...edit, state: edit.state })
}

function turn(world: World, issue: Issue, to: IssueEdit & Pick<Issue, 'state'>): void {
  const isClosed = to.state === 'closed'
  issue.state = to.state
  issue.stateReason = isClosed ? (to.reason ?? 'completed') : 'reopened'
  issue.updatedAt = world.now()
  issue.closedAt = isClosed ? issue.updatedAt : undefined
  issue.closedBy = isClosed ? to.by : undefined
  announce(world, issue, { action: isClosed ? 'closed' : 'reopened', by: to.by })
}

function checkTexts({
  title,
  body,
}: {
  readonly title?: string | undefined
  readonly body?: string | null | undefined
}) {
  if (title?.trim() === '') throw validationFailed({ resource: 'Issue', code: 'missing_field', field: 'title' })
  if (characters(body ?? '') <= MAX_BODY) return
  const message = `body is too long (maximum is ${String(MAX_BODY)} characters)`
  throw validationFailed({ resource: 'Issue', code: 'custom', field: 'body', message })
}

function announce(world: World, issue: Issue, news: { action: string; by: Account; extra?: Json }): void {
  const payload = (): Json => ({ ...news.extra, issue: issuePayload(world, issue) })
  world.happened({ event: 'issues', action: news.action, repo: issue.repo, sender: news.by, payload })
}
