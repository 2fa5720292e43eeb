/** What Perch does not render, and what a pull request leaves as it was. */
import { type Environment, inputsOf } from '../../core/environment/environment.ts'
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
 * A refusal that was there before is a note where nothing else says that traffic changes. For a release of a chart its deployer may well
 * know what this repository does not say. For a root nothing says so unless only a render shows its weights, or the pull request changes
 * a file of it that speaks of traffic or cannot be read. Then it is a problem, because nobody can tell what the change does.
 */
export async function sortRefusals(
  context: FileSource,
  sides: SnapshotPair,
  { found, changed }: { readonly found: readonly EnvironmentProblem[]; readonly changed: readonly string[] | 'all' },
): Promise<SortedRefusals> {
  const problems: Problem[] = []
  const notes: Problem[] = []
  for (const problem of found) {
    const isCalmRoot = async (paths: readonly string[]): Promise<boolean> =>
      isStandingRoot(sides, problem) && !(await mayMoveTraffic(context, sides, inputsAmong(paths, sides, problem)))
    const isNote = isStandingRelease(sides, problem) || (changed !== 'all' && (await isCalmRoot(changed)))
    if (isNote) notes.push(problem)
    else problems.push(problem)
  }
  return { problems, notes }
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

/** The paths that are files of a problem's environments, on either side. */
function inputsAmong(
  paths: readonly string[],
  { before, after }: SnapshotPair,
  { environments }: EnvironmentProblem,
): readonly string[] {
  const inputs = new Set(
    [before, after].flatMap(({ snapshot }) =>
      snapshot.environments.filter(({ name }) => environments.includes(name)).flatMap(inputsOf),
    ),
  )
  return paths.filter((path) => inputs.has(path))
}

/** What cannot be read, because it is too large or no text, may say anything. */
async function mayMoveTraffic(
  { mirror }: FileSource,
  { before, after }: SnapshotPair,
  paths: readonly string[],
): Promise<boolean> {
  if (paths.length === 0) return false
  for (const { treeish } of [before, after]) {
    const there = new Set((await mirror.entries(treeish)).map(({ path }) => path))
    const texts = await mirror.read(treeish, paths)
    if (paths.some((path) => there.has(path) && !texts.has(path))) return true
    if ([...texts.values()].some(mentionsTraffic)) return true
  }
  return false
}

/** What is no part of a render. */
export interface MissingParts {
  /** Why releases of charts are not in it. */
  readonly skipped: readonly Problem[]
  /** Why files are not in it. */
  readonly leftOut: readonly Problem[]
}

/** Parts that are missing in a render: one that was there before is a problem, and so is a new file that cannot be read. Others are noted. */
export function sortIncomplete(
  nested: Environment['nested'] = [],
  { before, after }: { readonly before: MissingParts; readonly after: MissingParts },
): Readonly<Record<'problems' | 'notes', readonly Problem[]>> {
  const isAmong = (all: readonly Problem[], { file }: Problem): boolean => all.some((one) => one.file === file)
  const wasBuilt = (problem: Problem): boolean =>
    nested.some(({ place }) => place.file === problem.file) && !isAmong(before.skipped, problem)
  const problems = [
    ...after.skipped.filter(wasBuilt),
    ...after.leftOut.filter((problem) => !isAmong(before.leftOut, problem)),
  ]
  return { problems, notes: [...after.skipped, ...after.leftOut].filter((problem) => !problems.includes(problem)) }
}
