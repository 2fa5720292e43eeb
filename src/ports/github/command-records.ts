import type { Sha } from '../../core/rollout/facts.ts'

/** What was answered to a comment whose commands leave no trace elsewhere, or to a pressed button. */
interface CommandRecord {
  /** The number of the comment, or the id of the webhook that told of the button. */
  readonly cause: string
  readonly title: string
  readonly summary: string
  /** The answer, as it was posted; undefined where it must not be posted again. */
  readonly answer: string | undefined
}

/** Records that nobody but this App can change or take away. */
export interface CommandRecords {
  find(commit: Sha, cause: string): Promise<Pick<CommandRecord, 'answer'> | undefined>
  write(commit: Sha, record: CommandRecord): Promise<void>
}
