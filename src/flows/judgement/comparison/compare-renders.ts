/** Compares two renders of environments, and finds problems with the changes. */
import type { NewVersion } from '../../../core/arrival/new-version.ts'
import { unknownOnce } from '../../../core/problem/files.ts'
import { findingProblems } from '../../../core/problem/findings.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import type { FileSource } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { type CompareInput, type SnapshotPair, environmentAt } from './render.ts'
import { compareEnvironment, type EnvironmentComparison } from './compare-environment.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer' | 'validators' | 'schemas'>

/** The results of all environments together. Each new version is listed once. */
export interface Comparison extends Omit<EnvironmentComparison, 'found' | 'notes' | 'remarks'> {
  readonly notes: readonly Problem[]
  /** The tools that rendered them. */
  readonly renderer: string | undefined
}

/** Renders the named environments on both sides and compares the results. */
export async function compareRenders(
  context: Needs,
  sides: CompareInput,
  names: readonly string[],
): Promise<Comparison> {
  const parts = await Promise.all(names.map((name) => compareEnvironment(context, sides, name)))
  return {
    rows: parts.flatMap(({ rows }) => rows),
    diffs: parts.flatMap(({ diffs }) => diffs),
    problems: [
      ...unknownOnce(parts.flatMap(({ problems }) => problems)),
      ...findingProblems(parts.flatMap(({ found }) => found)),
    ],
    notes: [...findingProblems(parts.flatMap(({ notes }) => notes)), ...parts.flatMap(({ remarks }) => remarks)],
    rises: parts.flatMap(({ rises }) => rises),
    imageChanges: parts.flatMap((part) => part.imageChanges),
    newVersions: eachOnce(parts.flatMap((part) => part.newVersions)),
    renderer: await toolsFor(context, sides, names),
  }
}

/** Several environments may share a version's route. */
function eachOnce(found: readonly NewVersion[]): readonly NewVersion[] {
  return [...new Map(found.map((one) => [one.target, one])).values()]
}

/** The tools that render these environments. Kustomize stands for folders that need no tool. */
async function toolsFor(
  { renderer }: Pick<Needs, 'renderer'>,
  { before, after }: SnapshotPair,
  names: readonly string[],
): Promise<string | undefined> {
  const isRelease = (name: string): boolean =>
    (environmentAt(after, name) ?? environmentAt(before, name))?.kind === 'helm'
  const kustomize = names.every(isRelease) ? undefined : await renderer.tool()
  const helm = names.some(isRelease) ? await renderer.tool('helm') : undefined
  const found = [kustomize, helm].filter((tool) => tool !== undefined)
  return found.length === 0 ? undefined : found.join(', ')
}
