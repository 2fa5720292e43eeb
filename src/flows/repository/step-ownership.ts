import type { ConfigResult } from '../../core/config/read.ts'
import { STEP_MARKER } from '../../core/marker/comment.ts'
import { changedStepNotice } from '../../core/message/comment/notice.ts'
import { isStep, isStepOf, isWaveStep, moveOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { filesFor, type Move, type TargetMove, underPlan } from '../../core/rollout/move.ts'
import { withParts } from '../../core/rollout/read-target.ts'
import { isOfChart, valuesOfTarget } from '../../core/chart/released-target.ts'
import { type Standing, standingOf } from '../../core/rollout/standing.ts'
import { originPull, planOf, type Target } from '../../core/rollout/target.ts'
import type { CommitMaker } from '../../ports/github/branches.ts'
import { changesOnly } from './changes-only.ts'
import type { RepositoryContext } from './repository-context.ts'
import { sayOnce } from './github-refusals.ts'
import { loadConfig, loadSnapshot, readTargetAt } from './load.ts'

type Needs = Pick<RepositoryContext, 'branches' | 'mirror' | 'renderer' | 'botLogin'>

interface CommitPair {
  readonly base: Sha
  readonly head: Sha
}

/**
 * Whether Perch made everything that a head adds to its base, according to GitHub's verification. Commit messages prove nothing.
 */
export async function isAllOurs(
  context: Pick<RepositoryContext, 'branches' | 'mirror' | 'botLogin'>,
  between: CommitPair,
): Promise<boolean> {
  const commits = await context.branches.makers(between.base, between.head)
  if (commits === undefined) return false
  for (const commit of commits) if (!isOurs(context, commit) && !(await isPlainMerge(context, commit))) return false
  return true
}

function isOurs({ botLogin }: Pick<RepositoryContext, 'botLogin'>, { author, isVerified }: CommitMaker): boolean {
  return isVerified && author === botLogin
}

/** A merge commit without changes of its own, for example from GitHub's "Update branch". It is nobody's own work. */
export async function isPlainMerge(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { sha, parents }: Pick<CommitMaker, 'sha' | 'parents'>,
): Promise<boolean> {
  const [first, second, ...others] = parents
  if (first === undefined || second === undefined || others.length > 0) return false
  const merged = await mirror.merge(first, second)
  return 'tree' in merged && (await mirror.changed(sha, merged.tree)).length === 0
}

/**
 * Whether merging a step would change the base branch exactly as Perch proposes, byte for byte, so that Perch may merge it. A
 * plan that a command wrote to the step may differ, because it moves no traffic. If someone set the current share by hand, a
 * person must merge the next step: only then is it known that the share is meant to move.
 */
export async function mergeability(
  context: Needs,
  pull: PullRequest,
  base: Sha,
): Promise<'ours' | 'by-hand' | 'changed'> {
  const { sha: head } = pull.head
  if (!(await isAllOurs(context, { base, head }))) return 'changed'
  const step = await stepOn(context, pull, base)
  if (step === undefined) return 'changed'
  if (step.moves.some(({ move }) => move.kind === 'share') && step.phases.includes('by-hand')) return 'by-hand'
  return (await isAsProposed(context, { moves: step.moves, base, head })) ? 'ours' : 'changed'
}

interface ProposedStep {
  readonly moves: readonly TargetMove<Move>[]
  readonly phases: readonly Standing['phase'][]
}

/** What a step's branch proposes on a base; undefined if it proposes nothing for one of its rollouts. */
async function stepOn(context: Needs, pull: PullRequest, base: Sha): Promise<ProposedStep | undefined> {
  const standings = (await stepTargets(context, { pull, base }, await loadConfig(context, base))).map(standingOf)
  const moves = standings.flatMap((standing): TargetMove<Move>[] => {
    const move = moveOf(pull.head.ref, standing)
    return move === undefined ? [] : [{ target: standing.target, move }]
  })
  return moves.length === 0 || moves.length < standings.length
    ? undefined
    : { moves, phases: standings.map(({ phase }) => phase) }
}

/** Whether merging a head into the base branch changes exactly the bytes that Perch would change for a move. */
export async function isAsProposed(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { moves, base, head }: CommitPair & Pick<ProposedStep, 'moves'>,
): Promise<boolean> {
  const merged = await context.mirror.merge(base, head)
  if ('conflicts' in merged) return false
  const planned: TargetMove<Move>[] = []
  const ofCharts: MovedChart[] = []
  const origins: (number | undefined)[] = []
  for (const { target, move } of moves) {
    const after = await readTargetAt(context, merged.tree, target)
    if (after === undefined) return false
    if (isOfChart(target)) ofCharts.push({ target, after, move })
    else planned.push({ target, move: underPlan(move, planOf(after)) })
    origins.push(originPull(after))
  }
  // Perch moves charts and files in separate pull requests.
  if (ofCharts.length > 0) return planned.length === 0 && isMadeOfValues(context, { base, head: merged.tree }, ofCharts)
  const made = filesFor(planned, origins[0])
  return made.ok && changesOnly(context, { base, head: merged.tree }, made.value.files)
}

interface MovedChart extends TargetMove<Move> {
  /** After the move. */
  readonly after: Target
}

/**
 * The same for rollouts from charts. Only an experiment shows which bytes Perch would write. So each rollout must get the
 * proposed share with its current versions, and only numbers in the values of these environments may change.
 */
async function isMadeOfValues(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { base, head }: CommitPair,
  moved: readonly MovedChart[],
): Promise<boolean> {
  if (!moved.every(isAtShare)) return false
  const changed = await mirror.changed(base, head)
  const values = new Set(moved.flatMap(({ target }) => [...valuesOfTarget(target)]))
  if (changed.length === 0 || !changed.every((file) => values.has(file))) return false
  const [old, next] = [await mirror.read(base, changed), await mirror.read(head, changed)]
  return changed.every((file) => withoutNumbers(old.get(file)) === withoutNumbers(next.get(file)))
}

/** Whether the rollout gets the proposed share. False if versions change at a finish, because versions are not numbers. */
function isAtShare({ target, after, move }: MovedChart): boolean {
  const [was, now] = [standingOf(target), standingOf(after)]
  const share = move.kind === 'share' ? move.to : 0
  const isSameVersion = JSON.stringify(was.versions) === JSON.stringify(now.versions)
  return move.kind !== 'finish-version' && now.share === share && isSameVersion
}

function withoutNumbers(text: string | undefined): string | undefined {
  return text?.replaceAll(/\d+/g, '0')
}

/**
 * The rollouts that a pull request is a step of: those of a wave, or a single one, even if it is for only one of several
 * environments.
 */
async function stepTargets(
  context: Needs,
  { pull, base }: { readonly pull: PullRequest; readonly base: Sha },
  config: ConfigResult,
): Promise<readonly Target[]> {
  if (!config.ok) return []
  const { targets } = await loadSnapshot(context, base, { config: config.value })
  const ofWave = targets.filter((target) => isWaveStep(target, pull) && isStepOf(target, pull, context.botLogin))
  if (ofWave.length > 0) return ofWave
  const all = targets.flatMap((target) => withParts(config.value, target))
  return all.filter((target) => isStepOf(target, pull, context.botLogin)).slice(0, 1)
}

/** Says once on a step that someone has changed it. GitHub is asked only if the step does something other than Perch proposes. */
export async function sayIfChanged(context: RepositoryContext, pull: PullRequest, base: Sha): Promise<void> {
  if (!isStep(pull, context.botLogin)) return
  const { sha: head } = pull.head
  if ((await context.mirror.ahead(base, head)).length === 0) return
  const step = await stepOn(context, pull, base)
  const isUsual = step !== undefined && (await isAsProposed(context, { moves: step.moves, base, head }))
  if (isUsual || (await isAllOurs(context, { base, head }))) return
  // The rollout may be unable to continue. Its first pull request must say so too.
  await context.ask.advance(pull.base.ref, { code: 'step-changed', pull: pull.number, head })
  await sayOnce(context, pull.number, { marker: STEP_MARKER, body: changedStepNotice() })
}
