import { metricsOf, placeOfTemplate, templateName } from '../analysis-template/plan.ts'
import { ARGUMENT_VARIABLES } from '../analysis-template/reading/arguments.ts'
import type { TemplateProblem } from '../analysis-template/template-problem.ts'
import { rolloutValues } from '../analysis/plan.ts'
import { CONFIG_FILE } from '../config/read.ts'
import { standingOf } from '../rollout/standing.ts'
import type { Target } from '../rollout/target.ts'
import type { Problem } from './problem.ts'

/** Why the templates of some targets cannot be used for their analysis. Each template is reported once. */
export function templateProblems(targets: readonly Target[]): readonly Problem[] {
  const found = targets.flatMap((target): readonly Problem[] => {
    const { analysis, template: lookup, bakeMs } = target.settings
    if (analysis === undefined || lookup === undefined) return []
    const metrics = metricsOf({ analysis, lookup, values: rolloutValues(standingOf(target), 'canary') }, bakeMs)
    const { file, line } = placeOfTemplate(lookup) ?? { file: CONFIG_FILE, line: 1 }
    const template = templateName(analysis)
    const problems = metrics.ok ? [] : metrics.error.filter((problem) => !isTemporary(problem))
    return problems.map((problem) => {
      return { code: 'analysis-template', file, line, cause: { kind: 'analysis-template', template, problem } }
    })
  })
  return [...new Map(found.map((problem) => [JSON.stringify(problem), problem])).values()]
}

/** Whether a problem may be temporary: the files do not tell a version now, but may do so when a canary comes. */
function isTemporary(problem: TemplateProblem): boolean {
  return problem.code === 'argument-variable' && ARGUMENT_VARIABLES.some((known) => known === problem.variable)
}
