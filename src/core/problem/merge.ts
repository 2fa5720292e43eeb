/** Problems of a merge: about its two branches, and about its effect on traffic. */
import { CONFIG_FILE, type ConfigProblem } from '../config/read.ts'
import type { RolloutRise } from '../exposure/canaries.ts'
import type { ProtectionGap } from '../gate/protection.ts'
import type { Location } from '../manifest/parse.ts'
import type { ScopedStop } from '../stop/stop.ts'
import type { Standing } from '../rollout/standing.ts'
import type { Target } from '../rollout/target.ts'
import type { MergeCause, Problem, RouteCause } from './problem.ts'

export function conflictProblem(paths: readonly string[]): Problem {
  return { code: 'conflict', file: paths[0], line: 1, cause: { kind: 'conflict', paths } }
}

export function staleGroupProblem(base: string): Problem {
  return { code: 'stale-group', file: undefined, line: 1, cause: { kind: 'stale-group', base } }
}

export function notJudgedProblem(facts: Omit<Extract<MergeCause, { kind: 'not-judged' }>, 'kind'>): Problem {
  return { code: 'not-judged', file: undefined, line: 1, cause: { kind: 'not-judged', ...facts } }
}

export function brokenBaseNote(
  problem: ConfigProblem,
  here: Extract<MergeCause, { kind: 'broken-base' }>['here'],
): Problem {
  const { file, line } = problem
  return { code: 'config', file, line, cause: { kind: 'broken-base', problem, here } }
}

/** Perch cannot judge the effect of this pull request on traffic, because something is broken on the base branch. */
export function unjudgedProblem(broken: Problem): Problem {
  return { ...broken, cause: { kind: 'unjudged', broken: broken.cause } }
}

export function mixedRepairProblem(broken: Problem, titles: readonly string[]): Problem {
  return { ...broken, code: 'mixed-repair', cause: { kind: 'mixed-repair', titles } }
}

/**
 * A note about a deployed branch without the protection that docs/checks.md recommends. It is never a problem, because this merge
 * does not cause it.
 */
export function protectionNote(branch: string, gaps: readonly ProtectionGap[]): Problem | undefined {
  if (gaps.length === 0) return undefined
  return { code: 'unprotected', file: undefined, line: 1, cause: { kind: 'unprotected', branch, gaps } }
}

/** `gone`: an environment of the rollout that does not exist any more. */
export function vanishedProblem({ target, share }: Standing, gone?: string): Problem {
  const { file } = target.route.place
  return { code: 'rollout-vanished', file, line: 1, cause: { kind: 'vanished', target, share, gone } }
}

export function renamedRolesProblem(target: Target): Problem {
  const { file, line } = target.route.place
  return { code: 'roles-renamed', file, line, cause: { kind: 'renamed-roles', target } }
}

/** The config of the pull request renames a rollout that is under way. */
export function renamedByConfigProblem({ target, share }: Standing): Problem {
  return { code: 'rollout-renamed', file: CONFIG_FILE, line: 1, cause: { kind: 'renamed-by-config', target, share } }
}

/** The config of the pull request gives a rollout more traffic without the gates. */
export function raisedByConfigProblem({ target, share }: Standing): Problem {
  return { code: 'raised-by-config', file: CONFIG_FILE, line: 1, cause: { kind: 'raised-by-config', target, share } }
}

/** The change takes the name away that a hold or a freeze belongs to. */
export function lostStopProblem(lost: ScopedStop): Problem {
  return { code: 'lost-stop', file: undefined, line: 1, cause: { kind: 'lost-stop', ...lost } }
}

export function disagreement(facts: Omit<Extract<RouteCause, { kind: 'share-differs' }>, 'kind'>): Problem {
  const { file, line } = facts.target.route.place
  return { code: 'share-differs', file, line, cause: { kind: 'share-differs', ...facts } }
}

export function straySplit(facts: Omit<Extract<RouteCause, { kind: 'stray-split' }>, 'kind'>): Problem {
  return { code: 'stray-split', file: undefined, line: 1, cause: { kind: 'stray-split', ...facts } }
}

export function riseProblem(rise: RolloutRise, place: Location | undefined): Problem {
  const file = place?.file ?? rise.target.route.place.file
  return { code: 'exposure-unknown', file, line: place?.line ?? 1, cause: { kind: 'unknown-exposure', rise } }
}
