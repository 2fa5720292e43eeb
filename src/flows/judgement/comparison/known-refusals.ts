/** Sorts refusals and missing parts of renders by whether the pull request adds them. */
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
import { environmentAt, type SnapshotPair, type TreeSnapshot } from './render.ts'

/**
 * Entries that the deployer may build but Perch does not. Perch runs no program from a repository, fetches nothing, and follows
 * no links.
 */
const BY_DESIGN: readonly RefusalCode[] = ['remote', 'plugin', 'helm', 'symlink', 'submodule']

export interface SortedRefusals {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
}

/**
 * A refusal that existed before is a note if nothing else suggests that traffic changes. The deployer of a chart's release may
 * well know what this repository does not contain. For a root, traffic may change if only a render shows its weights, or if the
 * pull request changes, adds or removes one of its files that mentions traffic or cannot be read. Then the refusal is a problem,
 * because the effect of the change is unknown. In a root without a rollout, another version of a fetched base counts as the same
 * refusal. A file that cannot be read is a note where nothing deploys its folder and the pull request does not change it: people
 * apply such files one by one.
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
      isStandingRoot(sides, problem) && !(await mayMoveTraffic(context, sides, changedInputs(paths, sides, problem)))
    const isStanding = (paths: readonly string[]): boolean => isStandingFile(sides, problem, paths)
    const isNote =
      isStandingRelease(sides, problem) || (changed !== 'all' && (isStanding(changed) || (await isCalmRoot(changed))))
    if (isNote) notes.push(problem)
    else problems.push(problem)
  }
  return { problems, notes }
}

function isStandingFile(
  { after }: SnapshotPair,
  { cause, file, environments }: EnvironmentProblem,
  changed: readonly string[],
): boolean {
  const isLoose = (name: string): boolean => environmentAt(after, name)?.isLoose === true
  const isUnread = cause.kind === 'manifest' && ['not-yaml', 'template'].includes(cause.problem.code)
  return isUnread && file !== undefined && !changed.includes(file) && environments.every(isLoose)
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

/** Whether the base branch had the same entry (compared by `nameOf`), in the same file and for the same environments. */
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

/**
 * Removes the version from an entry, so that two versions of a chart are equal. A tag, a branch or a commit in an address counts
 * as a version.
 */
function withoutVersion(entry: string): string {
  return entry.replaceAll(VERSION, '*')
}

/** Whether a problem says that Perch deliberately does not render what the deployer can build. */
export function isByDesign({ cause }: Problem): boolean {
  return cause.kind === 'refused-environment' && BY_DESIGN.includes(cause.refusal.code)
}

/** The refused entry, if it is refused by design. Its line may move. */
function entryOf(problem: Problem): string | undefined {
  const { cause } = problem
  if (cause.kind !== 'refused-environment' || !isByDesign(problem)) return undefined
  return `${cause.refusal.code} ${cause.refusal.entry}`
}

/**
 * The files that the change brings to a problem's environments, takes from them, or changes in them. An entry of a kustomization
 * brings a file that may have been in the repository before.
 */
function changedInputs(
  changed: readonly string[],
  { before, after }: SnapshotPair,
  { environments }: EnvironmentProblem,
): readonly string[] {
  const inputs = ({ snapshot }: TreeSnapshot): ReadonlySet<string> =>
    new Set(snapshot.environments.filter(({ name }) => environments.includes(name)).flatMap(inputsOf))
  const [old, now] = [inputs(before), inputs(after)]
  const own = old.union(now).intersection(new Set(changed))
  return [...own.union(old.symmetricDifference(now))]
}

/** A file that cannot be read, because it is too large or not text, may contain anything. */
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

/** Parts that are missing from a render. */
interface MissingParts {
  /** Why releases of charts are missing. */
  readonly skipped: readonly Problem[]
  /** The files that are missing. */
  readonly leftOut: readonly LeftOutFile[]
}

/**
 * Sorts the missing parts of a render. A part that was there before is a problem. So is an unreadable file that is new or
 * changed. Others are noted.
 */
export function sortIncomplete(
  environment: string,
  nested: Environment['nested'] = [],
  { before, after }: { readonly before: MissingParts; readonly after: MissingParts },
): SortedRefusals {
  const wasBuilt = ({ file }: Problem): boolean =>
    nested.some(({ place }) => place.file === file) && !before.skipped.some((one) => one.file === file)
  const isOld = wasLeftOut(before)
  const problemOf = (one: LeftOutFile): Problem => leftOutProblem(environment, one)
  return {
    problems: [...after.skipped.filter(wasBuilt), ...after.leftOut.filter((one) => !isOld(one)).map(problemOf)],
    notes: [...after.skipped.filter((one) => !wasBuilt(one)), ...after.leftOut.filter(isOld).map(problemOf)],
  }
}

function wasLeftOut({ leftOut }: Pick<MissingParts, 'leftOut'>): (one: LeftOutFile) => boolean {
  const texts = new Map(leftOut.map(({ file, text }) => [file, text]))
  return ({ file, text }) => texts.get(file) === text
}

/** A file about traffic that is unreadable and new or changed. What the change does to the environment is unknown. */
export function freshlyBroken(
  before: Pick<MissingParts, 'leftOut'>,
  after: Pick<MissingParts, 'leftOut'>,
): LeftOutFile | undefined {
  const isOld = wasLeftOut(before)
  return after.leftOut.find((one) => {
    const isUnread = one.isWhole && one.problem.code !== 'not-an-object'
    return isUnread && mentionsTraffic(one.text) && !isOld(one)
  })
}

/** What unreadable files hide about an environment. */
export interface Unread {
  /**
   * The objects before and after. A repaired file counts as having had its new content before, because nothing better is known.
   */
  readonly presumed: RenderDiff['objects']
  /** Whether an unreadable file was removed. It may have contained anything. */
  readonly isAnyGone: boolean
  /** Whether an object that is missing after the change may be in a file that is, or was, left out. */
  readonly isAnyMissing: boolean
  /** The unreadable files that the change leaves as they were. */
  readonly untouched: ReadonlySet<string>
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
    untouched: new Set(after.leftOut.filter(wasLeftOut(before)).map(({ file }) => file)),
    notes: repaired.map((one) => repairedProblem(environment, one)),
  }
}
