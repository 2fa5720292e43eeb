/** Facts from GitHub in Perch's own terms. Decisions use nothing else. Times are epoch milliseconds. */

/** A full Git object name: 40 hex digits. */
export type Sha = string

export interface Person {
  readonly login: string
  /** GitHub's account type `Bot`: GitHub Apps, including Perch. */
  readonly isBot: boolean
}

/** The name of a repository on GitHub, `owner/name`, and the id that survives a rename. */
export interface RepositoryName {
  readonly id: number
  readonly owner: string
  readonly name: string
  /** According to the webhook or list that named the repository. */
  readonly defaultBranch: string
}

export interface PullRequest {
  readonly number: number
  readonly state: 'open' | 'merged' | 'closed'
  readonly draft: boolean
  readonly title: string
  readonly body: string
  readonly author: Person
  readonly head: { readonly ref: string; readonly sha: Sha; readonly isFork: boolean }
  readonly base: { readonly ref: string; readonly sha: Sha; readonly isDefault: boolean }
  /** The commit that landed on the base branch. Undefined unless the pull request is merged. */
  readonly mergeCommit: Sha | undefined
  readonly labels: readonly string[]
  /** The logins of its assignees. For a step, the people who drive its rollout. */
  readonly assignees: readonly string[]
  readonly createdAt: number
  readonly closedAt: number | undefined
  /** When anything about it last changed, including comments, by GitHub's clock. */
  readonly updatedAt?: number
}

export interface Comment {
  readonly id: number
  readonly author: Person
  readonly body: string
  readonly createdAt: number
  /** Someone changed the text after it was written. */
  readonly isEdited: boolean
  /** Written by this GitHub App. */
  readonly isOurs: boolean
}

/** GitHub's repository roles, weakest first. */
export const PERMISSIONS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const
export type Permission = (typeof PERMISSIONS)[number]

/** Whether a permission is at least another one. */
export function isAtLeast(permission: Permission, needed: Permission): boolean {
  return PERMISSIONS.indexOf(permission) >= PERMISSIONS.indexOf(needed)
}

export type CheckName = 'canary/validate' | 'canary/gate'

/** GitHub's conclusions without `neutral` and `skipped`, which would silently pass a required check. */
export type Conclusion = 'success' | 'failure' | 'action_required'

export interface CheckAnnotation {
  readonly path: string
  /** 1-based. */
  readonly line: number
  readonly level: 'failure' | 'warning' | 'notice'
  readonly message: string
  readonly title: string
}

/** A button under a concluded check. */
export interface CheckAction {
  readonly label: string
  readonly description: string
  readonly identifier: string
}

/** A merge that a check is about. GitHub shows the same check on every pull request with its commit. */
export interface CheckSubject {
  /** Undefined for a group of the merge queue. */
  readonly pull: number | undefined
  /** The branch that it merges into. */
  readonly base: string
}

/** The content of a check run. `conclusion` is undefined while it is in progress (`in_progress`). */
export interface CheckReport {
  readonly name: CheckName
  readonly conclusion: Conclusion | undefined
  readonly title: string
  /** Markdown, at most 65,535 characters. */
  readonly summary: string
  readonly text?: string
  readonly annotations?: readonly CheckAnnotation[]
  readonly actions?: readonly CheckAction[]
  readonly subjects?: readonly CheckSubject[]
}

export interface CheckRun {
  readonly id: number
  readonly name: CheckName
  readonly conclusion: Conclusion | undefined
  readonly title: string
  readonly summary: string
  readonly text: string | undefined
  readonly subjects: readonly CheckSubject[]
}
