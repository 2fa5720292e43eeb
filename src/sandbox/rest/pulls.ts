/** Pull requests. https://docs.github.com/rest/pulls */
import * as z from 'zod'
import { addReview } from '../model/comments.ts'
import { mergePull } from '../model/merge.ts'
import { editPull, openPull } from '../model/pulls.ts'
import { isAncestor } from '../git/history.ts'
import { resolveCommit } from '../git/objects.ts'
import { commitPayload, filePayload } from '../payload/commits.ts'
import { fullPull, pullCommits, pullFiles, pullSummary, reviewPayload } from '../payload/pulls.ts'
import { branchHead } from '../state/refs.ts'
import { Refusal, validationFailed } from '../state/refusal.ts'
import type { Pull, Repository } from '../state/types.ts'
import { isAtLeast, roleOf } from '../state/world.ts'
import { authorOf } from '../wire/auth.ts'
import { page } from './paging.ts'
import { bodyOf, find, idOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

const CreateBody = z.object({
  title: z.string().optional(),
  head: z.string(),
  head_repo: z.string().optional(),
  base: z.string(),
  body: z.string().nullish(),
  maintainer_can_modify: z.boolean().optional(),
  draft: z.boolean().optional(),
})

const UpdateBody = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  base: z.string().optional(),
  maintainer_can_modify: z.boolean().optional(),
})

const MergeBody = z.object({
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  sha: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).optional(),
})

const ReviewBody = z.object({
  commit_id: z.string().optional(),
  body: z.string().optional(),
  event: z.enum(['APPROVE', 'REQUEST_CHANGES', 'COMMENT']).optional(),
})

function pullOf(call: Call, repo: Repository): Pull {
  return find(repo.pulls, idOf(call, 'pull_number'))
}

function listPulls(call: Call, repo: Repository): Answer {
  const { query } = call
  const state = query.get('state') ?? 'open'
  const head = query.get('head')
  const base = query.get('base')
  const found = [...repo.pulls.values()]
    .filter((pull) => state === 'all' || pull.state === state)
    // A `head` without an owner is ignored, as on GitHub.
    .filter((pull) => head === null || !head.includes(':') || head === `${pull.head.repo.owner.login}:${pull.head.ref}`)
    .filter((pull) => base === null || pull.base.ref === base)
  return page(call, sorted(found, query), { render: (pull) => pullSummary(call.world, pull) })
}

/**
 * "Lists the merged pull request that introduced the commit to the repository. If the commit is not present in the default
 * branch, it will return merged and open pull requests associated with the commit."
 */
function pullsOfCommit(call: Call, repo: Repository): Answer {
  const sha = resolveCommit(repo.bare, call.params['commit_sha'] ?? '')
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${call.params['commit_sha'] ?? ''}`)
  const home = branchHead(repo, repo.defaultBranch)
  const isHome = home !== undefined && isAncestor(repo.bare, sha, home)
  const found = [...repo.pulls.values()]
    .filter((pull) => pull.merged !== undefined || (!isHome && pull.state === 'open'))
    .filter((pull) => pull.merged?.sha === sha || pullCommits(pull).includes(sha))
  return page(call, found, { render: (pull) => pullSummary(call.world, pull) })
}

/** "created" is descending by default, and every other order is ascending. */
function sorted(pulls: Pull[], query: URLSearchParams): Pull[] {
  const sort = query.get('sort') ?? 'created'
  const direction = query.get('direction') ?? (sort === 'created' ? 'desc' : 'asc')
  const key = (pull: Pull): number => (sort === 'updated' ? pull.updatedAt : pull.createdAt)
  const up = pulls.toSorted((one, other) => key(one) - key(other) || one.number - other.number)
  return direction === 'asc' ? up : up.toReversed()
}

function createPull(call: Call, repo: Repository): Answer {
  const body = bodyOf(call, CreateBody)
  if (body.title === undefined || body.title === '') {
    throw validationFailed({ resource: 'PullRequest', code: 'missing_field', field: 'title' })
  }
  const pull = openPull(call.world, {
    repo,
    author: authorOf(call.actor),
    head: body.head,
    base: body.base,
    title: body.title,
    body: body.body,
    draft: body.draft,
    maintainerCanModify: body.maintainer_can_modify,
  })
  return { status: 201, body: fullPull(call.world, pull) }
}

/** The author may edit their own pull request. Others need the role triage. Merging needs write access. */
function updatePull(call: Call, repo: Repository): Answer {
  const pull = pullOf(call, repo)
  const by = authorOf(call.actor).account
  if (call.actor.kind === 'person' && pull.author.account !== by && !isAtLeast(roleOf(repo, by), 'triage')) {
    throw new Refusal(403, 'Must have triage access to repository')
  }
  const { title, body, state, base } = bodyOf(call, UpdateBody)
  editPull(call.world, pull, { by, title, body, state, base })
  return { status: 200, body: fullPull(call.world, pull) }
}

function merge(call: Call, repo: Repository): Answer {
  const pull = pullOf(call, repo)
  const body = bodyOf(call, MergeBody)
  const sha = mergePull(call.world, pull, {
    by: authorOf(call.actor),
    method: body.merge_method ?? 'merge',
    sha: body.sha,
    title: body.commit_title,
    message: body.commit_message,
  })
  return { status: 200, body: { sha, merged: true, message: 'Pull Request successfully merged' } }
}

const STATES = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const

function createReview(call: Call, repo: Repository): Answer {
  const pull = pullOf(call, repo)
  const { event, body } = bodyOf(call, ReviewBody)
  const author = authorOf(call.actor).account
  if (event === undefined) throw new Refusal(422, 'The sandbox has no pending reviews: name an event')
  if (event !== 'COMMENT' && author === pull.author.account) {
    const what = event === 'APPROVE' ? 'approve your own pull request' : 'request changes on your own pull request'
    throw new Refusal(422, `Unprocessable Entity: Can not ${what}`)
  }
  if (event !== 'APPROVE' && (body ?? '') === '') {
    throw new Refusal(422, 'Unprocessable Entity: Body is required')
  }
  const review = addReview(call.world, pull, { author, body: body ?? '', state: STATES[event] })
  return { status: 200, body: reviewPayload(call.world, pull, review) }
}

const PULLS = '/repos/{owner}/{repo}/pulls'
const PULL = `${PULLS}/{pull_number}`
const READ = { needs: ['pull_requests:read'] } as const
/** Anyone with read access may open a pull request from a fork, edit their own, and review. */
const WRITE = { needs: ['pull_requests:write'], role: 'read' } as const

export const PULL_ROUTES: readonly Route[] = [
  repoRoute(`GET ${PULLS}`, READ, listPulls),
  repoRoute(`POST ${PULLS}`, WRITE, createPull),
  repoRoute('GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls', READ, pullsOfCommit),
  repoRoute(`GET ${PULL}`, READ, (call, repo) => ({ status: 200, body: fullPull(call.world, pullOf(call, repo)) })),
  repoRoute(`PATCH ${PULL}`, WRITE, updatePull),
  repoRoute(`PUT ${PULL}/merge`, { needs: ['contents:write'] }, merge),
  repoRoute(`GET ${PULL}/merge`, READ, (call, repo) => {
    if (pullOf(call, repo).merged === undefined) throw new Refusal(404, 'Not Found')
    return { status: 204 }
  }),
  repoRoute(`GET ${PULL}/files`, READ, (call, repo) => {
    const pull = pullOf(call, repo)
    return page(call, pullFiles(pull), {
      render: (file) => filePayload(call.world, pull.head.repo, { file, sha: pull.head.sha }),
    })
  }),
  repoRoute(`GET ${PULL}/commits`, READ, (call, repo) => {
    // "Lists a maximum of 250 commits for a pull request."
    const commits = pullCommits(pullOf(call, repo)).slice(0, 250)
    return page(call, commits, { render: (sha) => commitPayload(call.world, repo, sha) })
  }),
  repoRoute(`GET ${PULL}/reviews`, READ, (call, repo) => {
    const pull = pullOf(call, repo)
    return page(call, pull.reviews, { render: (review) => reviewPayload(call.world, pull, review) })
  }),
  repoRoute(`POST ${PULL}/reviews`, WRITE, createReview),
]
