/** What Perch does not render, and what a pull request leaves as it was. */
import { type Environment, inputsOf } from '../../../core/environment/environment.ts'
import { mentionsTraffic } from '../../../core/environment/traffic-text.ts'
import type { LeftOutFile } from '../../../core/diff/reading/plain-files.ts'
import type { RenderedObject } from '../../../core/diff/objects.ts'
import type { RenderDiff } from '../../../core/diff/review.ts'
import { identityKey } from '../../../core/manifest/identity.ts'
import type { RefusalCode } from '../../../core/environment/refusal.ts'
import { leftOutProblem, repairedProblem } from '../../../core/problem/files.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import type { EnvironmentProblem } from '../../../core/rollout/snapshot/unreadable-files.ts'
import type { Target } from '../../../core/rollout/target.ts'
import type { FileSource } from '../../repository/load.ts'
import type { SnapshotPair } from './render.ts'

/** What the deployer can build and Perch does not: it runs no program of a repository, fetches nothing and follows no link. */
const BY_DESIGN: readonly RefusalCode[] = ['remote', 'plugin', 'helm', 'symlink', 'submodule']

export interface SortedRefusals {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
}

/**
 * A refusal that was there before is a note where nothing else says that traffic changes. For a release of a chart its deployer may well
 * know what this repository does not say. For a root nothing says so unless only a render shows its weights, or the pull request changes
 * a file of it that speaks of traffic or cannot be read. Then it is a problem, because nobody can tell what the change does. In a root
 * without a rollout, another version of what its deployer fetches counts as what was there before.
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

function isStandingRoot(sides: SnapshotPair, problem: EnvironmentProblem): boolean {
  const targets = targetsOf(sides, problem)
  const isUnclear = targets.some(({ unclear }) => unclear !== undefined)
  return wasRefused(sides, problem, targets.length === 0 ? withoutVersion : (entry) => entry) && !isUnclear
}

/** Whether the base branch had the entry, as `nameOf` calls it, in the same file and for the same environments. */
function wasRefused({ before }: SnapshotPair, problem: EnvironmentProblem, nameOf: (entry: string) => string): boolean {
  const entry = entryOf(problem)
  if (entry === undefined) return false
  return before.snapshot.problems.some((old) => {
    const other = old.file === problem.file ? entryOf(old) : undefined
    const isSame = other !== undefined && nameOf(other) === nameOf(entry)
    return isSame && problem.environments.every((name) => old.environments.includes(name))
  })
}

/** The rollouts of a problem's environments, on either side. */
function targetsOf({ before, after }: SnapshotPair, { environments }: EnvironmentProblem): readonly Target[] {
  return [before, after].flatMap(({ snapshot }) =>
    snapshot.targets.filter((target) => target.environments.some((name) => environments.includes(name))),
  )
}

const VERSION = /\bv?\d+(?:\.\d+)+(?:[-+.]\w+)*|\b[\da-f]{40}\b|(?<=[?&](?:ref|version)=)[^&]*/g

/** The same for two versions of a chart. A tag, a branch or a commit in an address counts as a version. */
function withoutVersion(entry: string): string {
  return entry.replaceAll(VERSION, '*')
}

/** Whether it says that Perch does not render what the deployer can build. */
export function isByDesign({ cause }: Problem): boolean {
  return cause.kind === 'refused-environment' && BY_DESIGN.includes(cause.refusal.code)
}

/** What is refused, if that is by design. Its line may move. */
function entryOf(problem: Problem): string | undefined {
  const { cause } = problem
  if (cause.kind !== 'refused-environment' || !isByDesign(problem)) return undefined
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
interface MissingParts {
  /** Why releases of charts are not in it. */
  readonly skipped: readonly Problem[]
  /** The files that are not in it. */
  readonly leftOut: readonly LeftOutFile[]
}

/**
 * Parts that are missing in a render: one that was there before is a problem, and so is a file that cannot be read and is new or another
 * than before. Others are noted.
 */
export function sortIncomplete(
  environment: string,
  nested: Environment['nested'] = [],
  { before, after }: { readonly before: MissingParts; readonly after: MissingParts },
): SortedRefusals {
  const wasBuilt = ({ file }: Problem): boolean =>
    nested.some(({ place }) => place.file === file) && !before.skipped.some((one) => one.file === file)
  const textsBefore = new Map(before.leftOut.map(({ file, text }) => [file, text]))
  const isOld = ({ file, text }: LeftOutFile): boolean => textsBefore.get(file) === text
  const [old, fresh] = [true, false].map((wanted) =>
    after.leftOut.filter((one) => isOld(one) === wanted).map((one) => leftOutProblem(environment, one)),
  )
  return {
    problems: [...after.skipped.filter(wasBuilt), ...(fresh ?? [])],
    notes: [...after.skipped.filter((problem) => !wasBuilt(problem)), ...(old ?? [])],
  }
}

/** What files that cannot be read keep from being known of an environment. */
export interface Unread {
  /** The objects, where a file that is repaired counts as having said before what it says now: nobody knows it better. */
  readonly presumed: RenderDiff['objects']
  /** Whether a file that could not be read is gone: it may have held anything. */
  readonly isAnyGone: boolean
  /** Whether what is missing afterwards may be in a file that is, or was, left out. */
  readonly isAnyMissing: boolean
  readonly notes: readonly Problem[]
}

interface UnreadSides {
  readonly before: Pick<MissingParts, 'leftOut'>
  readonly after: Pick<MissingParts, 'leftOut'> & {
    readonly objectsIn: (files: ReadonlySet<string>) => readonly RenderedObject[]
    readonly files: readonly string[]
  }
  readonly objects: RenderDiff['objects']
}

export function unreadOf(environment: string, { before, after, objects }: UnreadSides): Unread {
  const known = new Set(objects.before.map(identityKey))
  const leftOut = new Set(after.leftOut.map(({ file }) => file))
  const there = new Set(after.files)
  const others = before.leftOut.filter(({ file }) => !leftOut.has(file))
  const repaired = others.filter(({ file }) => there.has(file))
  const now = after.objectsIn(new Set(repaired.map(({ file }) => file)))
  const isAnyGone = repaired.length < others.length
  return {
    presumed: { ...objects, before: [...objects.before, ...now.filter((object) => !known.has(identityKey(object)))] },
    isAnyGone,
    isAnyMissing: isAnyGone || after.leftOut.length > 0,
    notes: repaired.map((one) => repairedProblem(environment, one)),
  }
}
