/** Comments, reactions, labels and assignees. https://docs.github.com/rest/issues */
import * as z from 'zod'
import { addComment, deleteComment, editComment, labelNamed, react } from '../model/comments.ts'
import { addLabels, assign, removeLabel } from '../model/pull-state.ts'
import { commentPayload, reactionPayload } from '../payload/comments.ts'
import { labelPayload } from '../payload/labels.ts'
import { pullIssuePayload } from '../payload/pulls.ts'
import { Refusal } from '../state/refusal.ts'
import { REACTIONS, type Comment, type Pull, type Repository } from '../state/types.ts'
import { findAccount, isAtLeast, roleOf } from '../state/world.ts'
import { authorOf } from '../wire/auth.ts'
import { changeIssue } from './issues.ts'
import { page } from './paging.ts'
import { bodyOf, find, idOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

const CommentBody = z.object({ body: z.string() })
const ReactionBody = z.object({ content: z.enum(REACTIONS) })
const LabelsBody = z.object({
  labels: z.array(z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)])).optional(),
})
const IssueBody = LabelsBody.extend({ assignees: z.array(z.string()).max(10).optional() })

function pullOf(call: Call, repo: Repository): Pull {
  return find(repo.pulls, idOf(call, 'issue_number'))
}

function commentOf(call: Call, repo: Repository): Comment {
  return find(repo.comments, idOf(call, 'comment_id'))
}

/** `since` filters by the time of the last change. */
function changedSince(call: Call, comments: Comment[]): Comment[] {
  const since = Date.parse(call.query.get('since') ?? '')
  return Number.isNaN(since) ? comments : comments.filter((one) => Math.floor(one.updatedAt / 1000) * 1000 >= since)
}

function listForRepo(call: Call, repo: Repository): Answer {
  const isByUpdate = call.query.get('sort') === 'updated'
  const key = (one: Comment): number => (isByUpdate ? one.updatedAt : one.createdAt)
  const up = changedSince(call, [...repo.comments.values()]).sort(
    (one, other) => key(one) - key(other) || one.id - other.id,
  )
  // "direction: Either asc or desc. Ignored without the sort parameter."
  const isDown = call.query.has('sort') && call.query.get('direction') === 'desc'
  return page(call, isDown ? up.toReversed() : up, { render: (one) => commentPayload(call.world, one) })
}

/** People with write access may change everybody's comments. Others may change only their own. */
function checkOwner(call: Call, comment: Comment): void {
  if (call.actor.kind === 'installation') return
  const { account } = authorOf(call.actor)
  if (comment.author.account === account || isAtLeast(roleOf(comment.pull.repo, account), 'write')) return
  throw new Refusal(403, 'Must have admin rights to Repository.')
}

function createReaction(call: Call, repo: Repository): Answer {
  const comment = commentOf(call, repo)
  const { content } = bodyOf(call, ReactionBody)
  const { reaction, isNew } = react(call.world, comment, { account: authorOf(call.actor).account, content })
  return { status: isNew ? 201 : 200, body: reactionPayload(call.world, reaction) }
}

function listLabels(call: Call, pull: Pull): Answer {
  return page(call, pull.labels, { render: (label) => labelPayload(call.world, pull.repo, label) })
}

function addTo(call: Call, repo: Repository): Answer {
  const pull = pullOf(call, repo)
  const { labels = [] } = bodyOf(call, LabelsBody)
  const by = authorOf(call.actor).account
  addLabels(call.world, pull, { labels: labels.map((name) => labelNamed(call.world, repo, name)), by })
  return listLabels(call, pull)
}

function removeFrom(call: Call, repo: Repository): Answer {
  const pull = pullOf(call, repo)
  const name = (call.params['name'] ?? '').toLowerCase()
  const label = pull.labels.find((one) => one.name.toLowerCase() === name)
  if (label === undefined) throw new Refusal(404, 'Label does not exist')
  removeLabel(call.world, pull, { label, by: authorOf(call.actor).account })
  return listLabels(call, pull)
}

/** Replaces labels and assignees. If somebody without access is among the assignees, nothing changes. */
function updateIssue(call: Call, repo: Repository): Answer {
  const issue = repo.issues.get(idOf(call, 'issue_number'))
  if (issue !== undefined) return changeIssue(call, issue)
  const pull = pullOf(call, repo)
  const { labels, assignees } = bodyOf(call, IssueBody)
  const by = authorOf(call.actor).account
  const accounts = assignees?.map((login) => {
    const account = findAccount(call.world, login)
    if (account?.type === 'User' && roleOf(repo, account) !== 'none') return account
    throw new Refusal(422, 'Validation Failed', [
      { resource: 'Issue', field: 'assignees', code: 'invalid', value: login },
    ])
  })
  if (labels !== undefined) {
    const wanted = labels.map((name) => labelNamed(call.world, repo, name))
    for (const label of pull.labels) if (!wanted.includes(label)) removeLabel(call.world, pull, { label, by })
    addLabels(call.world, pull, { labels: wanted, by })
  }
  if (accounts !== undefined) assign(call.world, pull, { accounts, by })
  return { status: 200, body: pullIssuePayload(call.world, pull) }
}

const REPO = '/repos/{owner}/{repo}'
const ISSUE = `${REPO}/issues/{issue_number}`
const COMMENT = `${REPO}/issues/comments/{comment_id}`
const READ = { needs: ['issues:read', 'pull_requests:read'] } as const
/** Read access is enough to comment and react. */
const WRITE = { needs: ['issues:write', 'pull_requests:write'], role: 'read' } as const
const TRIAGE = { needs: ['issues:write', 'pull_requests:write'], role: 'triage' } as const

export const COMMENT_ROUTES: readonly Route[] = [
  repoRoute(`GET ${ISSUE}/comments`, READ, (call, repo) => {
    const pull = pullOf(call, repo)
    const comments = [...repo.comments.values()].filter((one) => one.pull === pull)
    return page(call, changedSince(call, comments), { render: (one) => commentPayload(call.world, one) })
  }),
  repoRoute(`POST ${ISSUE}/comments`, WRITE, (call, repo) => {
    const pull = pullOf(call, repo)
    const { body } = bodyOf(call, CommentBody)
    const comment = addComment(call.world, pull, { author: authorOf(call.actor), body })
    return { status: 201, body: commentPayload(call.world, comment) }
  }),
  repoRoute(`GET ${REPO}/issues/comments`, READ, listForRepo),
  repoRoute(`GET ${COMMENT}`, READ, (call, repo) => ({
    status: 200,
    body: commentPayload(call.world, commentOf(call, repo)),
  })),
  repoRoute(`PATCH ${COMMENT}`, WRITE, (call, repo) => {
    const comment = commentOf(call, repo)
    checkOwner(call, comment)
    editComment(call.world, comment, { body: bodyOf(call, CommentBody).body, by: authorOf(call.actor).account })
    return { status: 200, body: commentPayload(call.world, comment) }
  }),
  repoRoute(`DELETE ${COMMENT}`, WRITE, (call, repo) => {
    const comment = commentOf(call, repo)
    checkOwner(call, comment)
    deleteComment(call.world, comment, authorOf(call.actor).account)
    return { status: 204 }
  }),
  repoRoute(`GET ${COMMENT}/reactions`, READ, (call, repo) => {
    const content = call.query.get('content')
    const reactions = commentOf(call, repo).reactions.filter((one) => content === null || one.content === content)
    return page(call, reactions, { render: (one) => reactionPayload(call.world, one) })
  }),
  repoRoute(`POST ${COMMENT}/reactions`, WRITE, createReaction),
  repoRoute(`GET ${ISSUE}/labels`, READ, (call, repo) => listLabels(call, pullOf(call, repo))),
  repoRoute(`POST ${ISSUE}/labels`, TRIAGE, addTo),
  repoRoute(`DELETE ${ISSUE}/labels/{name}`, TRIAGE, removeFrom),
  repoRoute(`PATCH ${ISSUE}`, TRIAGE, updateIssue),
]
