/** What is asked about a step, by whichever analysis the config has, and what the answers come to. */
import { judgeTemplate } from '../analysis-template/judge.ts'
import { planTemplate, type TemplatePlan } from '../analysis-template/plan.ts'
import { judgeAnalysis } from './judge.ts'
import { type AnalysisPlan, type AnalysisQuestion, planAnalysis, rolloutValues } from './plan.ts'
import type { Answers } from './readings.ts'
import type { AnalysisReport } from './report.ts'

export type StepPlan = AnalysisPlan | TemplatePlan

export function planStep(question: AnalysisQuestion): StepPlan {
  const { standing, analysis, since, now, servers } = question
  if (analysis.template === undefined) return planAnalysis(question)
  const { template: lookup = { ok: false, error: { code: 'not-found' } }, bakeMs } = standing.target.settings
  const values = rolloutValues(standing, 'canary')
  return planTemplate({ analysis, lookup, values, servers }, { since, bakeMs, now })
}

export function judgeStep(plan: StepPlan, answers: Answers): AnalysisReport {
  return plan.kind === 'template' ? judgeTemplate(plan, answers) : judgeAnalysis(plan, answers)
}

/** Whether the time is over that a plan was made for: no data can be a failure then. */
export function isPlanDue(plan: StepPlan): boolean {
  return plan.kind === 'template' ? plan.isDue : plan.window.isComplete
}
