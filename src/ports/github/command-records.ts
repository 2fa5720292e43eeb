import type { Sha } from '../../core/rollout/facts.ts'

/** Perch's answer to a pressed button, or to a comment whose commands leave no other trace. */
interface CommandRecord {
  /** The number of the comment, or the id of the webhook that reported the button. */
  readonly cause: string
  readonly title: string
  readonly summary: string
  /** The answer as it was posted; undefined if it must not be posted again. */
  readonly answer: string | undefined
}

/** Records that only this App can change, and nobody can delete. */
export interface CommandRecords {
  find(commit: Sha, cause: string): Promise<Pick<CommandRecord, 'answer'> | undefined>
  write(commit: Sha, record: CommandRecord): Promise<void>
}
