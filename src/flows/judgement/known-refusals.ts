/** Environments that Perch does not render by design, and that a pull request leaves as they were. */
import { mentionsTraffic } from '../../core/environment/traffic-text.ts'
import type { RefusalCode } from '../../core/environment/refusal.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { EnvironmentProblem } from '../../core/rollout/snapshot.ts'
import type { FileSource } from '../repository/load.ts'
import type { SnapshotPair } from './render.ts'

/** What the deployer can build and Perch does not: it runs no program of a repository and fetches nothing. */
const BY_DESIGN: readonly RefusalCode[] = ['remote', 'plugin', 'helm']

export interface SortedRefusals {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
}

/**
 * A refusal that was there before is a note where nothing else says that traffic changes: for a release of a chart, whose deployer may
 * well know what this repository does not say; and for a root, unless the pull request changes a file that speaks of traffic or
 * only a render shows the weights. Else it is a problem, because nobody can tell what the change does.
 */
export async function sortRefusals(
  context: FileSource,
  sides: SnapshotPair,
  { found, changed }: { readonly found: readonly EnvironmentProblem[]; readonly changed: readonly string[] | 'all' },
): Promise<SortedRefusals> {
  const roots = changed === 'all' ? [] : found.filter((problem) => isStandingRoot(sides, problem))
  const isCalm = changed !== 'all' && roots.length > 0 && !(await touchesTraffic(context, sides, changed))
  const isNote = (problem: EnvironmentProblem): boolean =>
    isStandingRelease(sides, problem) || (isCalm && roots.includes(problem))
  return { problems: found.filter((problem) => !isNote(problem)), notes: found.filter(isNote) }
}

function isStandingRelease({ before, after }: SnapshotPair, { cause, environments }: EnvironmentProblem): boolean {
  const isRelease = (name: string): boolean =>
    after.snapshot.environments.some((environment) => environment.name === name && environment.kind === 'helm')
  const wasRendered = (name: string): boolean =>
    before.snapshot.environments.some((environment) => environment.name === name && environment.refusals.length === 0)
  return cause.kind === 'refused-environment' && environments.every((name) => isRelease(name) && !wasRendered(name))
}

function isStandingRoot({ before, after }: SnapshotPair, problem: EnvironmentProblem): boolean {
  const entry = entryOf(problem)
  const wasThere = before.snapshot.problems.some(
    (old) =>
      old.file === problem.file &&
      entryOf(old) === entry &&
      problem.environments.every((name) => old.environments.includes(name)),
  )
  const isUnclear = [before, after].some(({ snapshot }) =>
    snapshot.targets.some(
      ({ unclear, environments }) =>
        unclear !== undefined && environments.some((name) => problem.environments.includes(name)),
    ),
  )
  return entry !== undefined && wasThere && !isUnclear
}

/** What is refused, if that is by design. Its line may move. */
function entryOf({ cause }: Problem): string | undefined {
  if (cause.kind !== 'refused-environment' || !BY_DESIGN.includes(cause.refusal.code)) return undefined
  return `${cause.refusal.code} ${cause.refusal.entry}`
}

async function touchesTraffic(
  { mirror }: FileSource,
  { before, after }: SnapshotPair,
  changed: readonly string[],
): Promise<boolean> {
  const sides = await Promise.all([before, after].map(({ treeish }) => mirror.read(treeish, changed)))
  return sides.some((texts) => [...texts.values()].some(mentionsTraffic))
}
