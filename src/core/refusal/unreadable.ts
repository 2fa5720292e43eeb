import type { ConfigProblem } from '../config/read.ts'
import { configProblem } from '../problem/files.ts'
import type { Problem } from '../problem/problem.ts'
import type { Snapshot } from '../rollout/snapshot.ts'
import type { Refusal } from './refusal.ts'

/**
 * A problem as the reason why a command was not carried out. `isEdited`: the problem appeared after the edit and before the
 * commit.
 */
export function problemRefusal(problem: Problem, isEdited = false): Refusal {
  return { code: 'unreadable', problem, isEdited }
}

/** A deployer in a template cannot be read if the chart is not rendered. Then the chart is the problem. */
export function causeAmong(unrendered: Snapshot['unrendered'], problem: Problem): Problem {
  const isBehind = ({ cause }: Problem): boolean =>
    cause.kind === 'parent-not-rendered' && problem.file !== undefined && cause.files.includes(problem.file)
  return unrendered.find(isBehind) ?? problem
}

/**
 * Replaces the refusal of an unknown rollout if a problem may hide the rollout. Only problems with rendering charts can, because
 * rollouts in files are found without a render.
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
    // If nothing else is known, a template that nothing renders is the best hint.
    (known.length === 0 ? unrendered.find(({ environments }) => environments.length === 0) : undefined)
  return found === undefined ? refusal : problemRefusal(causeAmong(unrendered, found))
}

const HIDES: ReadonlySet<string> = new Set(
  'helm-missing helm-dependency helm-values no-chart tool-busy not-confined build-failed values-unknown values-by-hand timed-out too-large out-of-memory'.split(
    ' ',
  ),
)

/** Why there is no environment. A template that nothing renders is the best hint. */
export function noEnvironment({ unrendered: [template] }: Pick<Snapshot, 'unrendered'>): Refusal {
  return template === undefined ? { code: 'nothing-found' } : problemRefusal(template)
}

/** Why no command is carried out while the base branch's config is not valid. Names its first problem. */
export function configRefusal([first]: readonly ConfigProblem[]): Refusal {
  return { code: 'unreadable', problem: first && configProblem(first, 'base'), isEdited: false }
}
