import { landedAt, type StepCommit, type StepHistory } from '../../core/gate/step-history.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { filesOf, kustomizationsOf } from '../../core/rollout/read-target.ts'
import { standingOf, stepKey, type Standing } from '../../core/rollout/standing.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type BaseHead, commitBefore } from '../repository/history.ts'
import { readTargetAt } from '../repository/load.ts'
import { settledAt } from '../memory/base-memory.ts'
import { recallStep, rememberStep } from '../memory/rollout-memory.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'activity' | 'clock'>

/** How many changes of a step's files are examined first. Each further round looks four times as far back. */
const FIRST_CHANGES = 30
const MAX_CHANGES = 2_000

/** How many commits of a base branch a history goes back. */
export const MAX_COMMITS = 2_000

/**
 * The history of a rollout's current step, above all the commit that brought it. Undefined if the base branch's history does not show
 * it. Once found, that commit stays the same as long as the step does.
 */
export async function historyOf(context: Needs, base: BaseHead, standing: Standing): Promise<StepHistory | undefined> {
  const step = stepKey(standing)
  const known = await recallStep(context, rolloutName(base.ref, standing.target))
  const isKnown = known?.step === step
  if (isKnown && known.checkedTo === base.sha) return known
  const newer = known === undefined ? [] : await commitsSince(context, base.sha, known.checkedTo)
  const at = { base: base.sha, known, newer: newer ?? [] }
  const goesOn = isKnown && newer !== undefined
  const landing = goesOn ? await landingSince(context, at, standing) : await newLanding(context, at, standing)
  if (landing === undefined) return undefined
  const history: StepHistory =
    goesOn && landing.sha === known.landing.sha
      ? { ...known, checkedTo: base.sha }
      : {
          step,
          ...(standing.phase === 'owned' ? { isOwned: true } : {}),
          landing,
          ...(await lateLanding(context, base, { landing, isMoved: newer === undefined })),
          checkedTo: base.sha,
          wants: '',
          scannedTo: undefined,
          reported: [],
        }
  await rememberStep(context, rolloutName(base.ref, standing.target), history)
  return history
}

/** The commits of a base branch since an older head, newest first. Undefined if the branch has lost that head. */
async function commitsSince(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  base: Sha,
  head: Sha,
): Promise<readonly StepCommit[] | undefined> {
  const line = await mirror.landings(base, 'all', MAX_COMMITS)
  const end = line.findIndex(({ sha }) => sha === head)
  return end === -1 ? undefined : line.slice(0, end)
}

/** A merge on GitHub makes its commit, and Perch usually sees it within this time. */
const PROMPT_MS = 60_000

/**
 * When the base branch got a commit, if that was later than the commit was made. `isMoved`: the branch has lost its last known head, so
 * even a young commit may have been there before.
 */
async function lateLanding(
  { activity, clock, mirror, memo, repo }: Needs,
  { ref, sha }: BaseHead,
  { landing, isMoved }: { readonly landing: StepCommit; readonly isMoved: boolean },
): Promise<Pick<StepHistory, 'landedAt'>> {
  if (!isMoved && clock.now() - landing.time < PROMPT_MS) return {}
  const moves = (await activity.movesOf(ref)) ?? []
  const line = (await mirror.landings(sha, 'all', MAX_COMMITS)).map((commit) => commit.sha)
  // The list may lag behind. Old servers have none, and then the time of the commit has to be enough.
  const sinceNow = isMoved || moves.length > 0 ? { at: clock.now(), isReset: isMoved } : undefined
  const found = landedAt(moves, line, landing)
  const late = found === 'unknown' ? sinceNow : found
  if (late === undefined || late.at <= landing.time + PROMPT_MS) return {}
  // Where Perch has not been yet, a push may have imported a history with its deployments. A force-push takes something back.
  const isImported = !late.isReset && (await settledAt({ memo, repo }, ref)) === undefined
  return isImported ? {} : { landedAt: late }
}

interface LandingQuestion {
  readonly base: Sha
  readonly known: StepHistory | undefined
  /** The commits since the last look, newest first. */
  readonly newer: readonly StepCommit[]
}

/**
 * The landing of a step that memory does not know. If a controller moved the rollout at the last look, the step came with or after the
 * commit that ended this, even if the files have its weights for longer.
 */
async function newLanding(
  context: Needs,
  { base, known, newer }: LandingQuestion,
  standing: Standing,
): Promise<StepCommit | undefined> {
  const found = await findLanding(context, base, standing)
  if (known?.isOwned !== true || newer.some(({ sha }) => sha === found?.sha)) return found
  return newer.at(-1) ?? found
}

/** The landing of a step that was known at an older head. Only newer commits are examined. */
async function landingSince(
  context: Needs,
  { base, known, newer }: LandingQuestion,
  standing: Standing,
): Promise<StepCommit | undefined> {
  const own = new Set(newer.map(({ sha }) => sha))
  const files = [...filesOf(standing.target), ...kustomizationsOf(standing.target)]
  const changes = (await context.mirror.landings(base, files, newer.length)).filter(({ sha }) => own.has(sha))
  for (const { sha } of changes)
    if (!(await hasStep(context, sha, standing))) return findLanding(context, base, standing)
  return known?.landing
}

/** The commit that brought a step to a commit of the base branch. Does not use memory. */
export async function findLanding(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  base: Sha,
  standing: Standing,
): Promise<StepCommit | undefined> {
  const { target } = standing
  const files = filesOf(target)
  // A patch that is no longer listed may have brought it. Then only a kustomization shows that.
  return (
    (await oldestWithStep(context, { base, files }, standing)) ??
    oldestWithStep(context, { base, files: [...files, ...kustomizationsOf(target)] }, standing)
  )
}

async function oldestWithStep(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  at: { readonly base: Sha; readonly files: readonly string[] },
  standing: Standing,
): Promise<StepCommit | undefined> {
  let found: StepCommit | undefined
  for await (const change of changesBack(context, at)) {
    if (!(await hasStep(context, change.sha, standing))) return found
    found = change
  }
  return found
}

/** The changes of some files, newest first, at most `MAX_CHANGES`. */
async function* changesBack(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { base, files }: { readonly base: Sha; readonly files: readonly string[] },
): AsyncGenerator<StepCommit, void> {
  let looked = 0
  for (let limit = FIRST_CHANGES; ; limit = Math.min(limit * 4, MAX_CHANGES)) {
    const changes = await mirror.landings(base, files, limit)
    yield* changes.slice(looked)
    looked = changes.length
    if (looked < limit || limit === MAX_CHANGES) return
  }
}

/**
 * The share on the base branch before it became unreadable: 0 if it was never readable, undefined if there are too many changes
 * to tell.
 */
export async function lastReadableShare(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  base: Sha,
  { target }: Pick<Standing, 'target'>,
): Promise<number | undefined> {
  const last = await lastReadable(context, base, target)
  if (last === 'never') return 0
  return last?.share === 'unknown' ? undefined : last?.share
}

/** The state of a rollout on the base branch before it became unreadable. Undefined if there are too many changes to tell. */
export async function lastReadable(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  base: Sha,
  target: Target,
): Promise<Standing | 'never' | undefined> {
  let looked = 0
  for await (const { sha } of changesBack(context, { base, files: filesOf(target) })) {
    const then = await standingAt(context, sha, target)
    if (then !== undefined && then.share !== 'unknown') return then
    looked += 1
  }
  return looked < MAX_CHANGES ? 'never' : undefined
}

async function hasStep(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  sha: Sha,
  standing: Standing,
): Promise<boolean> {
  const then = await standingAt(context, sha, standing.target)
  // A commit whose files do not show what sets its weights may have had any weights.
  return then !== undefined && then.target.unclear === undefined && stepKey(then) === stepKey(standing)
}

/**
 * The state of a rollout before the commit that brought a step; undefined if it did not exist, or if its files are not enough to
 * tell.
 */
export async function standingBefore(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { sha }: StepCommit,
  target: Target,
): Promise<Standing | undefined> {
  const parent = await commitBefore(context, sha)
  return parent === undefined ? undefined : standingAt(context, parent, target)
}

async function standingAt(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  sha: Sha,
  target: Target,
): Promise<Standing | undefined> {
  const then = await readTargetAt(context, sha, target)
  return then === undefined ? undefined : standingOf(then)
}
