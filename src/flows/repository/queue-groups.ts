import type { Sha } from '../../core/rollout/facts.ts'
import type { MergeGroup } from '../tasks/ask.ts'

/** Where GitHub's merge queue stores the commits that need checks: `gh-readonly-queue/main/pr-7-<base>`. */
export const QUEUE_REFS = 'refs/heads/gh-readonly-queue/*'

/** The groups of the merge queue, among refs that were fetched with `QUEUE_REFS`. */
export function queueGroups(refs: ReadonlyMap<string, Sha>): readonly MergeGroup[] {
  return [...refs].flatMap(([ref, head]) => {
    const base = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]{40}$/.exec(ref)?.[1]
    return base === undefined ? [] : [{ base, ref, head }]
  })
}
