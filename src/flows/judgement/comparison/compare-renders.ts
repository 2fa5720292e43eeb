/** Compares two renders of environments, and finds problems with the changes. */
import { type ImageChange, imageChanges } from '../../../core/arrival/image-changes.ts'
import { type NewVersion, newVersions } from '../../../core/arrival/new-version.ts'
import { disagreements } from '../../../core/diff/agree.ts'
import { straySplits } from '../../../core/diff/stray-splits.ts'
import { judgeDuplicates } from '../../../core/diff/duplicates.ts'
import type { ParsedRender } from '../../../core/diff/objects.ts'
import { diffEnvironment, rowsOf, withTraffic } from '../../../core/diff/review.ts'
import type { RolloutRise } from '../../../core/exposure/canaries.ts'
import type { Sources } from '../../../core/finding/locate.ts'
import type { EnvironmentDiff, TrafficRow } from '../../../core/gate/review.ts'
import { leftOutProblem, unknownOnce } from '../../../core/problem/files.ts'
import { findingProblems, type LocatedFinding } from '../../../core/problem/findings.ts'
import { withPlaces } from '../../../core/gate/weight-places.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import type { Target } from '../../../core/rollout/target.ts'
import { routeId } from '../../../core/traffic/route.ts'
import { qualifiedTitle } from '../../../core/manifest/identity.ts'
import type { RequiredChecks } from '../../validation/required-checks.ts'
import { knownBefore } from '../../../core/config/known-texts.ts'
import { failurePlace } from '../../../core/environment/failure-place.ts'
import { deployedNamespace, effects, type RenderNeighbour } from './effects.ts'
import { freshlyBroken, sortIncomplete, unreadOf } from './known-refusals.ts'
import { readEnvironmentTexts } from '../../build/environment-texts.ts'
import type { FileSource } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { exposuresOf } from './exposures.ts'
import { validateObjects } from '../../validation/validate.ts'
import { NOTHING_RENDERED, type SnapshotPair, type TreeSnapshot, environmentAt, renderSide } from './render.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer' | 'validators' | 'schemas'>

/** Both sides, the routes whose canary gets more traffic (`production VirtualService default/web`), and the additional checks. */
export interface CompareInput extends SnapshotPair {
  readonly raised: ReadonlySet<string>
  readonly requiredChecks: RequiredChecks
  /** Whether changed objects may be sent to an API server. */
  readonly maySend: boolean
}

export interface Comparison {
  readonly rows: readonly TrafficRow[]
  readonly diffs: readonly EnvironmentDiff[]
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
  /** Requests that reach a canary more often, even if its own share does not rise. */
  readonly rises: readonly RolloutRise[]
  /** Versions of rollouts in progress that get other images. */
  readonly imageChanges: readonly ImageChange[]
  /** Each version once, even if several environments share its route. */
  readonly newVersions: readonly NewVersion[]
  readonly renderer: string | undefined
}

/** Renders the named environments on both sides and compares the results. */
export async function compareRenders(
  context: Needs,
  sides: CompareInput,
  names: readonly string[],
): Promise<Comparison> {
  const parts = await Promise.all(names.map((name) => compareOne(context, sides, name)))
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
    renderer: names.length === 0 ? undefined : await toolsFor(context, sides, names),
  }
}

function eachOnce(found: readonly NewVersion[]): readonly NewVersion[] {
  return [...new Map(found.map((one) => [one.target, one])).values()]
}

/** The tools that render these environments; kustomize if none of them needs a tool. */
async function toolsFor(
  { renderer }: Pick<Needs, 'renderer'>,
  { before, after }: SnapshotPair,
  names: readonly string[],
): Promise<string | undefined> {
  const kinds = new Set(names.map((name) => (environmentAt(after, name) ?? environmentAt(before, name))?.kind))
  const charts = kinds.has('helm') ? await renderer.tool('helm') : undefined
  const others = kinds.size > 1 || !kinds.has('helm') ? await renderer.tool() : undefined
  const found = [others, charts].filter((tool) => tool !== undefined)
  return found.length === 0 ? undefined : found.join(', ')
}

/** The result for one environment. */
interface EnvironmentComparison extends Pick<
  Comparison,
  'rows' | 'diffs' | 'problems' | 'rises' | 'imageChanges' | 'newVersions'
> {
  /** Findings that the change adds, and those that are only noted. */
  readonly found: readonly LocatedFinding[]
  readonly notes: readonly LocatedFinding[]
  /** More notes, already worded. */
  readonly remarks: readonly Problem[]
}

async function compareOne(context: Needs, sides: CompareInput, name: string): Promise<EnvironmentComparison> {
  // kustomize would fail in the same way, but take longer.
  if (isBomb(sides.after, name)) return onlyProblems([])
  const { documents } = knownBefore(context.known)
  const [old, now] = await Promise.all([
    renderSide(context, sides.before, { name, documents, leavesOut: 'all' }),
    renderSide(context, sides.after, { name, documents }),
  ])
  if (!now.ok) return withoutRender(sides, name, { wasRendered: old.ok, problems: now.error })
  const broken = freshlyBroken(old.ok ? old.value : NOTHING_RENDERED, now.value)
  if (broken !== undefined) return onlyProblems([leftOutProblem(name, broken)])
  return compareRendered(context, sides, { name, old, now })
}

interface RenderedSides {
  readonly name: string
  readonly old: RenderedSide
  readonly now: Extract<RenderedSide, { ok: true }>
}

type RenderedSide = Awaited<ReturnType<typeof renderSide>>

/** The result for an environment that can be rendered after the change. */
async function compareRendered(
  context: Needs,
  sides: CompareInput,
  { name, old, now }: RenderedSides,
): Promise<EnvironmentComparison> {
  const { documents } = knownBefore(context.known)
  const { config } = sides.after.snapshot
  const before = old.ok ? old.value : NOTHING_RENDERED
  const texts = { before: before.yaml, after: now.value.yaml }
  const renders = { before: before.parsed, after: now.value.parsed }
  const compared = diffEnvironment(name, renders, { secrets: config.secrets, ignore: config.diff.ignore })
  if (!compared.ok) return onlyProblems([{ ...compared.error, ...now.value.placeOf(compared.error.line) }])
  const { resources, hidden, unreadableBefore, objects } = compared.value
  const files = { before: before.texts, after: now.value.texts }
  const targets = { before: sides.before.snapshot.targets, after: sides.after.snapshot.targets }
  const rows = rowsOf(name, objects, { config, targets })
  const unknownBefore = old.ok ? unreadableBefore : old.error[0]
  const state = stateOf(sides, name)
  const diff = { environment: name, state, unknownBefore, resources: withTraffic(resources, rows), hidden }
  const sources = (): Promise<Sources> => sourcesOf(context, sides, name)
  const render: RenderNeighbour = (other) => renderSide(context, sides.after, { name: other, documents })
  const unread = unreadOf(name, { before, after: now.value, objects })
  const effect = await effects(context, sides, { name, objects, unread, sources, render })
  const rendered = { ...objects, environment: name, rendered: Object.values(texts), secrets: config.secrets }
  const namespace = deployedNamespace(sides.after, name)
  const { maySend } = sides
  const said = await validateObjects(context, sides.requiredChecks, { ...rendered, namespace, maySend, sources })
  const exposed = await exposuresOf(sides, {
    name,
    texts,
    objects: unread.presumed,
    isKnownBefore: unknownBefore === undefined,
    brought: effect.found.map(({ finding }) => finding),
    sources,
  })
  const { isLoose = false } = environmentAt(sides.after, name) ?? {}
  const duplicates = judgeDuplicates(name, { ...renders, raised: sides.raised, isLoose })
  const incomplete = sortIncomplete(name, environmentAt(sides.before, name)?.nested, { before, after: now.value })
  const withPlace = (problem: Problem): Problem => ({ ...problem, ...now.value.placeOf(problem.line) })
  const problems = [
    ...duplicates.problems.map(withPlace),
    ...disagreements(name, objects.after, onceIn(now.value.parsed, sides.after.snapshot.targets)),
    ...straySplits(name, objects, sides.after.snapshot),
    ...exposed.problems,
    ...said.problems,
    ...incomplete.problems,
  ]
  const remarks = [...duplicates.notes.map(withPlace), ...said.notes, ...incomplete.notes, ...unread.notes]
  const isKnown = unknownBefore === undefined
  const arrived = {
    imageChanges: isKnown ? imageChanges(name, targets, unread.presumed) : [],
    newVersions: isKnown ? newVersions({ environment: name, config }, targets, unread.presumed) : [],
  }
  const diffs = isQuiet(diff) ? [] : [diff]
  const placed = withPlaces(rows, { environment: name, objects: objects.after, targets: targets.after, texts: files })
  return { rises: exposed.rises, ...arrived, rows: placed, diffs, problems, ...effect, remarks }
}

/** The targets whose objects appear once in an environment. Of duplicates, the last one counts, which is reported separately. */
function onceIn(render: ParsedRender, targets: readonly Target[]): readonly Target[] {
  const twice = new Set(render.ok ? render.duplicates.map(({ identity }) => qualifiedTitle(identity)) : [])
  return twice.size === 0 ? targets : targets.filter(({ route }) => !twice.has(routeId(route)))
}

function isBomb({ snapshot }: TreeSnapshot, name: string): boolean {
  return snapshot.problems.some(({ code, environments }) => code === 'alias-bomb' && environments.includes(name))
}

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
      : code === 'values-unknown' && (!wasRendered || environmentAt(before, name) === undefined)
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
