/** What Perch tried to do. */
export type GitHubAction =
  | 'create-branch'
  | 'move-branch'
  | 'delete-branch'
  | 'commit'
  | 'open-pull'
  | 'edit-pull'
  | 'merge'
  | 'comment'
  | 'check'
  | 'deploy'
  /** To keep the dashboard. */
  | 'issue'
  | 'read'
  /** Any request: GitHub gives no token, or does not find the repository. */
  | 'work'

/** The cause, if GitHub's answer shows it. */
export type RefusalCause =
  /** A ruleset or a branch protection rule. */
  | 'rule'
  /** A branch whose name is a folder of the wanted name, or the reverse. */
  | 'in-the-way'
  | 'name-too-long'
  | 'permission'
  | 'archived'
  | 'suspended'
  | 'not-installed'
  | 'locked'
  | 'pulls-disabled'
  | 'other'

/** A request that GitHub refuses until a person changes something. */
export interface GitHubRefusal {
  readonly action: GitHubAction
  readonly cause: RefusalCause
  /** The branch of the request. Empty if there is none. */
  readonly branch: string
  /** The branch whose name is in the way. */
  readonly rival?: string
  /** GitHub's message, without tokens. Empty if there is none. */
  readonly reason: string
}
