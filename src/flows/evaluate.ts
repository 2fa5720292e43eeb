import { CONFIG_FILE, readConfig } from '../core/config/read.ts'
import { type Environment, environmentsTouched } from '../core/environment/graph.ts'
import { judge, overrule } from '../core/gate/gate.ts'
import { UNRESTRAINED } from '../core/gate/restraint.ts'
import type { Problem, Review, ReviewedChange } from '../core/gate/review.ts'
import { configProblem, conflictProblem, vanishedProblem } from '../core/message/problem.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { narrowed } from '../core/rollout/read-target.ts'
import { isManifestPath, nothingKnown, type Snapshot } from '../core/rollout/snapshot.ts'
import { standingOf, type Standing } from '../core/rollout/standing.ts'
import { isSameRollout, type Target, targetName } from '../core/rollout/target.ts'
import { isSplit, routeId } from '../core/traffic/route.ts'
import type { Desk } from './desk.ts'
import { livenessOf } from './liveness.ts'
import { type Files, loadConfig, loadSnapshot } from './load.ts'
import { compare, type Sides } from './render.ts'
import { restraintsOf, type RestraintQuestion } from './restraints.ts'

type Needs = Pick<Desk, 'mirror' | 'renderer' | 'schemas' | 'statuses' | 'clock' | 'pulls' | 'people'>

export interface Question extends RestraintQuestion {
  /** Called once before the slow part, rendering, begins. */
  readonly onRender?: () => Promise<void>
}

/** A review of what changes nothing. */
export const NOTHING: Review = {
  compared: undefined,
  changes: [],
  rows: [],
  diffs: [],
  problems: [],
  notes: [],
  renderer: undefined,
}

/** Finds out what merging a head commit into the base branch would do, and whether it may be done now. */
export async function evaluate(desk: Needs, question: Question): Promise<Review> {
  const { base, head, onRender } = question
  const merged = await desk.mirror.merge(base, head)
  if ('conflicts' in merged) return { ...NOTHING, problems: [conflictProblem(merged.conflicts)] }
  const changed = await desk.mirror.changed(base, merged.tree)
  const { review, sides } = await inspect(desk, { base, head: merged.tree, changed, onRender })
  const changes = sides === undefined ? [] : await judgeChanges(desk, sides, question)
  return { ...review, compared: { base, head }, changes }
}

export interface Between {
  readonly base: Sha
  /** A commit or tree. */
  readonly head: Sha
  /** The paths that differ; `all` to look at every environment. */
  readonly changed: readonly string[] | 'all'
  /** Only this environment. */
  readonly only?: string | undefined
  /** Where the config is read; the base unless told. */
  readonly config?: Sha
  readonly onRender?: (() => Promise<void>) | undefined
}

export interface Inspected {
  /** Without judgements: they need to know when. */
  readonly review: Review
  /** The environments that were looked at. */
  readonly names: readonly string[]
  /** All that there are on either side; like `sides`, undefined where nothing had to be read or the config cannot be. */
  readonly known?: readonly string[]
  readonly sides?: Sides
}

/** Everything that the files of two trees say about the way from one to the other. */
export async function inspect(desk: Files & Pick<Desk, 'renderer' | 'schemas'>, between: Between): Promise<Inspected> {
  const { base, head, changed } = between
  const isConfigNew = changed === 'all' || changed.includes(CONFIG_FILE)
  const ownConfig = isConfigNew ? await newConfigProblems(desk, base, head) : []
  const isIdle = changed !== 'all' && !changed.some(isRelevant)
  // Whoever asks for one environment wants to know that there is none of that name, whatever changes.
  if (isIdle && between.only === undefined) return { review: { ...NOTHING, problems: ownConfig }, names: [] }

  const config = await loadConfig(desk, between.config ?? base)
  if (!config.ok) {
    const problems = [...config.error.map(configProblem), ...(between.config === undefined ? ownConfig : [])]
    return { review: { ...NOTHING, problems }, names: [] }
  }
  const both = { ...desk, known: nothingKnown() }
  const sides: Sides = {
    before: { treeish: base, snapshot: await loadSnapshot(both, base, config.value) },
    after: { treeish: head, snapshot: await loadSnapshot(both, head, config.value) },
  }
  const known = namesIn(sides, () => true)
  const isTouched = (environment: Environment): boolean =>
    changed === 'all' || environmentsTouched([environment], changed).length > 0
  const names = namesIn(sides, isTouched).filter((name) => between.only === undefined || name === between.only)
  const found = sides.after.snapshot.problems.filter(({ environments }) =>
    environments.some((name) => names.includes(name)),
  )
  if (names.length > 0) await between.onRender?.()
  const comparison = await compare(desk, { ...sides, raised: raisedRoutes(sides) }, names)
  const problems = [...ownConfig, ...found, ...vanished(sides), ...comparison.problems]
  return { review: { ...NOTHING, ...comparison, problems }, names, known, sides }
}

/** A file of any kind can be an input of kustomize; only what is plainly documentation or code of GitHub's cannot. */
function isRelevant(path: string): boolean {
  return isManifestPath(path) || !(path.startsWith('.github/') || path.endsWith('.md'))
}

function namesIn({ before, after }: Sides, fits: (environment: Environment) => boolean): readonly string[] {
  const names = [before, after].flatMap(({ snapshot }) => snapshot.environments.filter(fits).map(({ name }) => name))
  return [...new Set(names)].sort()
}

/** A pull request that edits the config is judged by the old one; the new one must at least be valid. */
async function newConfigProblems(desk: Files, base: Sha, head: Sha): Promise<readonly Problem[]> {
  const textAt = async (treeish: Sha): Promise<string | undefined> =>
    (await desk.mirror.read(treeish, [CONFIG_FILE])).get(CONFIG_FILE)
  const text = await textAt(head)
  if (text === (await textAt(base))) return []
  const config = readConfig(text)
  return config.ok ? [] : config.error.map(configProblem)
}

/** Routes whose canary gets more traffic, by environment: `production VirtualService default/web`. */
function raisedRoutes({ before, after }: Sides): ReadonlySet<string> {
  const raised = after.snapshot.targets.filter((target) => {
    const old = before.snapshot.targets.filter((known) => isSameRollout(known, target))
    const least = old.length === 0 ? 0 : Math.min(...old.map((known) => standingOf(known).share))
    return standingOf(target).share > least
  })
  return new Set(raised.flatMap(({ environments, route }) => environments.map((name) => `${name} ${routeId(route)}`)))
}

/** Rollouts under way that the pull request takes out of sight: where their traffic would go nobody can judge. */
function vanished({ before, after }: Sides): readonly Problem[] {
  const left = after.snapshot.targets.filter(({ route }) => isSplit(route))
  const isLeft = (target: Target, environment: string): boolean =>
    left.some((known) => known.environments.includes(environment) && isSameRollout(known, target))
  return before.snapshot.targets
    .map(standingOf)
    .filter(({ share, target }) => share > 0 && !target.environments.every((name) => isLeft(target, name)))
    .map(vanishedProblem)
}

async function judgeChanges(
  desk: Needs,
  { before, after }: Sides,
  question: Question,
): Promise<readonly ReviewedChange[]> {
  const changes: ReviewedChange[] = []
  for (const target of after.snapshot.targets) {
    // Environments may go together before and apart afterwards, or the other way round: each is judged by its own pace.
    const old = before.snapshot.targets
      .filter((known) => isSameRollout(known, target))
      .map((known) => standingOf(narrowed(before.snapshot.config, known, target.environments)))
    const to = standingOf(target)
    for (const from of old.length === 0 ? [undefined] : old) {
      const difference = { from, to, version: versionChange(from, to) }
      if ((from?.share ?? 0) === to.share && difference.version === undefined) continue
      changes.push(await judgeChange(desk, { ...difference, base: before.snapshot }, question))
    }
  }
  return changes
}

/** A version behind a destination that changes while the canary has traffic: traffic moves without any weight. */
function versionChange(from: Standing | undefined, to: Standing): ReviewedChange['version'] {
  const [old, now] = [from?.versions, to.versions]
  if (from === undefined || from.share === 0 || old === undefined || now === undefined) return undefined
  if (old.stable !== now.stable) return { role: 'stable', from: old.stable, to: now.stable }
  return old.canary === now.canary || to.share === 0 ? undefined : { role: 'canary', from: old.canary, to: now.canary }
}

interface Difference {
  /** Undefined where the route is new. */
  readonly from: Standing | undefined
  readonly to: Standing
  readonly version: ReviewedChange['version']
  readonly base: Snapshot
}

async function judgeChange(desk: Needs, difference: Difference, question: Question): Promise<ReviewedChange> {
  const { from, to, version } = difference
  const { target } = to
  const found = judge(await trafficChange(desk, difference, question), desk.clock.now())
  const isOpen = found.some(({ state }) => state !== 'pass')
  const verdicts = isOpen ? overrule(found, await question.around.overrides()) : found
  return { target, from: from?.share ?? 0, to: to.share, version, finishes: isFinish(difference), verdicts }
}

function isFinish({ from, to }: Difference): boolean {
  return from?.phase === 'finishing-weights' && to.share === 0
}

/** What the gates judge. The rollout's pace and limits are the base branch's word, not the pull request's. */
async function trafficChange(
  desk: Needs,
  difference: Difference,
  question: Question,
): Promise<Parameters<typeof judge>[0]> {
  const { from, to, version, base } = difference
  const fromShare = from?.share ?? 0
  const promotes = version?.role === 'stable'
  const { target } = from ?? to
  const isHeldBack = to.share > fromShare || promotes
  return {
    target: targetName(to.target),
    from: fromShare,
    to: to.share,
    promotes,
    swaps: version?.role === 'canary',
    finishes: isFinish(difference),
    bakeMs: target.settings.bakeMs,
    unchecked: target.settings.unchecked,
    liveness: from === undefined || fromShare === 0 ? undefined : await livenessOf(desk, question, from),
    canary: to.versions?.canary,
    restraints: isHeldBack ? await restraintsOf(desk, question, { target, base }) : UNRESTRAINED,
  }
}
