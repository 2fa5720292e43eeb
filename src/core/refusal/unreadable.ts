import type { ConfigProblem } from '../config/read.ts'
import { configProblem } from '../problem/files.ts'
import type { Problem } from '../problem/problem.ts'
import type { Snapshot } from '../rollout/snapshot.ts'
import type { Refusal } from './refusal.ts'

/** A problem as the reason why a command was not carried out. `isEdited`: it shows after the edit was made and before it was committed. */
export function problemRefusal(problem: Problem, isEdited = false): Refusal {
  return { code: 'unreadable', problem, isEdited }
}

/**
 * Why a rollout is not found: what is wrong with an environment that cannot be rendered may hide it. Only of charts: what stands in
 * files is found in any case.
 */
export function hiddenBy(
  refusal: Refusal,
  { problems, unrendered }: Pick<Snapshot, 'problems' | 'unrendered'>,
): Refusal {
  if (refusal.code !== 'no-service') return refusal
  const { environment, known } = refusal
  const isMeant = (environments: readonly string[]): boolean =>
    environment === undefined || environment === 'all' || environments.includes(environment)
  const found =
    [...problems, ...unrendered].find(({ code, environments }) => HIDES.has(code) && isMeant(environments)) ??
    // A template that nothing renders is worth a word where there is nothing else.
    (known.length === 0 ? unrendered.find(({ environments }) => environments.length === 0) : undefined)
  return found === undefined ? refusal : problemRefusal(found)
}

const HIDES: ReadonlySet<string> = new Set(
  'helm-missing helm-dependency helm-values no-chart tool-busy build-failed values-unknown timed-out too-large out-of-memory'.split(
    ' ',
  ),
)

/** Why there is no environment: a template that nothing renders is worth a word. */
export function noEnvironment({ unrendered: [template] }: Pick<Snapshot, 'unrendered'>): Refusal {
  return template === undefined ? { code: 'nothing-found' } : problemRefusal(template)
}

/** Why nothing is carried out while the base branch's config is not valid: its first problem. */
export function configRefusal([first]: readonly ConfigProblem[]): Refusal {
  return { code: 'unreadable', problem: first && configProblem(first, 'base'), isEdited: false }
}
