import type { Mirror } from './mirror.ts'

/** A folder of files on this machine, read as a commit is read: whatever is there now, under any name of a tree. */
export interface Worktree extends Pick<Mirror, 'entries' | 'read'> {
  /** Replaces whole texts; file modes stay. Missing files are made. */
  write(files: ReadonlyMap<string, string>): Promise<void>
}
