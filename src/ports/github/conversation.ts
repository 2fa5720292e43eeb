import type { Comment } from '../../core/rollout/facts.ts'

/** The comments of one repository's pull requests. */
export interface Conversation {
  /** All comments of a pull request, oldest first. */
  of(pull: number): Promise<readonly Comment[]>
  /**
   * All comments of the repository's pull requests that were written or edited at or after `time` (epoch ms), with the number of
   * their pull request.
   */
  since(time: number): Promise<readonly { readonly pull: number; readonly comment: Comment }[]>
  add(pull: number, body: string): Promise<void>
  edit(comment: number, body: string): Promise<void>
  /** Adds 👀 to a comment. Doing it twice leaves one reaction. */
  acknowledge(comment: number): Promise<void>
}
