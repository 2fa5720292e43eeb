import type { Config } from '../../core/config/schema.ts'
import { chartsBehind, type Environment, environmentsMoved } from '../../core/environment/environment.ts'
import { halvesOf } from '../../core/owner/beside.ts'
import { partnersOf } from '../../core/owner/same-cluster.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { type FileSource, loadSnapshot, type SnapshotOptions } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TreePair } from './judge-merge.ts'
import { withRenderedTargets } from './rendered-targets.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>
type EnvironmentTest = (environment: Environment) => boolean

interface SidesOptions {
  readonly config: Config
  /** Whether an environment contains a changed file. */
  readonly isTouched: EnvironmentTest
}

interface Sides {
  readonly before: Snapshot
  /** The head's files as they are written, with the roles from the files and not from the base branch. */
  readonly written: Snapshot
}

/** The snapshots of two trees, with certain routes in the environments that a change touches. */
export async function loadSides(context: Needs, between: TreePair, options: SidesOptions): Promise<Sides> {
  const { changed } = between
  // A file of a chart that only one side has changes the other side too.
  const mayDiffer: EnvironmentTest = (environment) =>
    options.isTouched(environment) || (changed !== 'all' && hasChangedChart(environment, changed))
  let touched: ReadonlySet<string> = new Set()
  let names: ReadonlySet<string> = new Set()
  for (;;) {
    const isTouched: EnvironmentTest = (environment) => mayDiffer(environment) || touched.has(environment.name)
    const isChosen: EnvironmentTest = (environment) => isTouched(environment) || names.has(environment.name)
    const choose = (environments: readonly Environment[]): readonly Environment[] => environments.filter(isChosen)
    const chooseRead = between.readsTouchedOnly === true ? choose : undefined
    const sides = await loadBoth(context, between, { config: options.config, isTouched, chooseRead })
    const wanted = between.readsTouchedOnly === true ? namesToRead(sides, isChosen) : new Set<string>()
    const here = namesTouched(sides, isTouched)
    const both = [sides.before, sides.written]
    if (both.every((side) => hasRead(side, wanted) && hasBuilt(side, here, isTouched))) return sides
    touched = here
    names = wanted.union(names)
  }
}

async function loadBoth(
  context: Needs,
  { base, head }: TreePair,
  read: SidesOptions & Pick<SnapshotOptions, 'chooseRead'>,
): Promise<Sides> {
  const before = await loadWithSureRoutes(context, base, read)
  return { before, written: await loadWithSureRoutes(context, head, { ...read, base: before }) }
}

/**
 * The environments that a change touches on either side. A file that defines an environment on one side only, as a second deployer of
 * its release does, changes it too.
 */
function namesTouched({ before, written }: Sides, isTouched: EnvironmentTest): ReadonlySet<string> {
  const touched = [before, written].flatMap((side) => side.environments.filter(isTouched).map(({ name }) => name))
  return new Set([...touched, ...environmentsMoved(before.environments, written.environments)])
}

/** Whether no environment of these names is without a build that its routes depend on. */
function hasBuilt({ environments }: Snapshot, names: ReadonlySet<string>, isTouched: EnvironmentTest): boolean {
  return environments.every((one) => one.kind === 'plain' || !names.has(one.name) || isTouched(one))
}

function hasRead({ environments, layout }: Snapshot, wanted: ReadonlySet<string>): boolean {
  return environments.every(({ name }) => !wanted.has(name) || layout.read?.has(name) !== false)
}

/**
 * The environments whose routes must be read on both sides: those that share a route with a chosen one, those that differ
 * although none of their files changed, because their name or files went to another one, and those that may contain the owner of
 * a route. Folders that nothing deploys are read together.
 */
function namesToRead({ before, written }: Sides, isChosen: EnvironmentTest): ReadonlySet<string> {
  const byName = ({ environments }: Snapshot): ReadonlyMap<string, Environment> =>
    new Map(environments.map((one) => [one.name, one]))
  const [old, now] = [byName(before), byName(written)]
  const all = [...new Map([...old, ...now])]
  const differs = (name: string): boolean => JSON.stringify(old.get(name)) !== JSON.stringify(now.get(name))
  const shared = [before, written].flatMap(({ targets }) => targets.flatMap(({ environments }) => environments))
  const chosen = new Set(all.flatMap(([name, one]) => (isChosen(one) ? [name] : [])))
  const halves = [before, written].flatMap(({ layout }) => [...halvesOf(layout, chosen), ...partnersOf(layout, chosen)])
  const wanted = new Set([...shared, ...halves, ...all.flatMap(([name]) => (differs(name) ? [name] : []))])
  const loose = all.flatMap(([name, { isLoose }]) => (isLoose ? [name] : []))
  return loose.some((name) => wanted.has(name) || chosen.has(name)) ? new Set([...wanted, ...loose]) : wanted
}

function hasChangedChart(environment: Environment, changed: readonly string[]): boolean {
  return chartsBehind(environment).some((chart) => chart === '' || changed.some((path) => path.startsWith(`${chart}/`)))
}

/** A snapshot in which the routes of the touched environments are certain. */
async function loadWithSureRoutes(
  context: Needs,
  treeish: Sha,
  { isTouched, ...options }: SidesOptions & Pick<SnapshotOptions, 'chooseRead' | 'base'>,
): Promise<Snapshot> {
  const snapshot = await loadSnapshot(context, treeish, { ...options, isWanted: isTouched })
  const touched = new Set(snapshot.environments.filter(isTouched).map(({ name }) => name))
  return withRenderedTargets(
    context,
    { treeish, snapshot },
    ({ unclear, environments }) => unclear !== undefined && environments.some((name) => touched.has(name)),
  )
}
