/** Issues that are not pull requests. https://docs.github.com/rest/issues/issues */
import * as z from 'zod'
import { checkIssues, editIssue, openIssue } from '../model/issues.ts'
import { fullIssue } from '../payload/issues.ts'
import { pullIssuePayload } from '../payload/pulls.ts'
import { notByIntegration, Refusal } from '../state/refusal.ts'
import type { Issue, Repository } from '../state/types.ts'
import { isAtLeast, roleOf } from '../state/world.ts'
import { authorOf, permissionsOf, permits } from '../wire/auth.ts'
import { bodyOf, find, idOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

const IssueDraft = z.object({ title: z.string(), body: z.string().nullish() })
const IssueChange = z.object({
  title: z.string().optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'reopened']).nullish(),
})

/**
 * An App's permission for pull requests is not enough for other issues. Among people, only the author and those with write access
 * may change the texts.
 */
function checkEditor(call: Call, issue: Issue, isText: boolean): void {
  const { actor } = call
  if (actor.kind === 'installation') {
    if (!permits(permissionsOf(actor.token), ['issues:write'])) throw notByIntegration()
    return
  }
  const { account } = authorOf(actor)
  if (issue.author.account === account || isAtLeast(roleOf(issue.repo, account), isText ? 'write' : 'triage')) return
  throw new Refusal(403, 'Must have admin rights to Repository.')
}

export function changeIssue(call: Call, issue: Issue): Answer {
  checkIssues(issue.repo)
  const { title, body, state, state_reason: wanted } = bodyOf(call, IssueChange)
  checkEditor(call, issue, title !== undefined || body !== undefined)
  const reason = wanted === 'completed' || wanted === 'not_planned' ? wanted : undefined
  editIssue(call.world, issue, { by: authorOf(call.actor).account, title, body, state, reason })
  return { status: 200, body: fullIssue(call.world, issue) }
}

function readIssue(call: Call, repo: Repository): Answer {
  const number = idOf(call, 'issue_number')
  const pull = repo.pulls.get(number)
  if (pull !== undefined) return { status: 200, body: pullIssuePayload(call.world, pull) }
  checkIssues(repo)
  return { status: 200, body: fullIssue(call.world, find(repo.issues, number)) }
}

const ISSUES = '/repos/{owner}/{repo}/issues'

export const ISSUE_ROUTES: readonly Route[] = [
  repoRoute(`POST ${ISSUES}`, { needs: ['issues:write'], role: 'read' }, (call, repo) => {
    const { title, body } = bodyOf(call, IssueDraft)
    const issue = openIssue(call.world, repo, { author: authorOf(call.actor), title, body })
    return { status: 201, body: fullIssue(call.world, issue) }
  }),
  repoRoute(`GET ${ISSUES}/{issue_number}`, { needs: ['issues:read', 'pull_requests:read'] }, readIssue),
]
