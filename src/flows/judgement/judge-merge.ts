import type { ImageChange } from '../../core/arrival/image-changes.ts'
import { stopsNamed } from '../../core/stop/stop.ts'
import type { ConfigProblem, ConfigResult } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import { type Environment, environmentsMoved, environmentsTouched } from '../../core/environment/environment.ts'
import type { RolloutRise } from '../../core/exposure/canaries.ts'
import { NO_CHANGE, type Review, type TrafficRow } from '../../core/gate/review.ts'
import { withoutPlacesIn } from '../../core/gate/weight-places.ts'
import { configProblem, unknownDeploymentNotes } from '../../core/problem/files.ts'
import {
  brokenBaseNote,
  conflictProblem,
  lostStopProblem,
  notJudgedProblem,
  renamedRolesProblem,
} from '../../core/problem/merge.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { toolProblemKey } from '../../core/problem/tools.ts'
import { isLinted } from '../../core/policy/lint.ts'
import { renamedRoles, snapshotAsBase } from '../../core/rollout/as-base.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { changedLast, isManifestPath } from '../../core/rollout/snapshot.ts'
import { routeIn } from '../../core/rollout/target.ts'
import { routeId } from '../../core/traffic/route.ts'
import { groundsOf } from '../measure/grounds.ts'
import {
  loadRequiredChecks,
  type RepairedChecks,
  withRepairs,
  requiredChecksAfter,
} from '../validation/required-checks.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { onlyLowers, type RolloutDifference } from '../../core/gate/rollout-difference.ts'
import { differencesIn, judgeChanges } from './judge-changes.ts'
import { judgePromotion } from './judge-promotion.ts'
import { lastValidConfig } from '../repository/last-config.ts'
import { type FileSource, loadConfig } from '../repository/load.ts'
import { knownBefore } from '../../core/config/known-texts.ts'
import { compareDespiteConfig, mixedRepair } from './repair.ts'
import { undeployedFolders } from './undeployed.ts'
import { unseenStep } from './unseen-step.ts'
import { sortRefusals } from './comparison/known-refusals.ts'
import { compareRenders } from './comparison/compare-renders.ts'
import type { SnapshotPair } from './comparison/render.ts'
import { hidingParents, vanished } from './comparison/vanished.ts'
import { isLetGo, nextConfig, judgeNext } from './next-config.ts'
import { loadSides } from './load-sides.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import type { JudgementNeeds, RestraintQuestion } from './restraints.ts'
import { validateTemplates } from '../validation/validate-templates.ts'
import { lintFiles } from '../validation/validate.ts'

type Needs = JudgementNeeds & Pick<RepositoryContext, 'validators' | 'schemas' | 'botLogin'>

export interface MergeQuestion extends RestraintQuestion, Sendable {
  /** Called once before the slow part, rendering, begins. */
  readonly onRender?: () => Promise<void>
  /** Additional notes, if traffic changes. */
  readonly notes?: () => Promise<readonly Problem[]>
  /** Set for a pull request into a branch that nothing deploys: that branch, and the one that it is judged for. */
  readonly stackedOn?: { readonly base: string; readonly judgedFor: string }
}

interface Sendable {
  /**
   * Whether the changes of the head may be sent to an API server. By default not: a stranger may have written the contents of a
   * fork, and admission webhooks of others would see them.
   */
  readonly maySend?: boolean
}

/** `into`: the branch that a pull request or group merges into. */
export function stackedOn(into: string, judgedFor: string): Pick<MergeQuestion, 'stackedOn'> {
  return into === judgedFor ? {} : { stackedOn: { base: into, judgedFor } }
}

/** Finds the effect of merging a head commit into the base branch, and whether it may be merged now. */
export async function judgeMerge(context: Needs, question: MergeQuestion): Promise<Review> {
  const { base } = question
  const { review, differences, before } = await compareMerge(context, { ...question, base: base.sha })
  const changes = await judgeChanges(context, differences, question)
  const notes = changes.length === 0 ? [] : ((await question.notes?.()) ?? [])
  const promotion = await judgePromotion(context, question)
  // A promotion does not only depend on what its files change.
  const grounds = promotion === undefined ? await groundsOf(context, base, { review, differences }) : undefined
  const lost = stopsNamed(question.around.stops, review.lostNames, context.clock.now())
  const unseen = changes.length === 0 && before !== undefined ? unseenStep(context, question, before) : []
  const problems = [...review.problems, ...lost.map(lostStopProblem), ...unseen]
  return { ...review, changes, promotion, problems, notes: [...review.notes, ...notes], grounds }
}

/** The effect of merging a head commit into the base branch, from Git alone. The rollouts that it moves are not judged yet. */
export async function compareMerge(
  context: Pick<RepositoryContext, 'mirror' | 'repo' | 'renderer' | 'validators' | 'schemas'>,
  {
    base,
    head,
    onRender,
    stackedOn: stack,
    maySend = false,
  }: Pick<MergeQuestion, 'head' | 'onRender' | 'stackedOn' | 'maySend'> & { readonly base: Sha },
): Promise<{
  readonly review: Review
  readonly differences: readonly RolloutDifference[]
  /** The base branch, if it had to be read. */
  readonly before?: Snapshot | undefined
}> {
  const merged = await context.mirror.merge(base, head)
  if ('conflicts' in merged) {
    const { conflicts } = merged
    const problem = stack === undefined ? conflictProblem(conflicts) : notJudgedProblem({ ...stack, conflicts })
    return { review: { ...NO_CHANGE, problems: [problem] }, differences: [] }
  }
  const changed = await context.mirror.changed(base, merged.tree)
  const lastConfig = (): Promise<Config | undefined> => lastValidConfig(context, base)
  const between = { base, head: merged.tree, changed, onRender, maySend, lastConfig }
  const { review, sides, rises = [], imageChanges = [] } = await compareTrees(context, between)
  const differences = sides === undefined ? [] : differencesIn({ ...sides, rises, imageChanges })
  const rows = await placedAtHead(context, review.rows, { head, merged: merged.tree })
  return { review: { ...review, rows, compared: { base, head } }, differences, before: sides?.before.snapshot }
}

/** Places are lines in the result of the merge. They are lines of the head commit too if the file is the same there. */
async function placedAtHead(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  rows: readonly TrafficRow[],
  { head, merged }: { readonly head: Sha; readonly merged: Sha },
): Promise<readonly TrafficRow[]> {
  const isPlaced = rows.some(({ after }) => after?.some(({ place }) => place !== undefined))
  return isPlaced ? withoutPlacesIn(rows, new Set(await mirror.changed(head, merged))) : rows
}

export interface TreePair extends Sendable {
  readonly base: Sha
  /** A commit or tree. */
  readonly head: Sha
  /** The paths that differ; `all` to compare every environment. */
  readonly changed: readonly string[] | 'all'
  /** The paths that differ, where `changed` is `all`. */
  readonly differing?: readonly string[]
  /** If set, only this environment. */
  readonly only?: string | undefined
  /**
   * Reads only the routes of environments that differ and of those that these depend on (`loadSides`), because nobody asks about
   * the others.
   */
  readonly readsTouchedOnly?: boolean
  /** The commit or tree with the config; default: the base. */
  readonly config?: Sha
  readonly onRender?: (() => Promise<void>) | undefined
  /** The last valid config, if the config of the base is broken. By default, nobody knows it. */
  readonly lastConfig?: () => Promise<Config | undefined>
}

export interface TreeComparison {
  /** Without verdicts, because those depend on the time. */
  readonly review: Review
  /** The environments that were looked at. */
  readonly names: readonly string[]
  /** All environments on either side. Like `sides`, undefined if nothing had to be read, or if a config cannot be read. */
  readonly known?: readonly string[]
  readonly sides?: SnapshotPair
  readonly rises?: readonly RolloutRise[]
  readonly imageChanges?: readonly ImageChange[]
}

function pathsIn({ changed, differing = [] }: TreePair): readonly string[] {
  return changed === 'all' ? differing : changed
}

/** All changes between the files of two trees. */
export async function compareTrees(
  context: FileSource & Pick<RepositoryContext, 'renderer' | 'validators' | 'schemas'>,
  between: TreePair,
): Promise<TreeComparison> {
  const { base, head, changed } = between
  const next = await nextConfig(context, { head, changed: pathsIn(between) })
  const config = await loadConfig(context, between.config ?? base)
  if (config.ok) return compareByConfig(context, between, { config: config.value, next })
  if (between.config !== undefined) {
    const problems = config.error.map((problem) => configProblem(problem, 'head'))
    return { review: { ...NO_CHANGE, problems }, names: [] }
  }
  const look = (by: Config, from: Sha): Promise<TreeComparison> =>
    compareByConfig(context, { ...between, config: from }, { config: by, next: undefined })
  const lowering = next === undefined ? await lowerByLastConfig(context, between, config.error) : undefined
  if (lowering !== undefined) return lowering
  // Somebody who asks about every environment is also told what was broken before.
  const told = next ?? (changed === 'all' ? config : undefined)
  const looked = await compareDespiteConfig(between, { broken: config.error, next: told, look })
  // A pull request that does not change the config is not told about a broken one.
  const isElsewhere = changed !== 'all' && !changed.some(isRelevant) && looked.names.length === 0
  return isElsewhere && between.only === undefined ? { review: NO_CHANGE, names: [] } : looked
}

/**
 * While the config of the base branch is broken, a pull request that only takes traffic away from canaries is judged with the last
 * valid config, because a rollback must not wait for a repair. Undefined for all others.
 */
async function lowerByLastConfig(
  context: FileSource & Pick<RepositoryContext, 'renderer' | 'validators' | 'schemas'>,
  between: TreePair,
  [broken]: readonly ConfigProblem[],
): Promise<TreeComparison | undefined> {
  const config = await between.lastConfig?.()
  if (config === undefined || broken === undefined) return undefined
  const found = await compareByConfig(context, between, { config, next: undefined })
  const { sides, rises = [], imageChanges = [] } = found
  if (sides === undefined || !onlyLowers(differencesIn({ ...sides, rises, imageChanges }), found.review))
    return undefined
  const notes = [brokenBaseNote(broken, 'lowers'), ...found.review.notes]
  return { ...found, review: { ...found.review, notes } }
}

/** The same with a valid config. `next`: the config that the pull request brings. */
async function compareByConfig(
  context: FileSource & Pick<RepositoryContext, 'renderer' | 'validators' | 'schemas'>,
  between: TreePair,
  { config, next }: { readonly config: Config; readonly next: ConfigResult | undefined },
): Promise<TreeComparison> {
  const { base, head, changed } = between
  const both = { ...context, known: knownBefore(context.known) }
  const isTouched = (environment: Environment): boolean =>
    changed === 'all' || environmentsTouched([environment], changed).length > 0
  const { before, written } = await loadSides(both, between, { config, isTouched })
  const after = snapshotAsBase(before, written)
  const last = new Set(changed === 'all' ? [] : changed)
  const sides: SnapshotPair = {
    before: { treeish: base, snapshot: changedLast(before, last) },
    after: { treeish: head, snapshot: changedLast(after, last) },
  }
  const known = namesIn(sides, () => true)
  const names = namesChanged(sides, isTouched).filter((name) => between.only === undefined || name === between.only)
  const found = sides.after.snapshot.problems.filter(
    (problem) => problem.environments.some((name) => names.includes(name)) && !isLetGo(problem, next),
  )
  const refused = await sortRefusals(both, sides, { found, changed })
  if (names.length > 0) await between.onRender?.()
  const checked = await validate(context, between, { config, isRendered: names.length > 0 })
  const { requiredChecks } = checked
  const { rises, imageChanges, ...comparison } = await compareRenders(
    context,
    { ...sides, raised: raisedRoutes(sides), requiredChecks, maySend: between.maySend === true },
    names,
  )
  const repair = mixedRepair(checked.repaired, { ...NO_CHANGE, ...comparison })
  const renamed = renamedRoles(before, written).map(renamedRolesProblem)
  const templates = await validateTemplates(both, { before, after, head, next, isWhole: changed === 'all' })
  const { problems: moved, lostNames } = await judgeNext(both, { before, after }, { head, next })
  const hiding = hidingParents(sides)
  const own = [...moved, ...templates.problems, ...checked.problems, ...repair]
  const problems = [
    ...own,
    ...renamed,
    ...refused.problems,
    ...vanished(sides),
    ...hiding,
    ...saidOnce(comparison.problems, refused),
  ]
  const gaps = unknownDeploymentNotes(after, { changed, folders: undeployedFolders(after, { names, changed }) })
  const remarks = saidOnce(comparison.notes, { problems: refused.notes })
  const unknown = gaps.filter((note) => !hiding.includes(note))
  const notes = [...refused.notes, ...templates.notes, ...remarks, ...checked.notes, ...unknown]
  const validators = [...requiredChecks.titles.values()]
  return {
    review: { ...NO_CHANGE, ...comparison, lostNames, problems, notes, validators },
    names,
    known,
    sides,
    rises,
    imageChanges,
  }
}

/**
 * Removes problems that were already reported when the files were read: the reason why a file is not YAML is also why its render
 * cannot be read.
 */
function saidOnce(problems: readonly Problem[], read: Pick<Review, 'problems'>): readonly Problem[] {
  const broken = new Set(read.problems.flatMap(({ cause, file }) => (cause.kind === 'manifest' ? [file] : [])))
  const isOfRender = ({ kind }: Problem['cause']): boolean => kind === 'unreadable-render' || kind === 'left-out'
  return problems.filter(({ cause, file }) => !isOfRender(cause) || !broken.has(file))
}

/** The checks that the base branch requires, with the problems that are known before anything is rendered. */
async function validate(
  context: FileSource & Pick<RepositoryContext, 'validators'>,
  between: TreePair,
  { config, isRendered }: { readonly config: Config; readonly isRendered: boolean },
): Promise<Pick<Review, 'problems' | 'notes'> & RepairedChecks> {
  const { base, head, changed, config: treeish = base } = between
  const hasLint = changed === 'all' || changed.some(isLinted)
  const validators = config.validators.filter(({ name }) => (name === 'yamllint' ? hasLint : isRendered))
  const wanted = { policy: isRendered ? config.policy : undefined, validators }
  const asked = await loadRequiredChecks(context, { treeish, config: wanted, side: 'base' })
  const next = await requiredChecksAfter(context, { head, changed: pathsIn(between), config })
  const { requiredChecks, repaired } = withRepairs(asked, next)
  const lint = await lintFiles(context, requiredChecks, { base, head, changed, secrets: config.secrets })
  // A file that is missing is missing on both sides.
  const told = new Set(requiredChecks.problems.map(toolProblemKey))
  const fresh = (next?.problems ?? []).filter((problem) => !told.has(toolProblemKey(problem)))
  return {
    requiredChecks,
    repaired,
    problems: [...requiredChecks.problems, ...fresh, ...lint.problems],
    notes: lint.notes,
  }
}

/**
 * Whether a path is worth mentioning while nothing can be judged. Any file may be an input of kustomize, but few of these are.
 */
function isRelevant(path: string): boolean {
  return isManifestPath(path) || path.endsWith('.rego') || !(path.startsWith('.github/') || path.endsWith('.md'))
}

function namesIn({ before, after }: SnapshotPair, fits: (environment: Environment) => boolean): readonly string[] {
  const names = [before, after].flatMap(({ snapshot }) => snapshot.environments.filter(fits).map(({ name }) => name))
  return [...new Set(names)].sort()
}

/** The environments that a change touches, or that it makes their deployers put elsewhere. */
function namesChanged(sides: SnapshotPair, isTouched: (environment: Environment) => boolean): readonly string[] {
  const moved = environmentsMoved(sides.before.snapshot.environments, sides.after.snapshot.environments)
  return namesIn(sides, (one) => isTouched(one) || moved.has(one.name))
}

/** The routes whose canary gets more traffic, with their environment: `production VirtualService default/web`. */
function raisedRoutes(sides: SnapshotPair): ReadonlySet<string> {
  const raised = differencesIn({ ...sides, rises: [], imageChanges: [] }).filter(
    ({ sure, reach, leaving }) => reach > sure || leaving !== undefined,
  )
  return new Set(
    raised.flatMap(({ to: { target } }) =>
      target.environments.map((name) => `${name} ${routeId(routeIn(target, name))}`),
    ),
  )
}
