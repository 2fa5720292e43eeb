import type { ConfigResult } from '../../core/config/read.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { templateProblems } from '../../core/problem/templates.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { type FileSource, loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

interface TemplateSides {
  readonly before: Snapshot
  /** Read with the config of the base branch. */
  readonly after: Snapshot
  readonly head: Sha
  /** The config that the change brings; undefined if it brings none. */
  readonly next: ConfigResult | undefined
  /** Whether somebody asks about everything, and not only about a change. */
  readonly isWhole: boolean
}

/** Checks the templates that steps are analysed with, as they are after the merge. `notes`: problems that existed before. */
export async function validateTemplates(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  { before, after, head, next, isWhole }: TemplateSides,
): Promise<{ readonly problems: readonly Problem[]; readonly notes: readonly Problem[] }> {
  const hasTemplate =
    next?.ok === true && Object.values(next.value.services).some(({ analysis }) => analysis?.template !== undefined)
  const merged = hasTemplate && next.ok ? await loadSnapshot(context, head, { config: next.value }) : after
  const found = next !== undefined && !hasTemplate ? [] : templateProblems(merged.targets)
  const known = new Set(templateProblems(before.targets).map(keyOf))
  return {
    problems: found.filter((problem) => isWhole || !known.has(keyOf(problem))),
    notes: isWhole ? [] : found.filter((problem) => known.has(keyOf(problem))),
  }
}

/** Without lines, because a change moves lines. */
function keyOf({ file, cause }: Problem): string {
  return JSON.stringify([file, cause])
}
