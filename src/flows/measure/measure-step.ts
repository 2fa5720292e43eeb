import type { RangeAnswer } from '../../core/analysis/answer.ts'
import { judgeAnalysis } from '../../core/analysis/judge.ts'
import { planAnalysis } from '../../core/analysis/plan.ts'
import type { AnalysisReport } from '../../core/analysis/report.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/**
 * What the canary measures in the step that went live at `since` (epoch ms): the bake window, as far as it is over, and the
 * time after it. Undefined where the config asks for no analysis.
 */
export async function measureStep(
  context: Pick<RepositoryContext, 'metrics' | 'clock'>,
  standing: Standing,
  since: number,
): Promise<AnalysisReport | undefined> {
  const { analysis } = standing.target.settings
  if (analysis === undefined) return undefined
  const { metrics, clock } = context
  const plan = planAnalysis({ standing, analysis, since, now: clock.now(), servers: metrics.servers() })
  const answers: RangeAnswer[] = []
  let lost: RangeAnswer | undefined
  for (const { query, range } of plan.asks) {
    const answer = lost ?? (await metrics.range(analysis.provider, query, range))
    // Who does not answer is not asked the rest: each would be waited for.
    if (!answer.ok && (answer.code === 'unreachable' || answer.code === 'timed-out')) lost = answer
    answers.push(answer)
  }
  return judgeAnalysis(plan, answers)
}
