import { CONFIG_FILE } from '../../core/config/read.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { templateProblems } from '../../core/problem/templates.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { type FileSource, loadConfig, loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

interface TemplateSides {
  readonly before: Snapshot
  /** Read with the config of the base branch. */
  readonly after: Snapshot
  readonly head: Sha
  readonly changed: readonly string[] | 'all'
}

/** Checks the templates that steps are analysed with, as they are after the merge. `notes`: problems that existed before. */
export async function validateTemplates(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  { before, after, head, changed }: TemplateSides,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly Problem[] }> {
  const isConfigNew = changed !== 'all' && changed.includes(CONFIG_FILE)
  const config = isConfigNew ? await loadConfig(context, head) : undefined
  const hasTemplate =
    config?.ok === true && Object.values(config.value.services).some(({ analysis }) => analysis?.template !== undefined)
  const merged = hasTemplate && config.ok ? await loadSnapshot(context, head, { config: config.value }) : after
  const found = isConfigNew && !hasTemplate ? [] : templateProblems(merged.targets)
  const known = new Set(templateProblems(before.targets).map(keyOf))
  return {
    problems: found.filter((problem) => changed === 'all' || !known.has(keyOf(problem))),
    notes: changed === 'all' ? [] : found.filter((problem) => known.has(keyOf(problem))),
  }
}

/** Without lines, because a change moves lines. */
function keyOf({ file, cause }: Problem): string {
  return JSON.stringify([file, cause])
}
