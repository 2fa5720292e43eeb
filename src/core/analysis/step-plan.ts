/** The queries about a step for either kind of analysis in the config, and the outcome of their answers. */
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

/** Whether the time of a plan is over. Only then can missing data be a failure. */
export function isPlanDue(plan: StepPlan): boolean {
  return plan.kind === 'template' ? plan.isDue : plan.window.isComplete
}
