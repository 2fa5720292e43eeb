/** What a config that a pull request brings changes about the judgement by the config of the base branch. */
import { CONFIG_FILE } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import { raisedByConfigProblem, renamedByConfigProblem } from '../../core/problem/merge.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { raisedByConfig, renamedByConfig } from '../../core/rollout/as-base.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type FileSource, loadConfig, loadSnapshot } from '../repository/load.ts'
import type { TreePair } from './judge-merge.ts'

/** The config that a pull request brings. Undefined if it brings none, if it is not valid, or if it decides already because the old one is broken. */
export async function nextConfig(
  context: FileSource,
  { head, changed, config }: TreePair,
): Promise<Config | undefined> {
  if (changed === 'all' || !changed.includes(CONFIG_FILE) || config !== undefined) return undefined
  const next = await loadConfig(context, head)
  return next.ok ? next.value : undefined
}

/** What it would do to rollouts past the gates. */
export async function problemsOfNext(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  sides: { readonly before: Snapshot; readonly after: Snapshot },
  { head, next: config }: { readonly head: TreePair['head']; readonly next: Config | undefined },
): Promise<readonly Problem[]> {
  if (config === undefined) return []
  const all = { ...sides, next: await loadSnapshot(context, head, { config }) }
  return [...renamedByConfig(all).map(renamedByConfigProblem), ...raisedByConfig(all).map(raisedByConfigProblem)]
}

/** Whether a problem is about a folder that is gone, and that the next config does not name any more either. */
export function isLetGo({ cause }: Problem, next: Config | undefined): boolean {
  if (next === undefined || cause.kind !== 'refused-environment' || cause.refusal.code !== 'no-such-folder')
    return false
  const { entry } = cause.refusal
  return Object.values(next.environments ?? {}).every(({ path }) => path !== entry)
}
