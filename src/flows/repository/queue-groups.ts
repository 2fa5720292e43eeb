import { branchIn, branchRef } from '../../core/branch-ref.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { MergeGroup } from '../tasks/ask.ts'

/** Where GitHub's merge queue stores the commits that need checks: `gh-readonly-queue/main/pr-7-<base>`. */
export const QUEUE_REFS = branchRef('gh-readonly-queue/*')

/** The groups of the merge queue, among refs that were fetched with `QUEUE_REFS`. */
export function queueGroups(refs: ReadonlyMap<string, Sha>): readonly MergeGroup[] {
  return [...refs].flatMap(([ref, head]) => {
    const base = /^gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]{40}$/.exec(branchIn(ref) ?? '')?.[1]
    return base === undefined ? [] : [{ base, ref, head }]
  })
}
