import type { Mirror } from './mirror.ts'

/** A local folder of files that is read like a commit. Every tree name means the current files. */
export interface Worktree extends Pick<Mirror, 'entries' | 'read'> {
  /** Replaces complete texts, and keeps file modes. Creates missing files. */
  write(files: ReadonlyMap<string, string>): Promise<void>
}
