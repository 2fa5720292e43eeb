/** Tells GitHub's permanent refusals from failures that may pass. GitHub distinguishes them only by status and message. */
import type { GitHubAction, GitHubRefusal, RefusalCause } from '../../../core/refusal/github-refusal.ts'

export interface RefusedRequest {
  readonly status: number | undefined
  /** GitHub's message. */
  readonly reason: string
  /** GitHub refused the installation's token, before the request itself. */
  readonly isForToken: boolean
  /** The error types of a GraphQL refusal; undefined for REST. */
  readonly types?: readonly string[] | undefined
}

export interface RequestAim {
  /** `POST /repos/{owner}/{repo}/git/refs`, or the name of a GraphQL mutation. */
  readonly route: string
  readonly branch?: string | undefined
}

/** Phrases in the answers of GitHub's API. The statuses vary: for rules alone, GitHub uses 403, 405, 409 and 422. */
const SIGNS: readonly (readonly [RegExp, RefusalCause])[] = [
  [/archived so is read-only/i, 'archived'],
  [/installation .*suspended/i, 'suspended'],
  [/(?:issue|conversation|pull request) is locked/i, 'locked'],
  [/not accessible by integration/i, 'permission'],
  [
    /rule violations? found|protected (?:branch|ref)|being restricted|locked branch|(?:reference|branch) update failed/i,
    'rule',
  ],
  [
    /pull requests? (?:are|is|has been|have been) disabled|must be a collaborator|permitted to create/i,
    'pulls-disabled',
  ],
]

/** Undefined for an outage, and for something that may work a moment later. */
export function refusalOf(failure: RefusedRequest, wanted: RequestAim): GitHubRefusal | undefined {
  const cause = causeOf(failure, wanted.route)
  if (cause === undefined) return undefined
  const action = failure.isForToken || cause === 'not-installed' ? 'work' : actionOf(wanted.route)
  return { action, cause, branch: wanted.branch ?? '', reason: failure.reason }
}

function causeOf(failure: RefusedRequest, route: string): RefusalCause | undefined {
  const { status = 0, reason, types } = failure
  if (types === undefined && !isClientError(status)) return undefined
  const named = SIGNS.find(([words]) => words.test(reason))?.[1]
  if (named !== undefined) return named
  if (types !== undefined) return causeAmong(types)
  if (status === 403) return 'permission'
  const isRepositoryGone = failure.isForToken || NAMES_REPOSITORY_ONLY.test(route)
  return status === 404 && isRepositoryGone ? 'not-installed' : undefined
}

/** A refused token is replaced, and says nothing about the requested resource. */
function isClientError(status: number): boolean {
  return status >= 400 && status < 500 && status !== 401
}

/** Other types (`STALE_DATA`, `NOT_FOUND`, or none) may pass a moment later. */
function causeAmong(types: readonly string[]): RefusalCause | undefined {
  if (types.includes('BRANCH_PROTECTION_RULE_VIOLATION')) return 'rule'
  if (types.includes('FORBIDDEN') || types.includes('INSUFFICIENT_SCOPES')) return 'permission'
  return types.includes('UNPROCESSABLE') ? 'other' : undefined
}

/** Routes that exist wherever the repository exists. */
const NAMES_REPOSITORY_ONLY = /^GET \/repos\/\{owner\}\/\{repo\}(?:\/pulls|\/issues\/comments|\/deployments)?$/

const ACTIONS: readonly (readonly [RegExp, GitHubAction])[] = [
  [/^GET /, 'read'],
  [/createCommitOnBranch/, 'commit'],
  [/^POST .*\/git\//, 'create-branch'],
  [/updateRefs/, 'move-branch'],
  [/^DELETE .*\/git\//, 'delete-branch'],
  [/^POST .*\/pulls$/, 'open-pull'],
  [/\/merge$/, 'merge'],
  [/\/comments/, 'comment'],
  [/\/check-runs/, 'check'],
  [/\/deployments/, 'deploy'],
  [/\/(?:pulls|labels)/, 'edit-pull'],
]

function actionOf(route: string): GitHubAction {
  return ACTIONS.find(([pattern]) => pattern.test(route))?.[1] ?? 'work'
}
