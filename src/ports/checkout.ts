import type { Sha } from '../core/rollout/facts.ts'
import type { Mirror } from './mirror.ts'

/** Stands for the files as they are now wherever a tree is named. */
export const WORK_TREE = 'work tree'

/**
 * The git repository that a folder of this machine is in, with its work tree: the files that git knows, and new ones that it
 * is not told to ignore. Nothing in it is changed, and nothing is fetched.
 */
export interface Checkout extends Pick<Mirror, 'entries' | 'read' | 'changed' | 'merge'> {
  /** The commit that a name (a branch, a tag, `HEAD~1`) stands for; undefined where there is none. */
  resolve(name: string): Promise<Sha | undefined>
}
