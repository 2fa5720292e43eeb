import type { GitHubRefusal } from '../../core/refusal/github-refusal.ts'

/**
 * GitHub refuses something for good: a rule, a missing permission, an archived repository. Every method of a port that
 * asks GitHub may throw it. Trying again does not help before a person has changed something; outages and limits are
 * other errors.
 */
export class GitHubRefused extends Error {
  override readonly name = 'GitHubRefused'
  readonly refusal: GitHubRefusal

  constructor(refusal: GitHubRefusal) {
    super(`GitHub refuses to ${refusal.action} (${refusal.cause}): ${refusal.reason}`)
    this.refusal = refusal
  }
}
