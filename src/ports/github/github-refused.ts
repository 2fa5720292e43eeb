import type { GitHubRefusal } from '../../core/refusal/github-refusal.ts'

/**
 * A permanent refusal by GitHub: a rule, a missing permission, an archived repository. Every port method that calls GitHub may
 * throw it. Retrying does not help until a person changes something. Outages and rate limits are other errors.
 */
export class GitHubRefused extends Error {
  override readonly name = 'GitHubRefused'
  readonly refusal: GitHubRefusal

  constructor(refusal: GitHubRefusal) {
    super(`GitHub refuses to ${refusal.action} (${refusal.cause}): ${refusal.reason}`)
    this.refusal = refusal
  }
}
