import type { Comment } from '../../core/rollout/facts.ts'

/** The comments of one repository's pull requests. */
export interface Conversation {
  /** All comments of a pull request, oldest first. */
  of(pull: number): Promise<readonly Comment[]>
  /** Comments anywhere in the repository that were written or changed at or after `time` (epoch ms), with their pull request. */
  since(time: number): Promise<readonly { readonly pull: number; readonly comment: Comment }[]>
  add(pull: number, body: string): Promise<void>
  edit(comment: number, body: string): Promise<void>
  /** Puts 👀 under a comment; doing it twice leaves one. */
  acknowledge(comment: number): Promise<void>
}
