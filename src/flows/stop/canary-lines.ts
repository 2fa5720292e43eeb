import type { StandingLine } from '../../core/rollout/related.ts'
import { targetName } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallMissing } from './approval-memory.ts'
import { recallCanaryNews } from './canary-memory.ts'

/** The lines of `/canary status`. For rollouts that Flagger moves, with Flagger's last event and the missing approvals. */
export async function withCanaryNews(
  context: Pick<RepositoryContext, 'memo' | 'repo' | 'clock'>,
  lines: readonly StandingLine[],
): Promise<readonly StandingLine[]> {
  const { memo, repo } = context
  return Promise.all(
    lines.map(async (line) => {
      const { phase, target } = line.standing
      if (phase !== 'owned') return line
      const rollout = targetName(target)
      const told = await recallCanaryNews(memo, repo, rollout)
      const missing = await recallMissing(context, rollout)
      return { ...line, ...(told === undefined ? {} : { told }), ...(missing === undefined ? {} : { missing }) }
    }),
  )
}
