/** What Perch wanted to do. */
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
  /** The dashboard. */
  | 'issue'
  | 'read'
  /** Anything at all: GitHub gives no token, or does not know the repository. */
  | 'work'

/** The cause, as far as GitHub's answer shows it. */
export type RefusalCause =
  /** A ruleset, or the protection of a branch. */
  | 'rule'
  /** A branch whose name is a folder of the wanted one, or the other way round. */
  | 'in-the-way'
  | 'name-too-long'
  | 'permission'
  | 'archived'
  | 'suspended'
  | 'not-installed'
  | 'locked'
  | 'pulls-disabled'
  | 'other'

/** GitHub refuses something, and will refuse it again until a person changes something. */
export interface GitHubRefusal {
  readonly action: GitHubAction
  readonly cause: RefusalCause
  /** The branch that it is about; empty where it is about none. */
  readonly branch: string
  /** The branch that is in the way. */
  readonly rival?: string
  /** GitHub's own words, with no token in them; empty where it gave none. */
  readonly reason: string
}
