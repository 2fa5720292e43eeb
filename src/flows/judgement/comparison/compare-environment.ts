/** Compares the two renders of one environment, and finds problems with the change. */
import { type ImageChange, imageChanges } from '../../../core/arrival/image-changes.ts'
import { type NewVersion, newVersions } from '../../../core/arrival/new-version.ts'
import { disagreements } from '../../../core/diff/agree.ts'
import { straySplits } from '../../../core/diff/stray-splits.ts'
import { judgeDuplicates } from '../../../core/diff/duplicates.ts'
import type { ParsedRender } from '../../../core/diff/objects.ts'
import { type BothTargets, diffEnvironment, type RenderDiff, rowsOf, withTraffic } from '../../../core/diff/review.ts'
import type { RolloutRise } from '../../../core/exposure/canaries.ts'
import type { Sources } from '../../../core/finding/locate.ts'
import type { EnvironmentDiff, TrafficRow } from '../../../core/gate/review.ts'
import { leftOutProblem } from '../../../core/problem/files.ts'
import type { LocatedFinding } from '../../../core/problem/findings.ts'
import { withPlaces } from '../../../core/gate/weight-places.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import { routeIn, type Target } from '../../../core/rollout/target.ts'
import { routeId } from '../../../core/traffic/route.ts'
import { qualifiedTitle } from '../../../core/manifest/identity.ts'
import { knownBefore } from '../../../core/config/known-texts.ts'
import { namespaceOf } from '../../../core/environment/environment.ts'
import { failurePlace } from '../../../core/environment/failure-place.ts'
import { effects, type RenderNeighbour } from './effects.ts'
import { freshlyBroken, sortIncomplete, type Unread, unreadOf } from './known-refusals.ts'
import { readEnvironmentTexts } from '../../build/environment-texts.ts'
import type { FileSource } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { exposuresOf } from './exposures.ts'
import { validateObjects } from '../../validation/validate.ts'
import {
  type CompareInput,
  NOTHING_RENDERED,
  type SnapshotPair,
  type TreeSnapshot,
  environmentAt,
  renderSide,
} from './render.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer' | 'validators' | 'schemas'>

/** The result for one environment. */
export interface EnvironmentComparison {
  readonly rows: readonly TrafficRow[]
  readonly diffs: readonly EnvironmentDiff[]
  readonly problems: readonly Problem[]
  /** Requests that reach a canary more often, even if its own share does not rise. */
  readonly rises: readonly RolloutRise[]
  /** Versions of rollouts in progress that get other images. */
  readonly imageChanges: readonly ImageChange[]
  /** Versions that a rollout could bring to everybody. */
  readonly newVersions: readonly NewVersion[]
  /** Findings that the change adds, and those that are only noted. */
  readonly found: readonly LocatedFinding[]
  readonly notes: readonly LocatedFinding[]
  /** More notes, already worded. */
  readonly remarks: readonly Problem[]
}

/** Renders an environment on both sides, and compares the results. */
export async function compareEnvironment(
  context: Needs,
  sides: CompareInput,
  name: string,
): Promise<EnvironmentComparison> {
  // kustomize would fail in the same way, but take longer.
  if (isBomb(sides.after, name)) return onlyProblems([])
  const { documents } = knownBefore(context.known)
  const [old, now] = await Promise.all([
    renderSide(context, sides.before, { name, documents, leavesOut: 'all' }),
    renderSide(context, sides.after, { name, documents }),
  ])
  if (!now.ok) return withoutRender(sides, name, { wasRendered: old.ok, problems: now.error })
  const [before, after] = [old.ok ? old.value : NOTHING_RENDERED, now.value]
  const broken = freshlyBroken(before, after)
  if (broken !== undefined) return onlyProblems([leftOutProblem(name, broken)])
  const { secrets, diff } = sides.after.snapshot.config
  const view = { secrets, ignore: diff.ignore }
  const compared = diffEnvironment(name, { before: before.parsed, after: after.parsed }, view)
  if (!compared.ok) return onlyProblems([{ ...compared.error, ...after.placeOf(compared.error.line) }])
  const { unreadableBefore, ...found } = compared.value
  const unread = unreadOf(name, { before, after, objects: found.objects })
  const unknownBefore = old.ok ? unreadableBefore : old.error[0]
  const renders: Renders = { sides, name, before, after, ...found, unread, unknownBefore }
  return { ...changesIn(renders), ...arrivalsIn(renders), ...(await judged(context, renders)) }
}

type RenderedTree = Extract<Awaited<ReturnType<typeof renderSide>>, { ok: true }>['value']

/** The two renders of an environment, and how they differ. */
interface Renders extends Omit<RenderDiff, 'unreadableBefore'> {
  readonly sides: CompareInput
  readonly name: string
  /** Empty if the environment could not be rendered. */
  readonly before: typeof NOTHING_RENDERED
  readonly after: RenderedTree
  readonly unread: Unread
  /** Why the objects before are unknown. Then everything counts as new. */
  readonly unknownBefore: Problem | undefined
}

/** What people see: the changed shares, and the changed resources. */
function changesIn(renders: Renders): Pick<EnvironmentComparison, 'rows' | 'diffs'> {
  const { sides, name, before, after, objects, resources, hidden, unknownBefore } = renders
  const { config } = sides.after.snapshot
  const targets = targetsOf(sides)
  const rows = rowsOf(name, objects, { config, targets })
  const state = stateOf(sides, name)
  const diff = { environment: name, state, unknownBefore, resources: withTraffic(resources, rows), hidden }
  const texts = { before: before.texts, after: after.texts }
  return {
    rows: withPlaces(rows, { environment: name, objects: objects.after, targets: targets.after, texts }),
    diffs: isQuiet(diff) ? [] : [diff],
  }
}

/** What is new: images and versions. */
function arrivalsIn(renders: Renders): Pick<EnvironmentComparison, 'imageChanges' | 'newVersions'> {
  const { sides, name, unread, unknownBefore } = renders
  if (unknownBefore !== undefined) return { imageChanges: [], newVersions: [] }
  const { config } = sides.after.snapshot
  const targets = targetsOf(sides)
  return {
    imageChanges: imageChanges(name, targets, unread.presumed),
    newVersions: newVersions({ environment: name, config }, targets, unread.presumed),
  }
}

/** The harm that the change does, and what is only noted. */
async function judged(
  context: Needs,
  renders: Renders,
): Promise<Pick<EnvironmentComparison, 'rises' | 'problems' | 'found' | 'notes' | 'remarks'>> {
  const { sides, name, before, after, objects, unread, unknownBefore } = renders
  const { documents } = knownBefore(context.known)
  const texts = { before: before.yaml, after: after.yaml }
  const sources = (): Promise<Sources> => sourcesOf(context, sides, name)
  const render: RenderNeighbour = (other) => renderSide(context, sides.after, { name: other, documents })
  const environment = environmentAt(sides.after, name)
  const effect = await effects(context, sides, { name, objects, unread, sources, render })
  const said = await validateObjects(context, sides.requiredChecks, {
    ...objects,
    environment: name,
    rendered: Object.values(texts),
    secrets: sides.after.snapshot.config.secrets,
    namespace: environment && namespaceOf(environment),
    maySend: sides.maySend,
    sources,
  })
  const exposed = await exposuresOf(sides, {
    name,
    texts,
    objects: unread.presumed,
    isKnownBefore: unknownBefore === undefined,
    brought: effect.found.map(({ finding }) => finding),
    sources,
  })
  const own = judgedAlone(renders)
  return {
    rises: exposed.rises,
    ...effect,
    problems: [...own.problems, ...exposed.problems, ...said.problems],
    remarks: [...own.notes, ...said.notes, ...unread.notes],
  }
}

/** The problems that the two renders alone show. */
function judgedAlone({ sides, name, before, after, objects, unread }: Renders): {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
} {
  const { snapshot } = sides.after
  const { isLoose = false } = environmentAt(sides.after, name) ?? {}
  const { raised } = sides
  const duplicates = judgeDuplicates(name, { before: before.parsed, after: after.parsed, raised, isLoose })
  const incomplete = sortIncomplete(name, environmentAt(sides.before, name)?.nested, { before, after })
  const withPlace = (problem: Problem): Problem => ({ ...problem, ...after.placeOf(problem.line) })
  // The share in an unreadable file is not in the render. If the file is as it was, a note says so.
  const readable = snapshot.targets.filter(({ object }) => !unread.untouched.has(object.file))
  return {
    problems: [
      ...duplicates.problems.map(withPlace),
      ...disagreements(name, objects.after, onceIn(name, after.parsed, readable)),
      ...straySplits(name, objects, snapshot),
      ...incomplete.problems,
    ],
    notes: [...duplicates.notes.map(withPlace), ...incomplete.notes],
  }
}

function targetsOf({ before, after }: SnapshotPair): BothTargets['targets'] {
  return { before: before.snapshot.targets, after: after.snapshot.targets }
}

/** The targets whose objects appear once in an environment. Of duplicates, the last one counts, which is reported separately. */
function onceIn(name: string, render: ParsedRender, targets: readonly Target[]): readonly Target[] {
  const twice = new Set(render.ok ? render.duplicates.map(({ identity }) => qualifiedTitle(identity)) : [])
  return twice.size === 0 ? targets : targets.filter((target) => !twice.has(routeId(routeIn(target, name))))
}

function isBomb({ snapshot }: TreeSnapshot, name: string): boolean {
  return snapshot.problems.some(({ code, environments }) => code === 'alias-bomb' && environments.includes(name))
}

/** Why helm does not render a release whose values are not all in the repository. */
const OPEN_VALUES: ReadonlySet<string> = new Set(['values-unknown', 'values-by-hand'])

/** The problem of an environment that cannot be rendered. `wasRendered`: it could be rendered before, or did not exist. */
function withoutRender(
  { before, after }: SnapshotPair,
  name: string,
  { wasRendered, problems }: { readonly wasRendered: boolean; readonly problems: readonly Problem[] },
): EnvironmentComparison {
  const environment = environmentAt(after, name)
  // The problems of the files already say why it must not be rendered.
  if ((environment?.refusals.length ?? 0) > 0) return onlyProblems([])
  // A chart may need something that only its deployer has. If it is known to need that, a new release is not to blame either.
  const isNoted = (code: string): boolean =>
    code === 'build-failed'
      ? !wasRendered
      : OPEN_VALUES.has(code) && (!wasRendered || environmentAt(before, name) === undefined)
  const isNote = environment?.kind === 'helm' && problems.every(({ code }) => isNoted(code))
  return isNote ? { ...onlyProblems([]), remarks: problems } : onlyProblems(problems)
}

function onlyProblems(problems: readonly Problem[]): EnvironmentComparison {
  return {
    rows: [],
    diffs: [],
    problems,
    rises: [],
    imageChanges: [],
    newVersions: [],
    found: [],
    notes: [],
    remarks: [],
  }
}

/** The files, after the change, in which the objects of an environment can be located. */
async function sourcesOf(context: Needs, { after }: SnapshotPair, name: string): Promise<Sources> {
  const environment = environmentAt(after, name)
  const known = { environment: name, layout: after.snapshot.layout }
  if (environment === undefined) return { ...known, files: [], texts: new Map(), home: undefined }
  const { texts, environment: read } = await readEnvironmentTexts(context, after.treeish, environment)
  const { files } = read
  return { ...known, files, texts, home: failurePlace(environment, texts) }
}

function isQuiet({ state, unknownBefore, resources, hidden }: EnvironmentDiff): boolean {
  return state === 'changed' && unknownBefore === undefined && resources.length + hidden === 0
}

function stateOf({ before, after }: SnapshotPair, name: string): EnvironmentDiff['state'] {
  if (environmentAt(before, name) === undefined) return 'added'
  return environmentAt(after, name) === undefined ? 'removed' : 'changed'
}
