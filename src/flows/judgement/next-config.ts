/** The config that a pull request brings. A merge is judged by the config of the base branch, so no gate sees what a new one changes. */
import { CONFIG_FILE, type ConfigResult } from '../../core/config/read.ts'
import { configProblem } from '../../core/problem/files.ts'
import { raisedByConfigProblem, renamedByConfigProblem } from '../../core/problem/merge.ts'
import type { Review } from '../../core/gate/review.ts'
import { lostNames } from '../../core/rollout/snapshot/lost-names.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { raisedByConfig, renamedByConfig } from '../../core/rollout/snapshot/config-change.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type FileSource, loadConfig, loadSnapshot } from '../repository/load.ts'
import type { TreePair } from './judge-merge.ts'

/** Undefined if the pull request does not change the config. */
export async function nextConfig(
  context: FileSource,
  { head, changed }: { readonly head: Sha; readonly changed: readonly string[] },
): Promise<ConfigResult | undefined> {
  return changed.includes(CONFIG_FILE) ? loadConfig(context, head) : undefined
}

/** Why the new config must not be merged: it is not valid, or it would move or rename rollouts past the gates. */
export async function judgeNext(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  sides: { readonly before: Snapshot; readonly after: Snapshot },
  { head, next }: { readonly head: TreePair['head']; readonly next: ConfigResult | undefined },
): Promise<Pick<Review, 'problems' | 'lostNames'>> {
  const { before, after } = sides
  if (next === undefined) return { problems: [], lostNames: lostNames(before, after) }
  if (!next.ok) return { problems: next.error.map((problem) => configProblem(problem, 'head')), lostNames: [] }
  const all = { ...sides, next: await loadSnapshot(context, head, { config: next.value, base: before }) }
  const problems = [
    ...renamedByConfig(all).map(renamedByConfigProblem),
    ...raisedByConfig(all).map(raisedByConfigProblem),
  ]
  return { problems, lostNames: lostNames(before, all.next) }
}

/** Whether a problem is about a folder that is gone, and that the next config does not name any more either. */
export function isLetGo({ cause }: Problem, next: ConfigResult | undefined): boolean {
  if (next?.ok !== true || cause.kind !== 'refused-environment' || cause.refusal.code !== 'no-such-folder') return false
  const { entry } = cause.refusal
  return Object.values(next.value.environments ?? {}).every(({ path }) => path !== entry)
}
