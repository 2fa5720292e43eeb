/** Comments, reactions, labels and reviews on pull requests. */
import { commentPayload } from '../payload/comments.ts'
import { pullIssuePayload, pullPayload, reviewPayload } from '../payload/pulls.ts'
import { validationFailed } from '../state/refusal.ts'
import type { Account, Author, Comment, Label, Pull, Reaction, Repository, Review } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { characters, MAX_BODY } from './pulls.ts'

export function addComment(world: World, pull: Pull, draft: { author: Author; body: string }): Comment {
  checkComment(draft.body)
  const now = world.now()
  const comment: Comment = {
    id: world.nextId(),
    pull,
    ...draft,
    edits: [],
    createdAt: now,
    updatedAt: now,
    reactions: [],
  }
  pull.repo.comments.set(comment.id, comment)
  pull.updatedAt = now
  announce(world, comment, { action: 'created', by: draft.author.account })
  return comment
}

export function editComment(world: World, comment: Comment, edit: { body: string; by: Account }): void {
  checkComment(edit.body)
  if (edit.body === comment.body) return
  const changes = { body: { from: comment.body } }
  comment.updatedAt = world.now()
  comment.edits.push({ id: world.nextId(), at: comment.updatedAt, from: comment.body, ...edit })
  comment.body = edit.body
  comment.pull.updatedAt = comment.updatedAt
  announce(world, comment, { action: 'edited', by: edit.by, extra: { changes } })
}

export function deleteComment(world: World, comment: Comment, by: Account): void {
  comment.pull.repo.comments.delete(comment.id)
  announce(world, comment, { action: 'deleted', by })
}

function checkComment(body: string): void {
  const wrong = (message: string): Error =>
    validationFailed({ resource: 'IssueComment', code: 'unprocessable', field: 'data', message })
  if (body.trim() === '') throw wrong("Body can't be blank")
  if (characters(body) > MAX_BODY) throw wrong(`Body is too long (maximum is ${String(MAX_BODY)} characters)`)
}

function announce(world: World, comment: Comment, news: { action: string; by: Account; extra?: Json }): void {
  const { pull } = comment
  const payload = (): Json => ({
    ...news.extra,
    issue: pullIssuePayload(world, pull),
    comment: commentPayload(world, comment),
  })
  world.happened({ event: 'issue_comment', action: news.action, repo: pull.repo, sender: news.by, payload })
}

/** Each account can have one reaction of each kind. Adding it twice returns the first one. There is no webhook for reactions. */
export function react(
  world: World,
  comment: Comment,
  draft: { account: Account; content: Reaction['content'] },
): { reaction: Reaction; isNew: boolean } {
  const known = comment.reactions.find((one) => one.account === draft.account && one.content === draft.content)
  if (known !== undefined) return { reaction: known, isNew: false }
  const reaction: Reaction = { id: world.nextId(), ...draft, at: world.now() }
  comment.reactions.push(reaction)
  return { reaction, isNew: true }
}

/** The repository's label with a name, ignoring case. Creates it if it does not exist. */
export function labelNamed(world: World, repo: Repository, name: string): Label {
  const known = repo.labels.get(name.toLowerCase())
  if (known !== undefined) return known
  const label: Label = { id: world.nextId(), name, color: 'ededed', description: null }
  repo.labels.set(name.toLowerCase(), label)
  return label
}

export function addReview(
  world: World,
  pull: Pull,
  draft: { author: Account; body: string; state: Review['state'] },
): Review {
  const review: Review = { id: world.nextId(), ...draft, sha: pull.head.sha, at: world.now() }
  pull.reviews.push(review)
  pull.updatedAt = world.now()
  // Webhooks have the state in lower case, and null for an empty text. The API has neither.
  const body = draft.body === '' ? null : draft.body
  const payload = (): Json => ({
    review: { ...reviewPayload(world, pull, review), state: draft.state.toLowerCase(), body },
    pull_request: pullPayload(world, pull, 'submitted'),
  })
  const happening = {
    event: 'pull_request_review',
    action: 'submitted',
    repo: pull.repo,
    sender: draft.author,
    payload,
  }
  world.happened(happening)
  return review
}
