import type { Sha } from '../core/rollout/facts.ts'
import type { Mirror } from './mirror.ts'

/** In place of a commit or tree: the files as they are on disk now. */
export const WORK_TREE = 'work tree'

/**
 * The git repository that a local folder belongs to, with its working tree: tracked files, and untracked files that are not
 * ignored. Read-only: nothing is changed or fetched.
 */
export interface Checkout extends Pick<Mirror, 'entries' | 'read' | 'changed' | 'merge'> {
  /** The commit that a name (a branch, a tag, `HEAD~1`) refers to; undefined if it refers to none. */
  resolve(name: string): Promise<Sha | undefined>
}
