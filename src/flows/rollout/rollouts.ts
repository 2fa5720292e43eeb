import { branchRef } from '../../core/branch-ref.ts'
import type { ConfigProblem } from '../../core/config/read.ts'
import { configRefusal } from '../../core/refusal/unreadable.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isMisplaced, isStep, isStepOf, isWaveStep, kindOf, moveOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { filesOf, withParts } from '../../core/rollout/read-target.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'
import { isBlueGreen, type Target } from '../../core/rollout/target.ts'
import { rollbackOf, standingOf, stepKey, type Standing } from '../../core/rollout/standing.ts'
import { withWaitingWaves } from '../../core/wave/convoy.ts'
import { turnsOf } from '../../core/wave/turns.ts'
import { isLeftAsItIs, isMadeOn, type OpenStep, type RolloutFacts } from '../../core/rollout/transition.ts'
import { decidingRef, type DeployedBranches, deployedAmong } from '../repository/deployed-branches.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { lastValidConfig } from '../repository/last-config.ts'
import { loadConfig, loadSnapshot, readTargetAt } from '../repository/load.ts'
import { broughtBy } from './by-hand.ts'
import { type ClosedSteps, closedSteps, readerOf } from './closed-steps.ts'
import { besideOf } from './open-change.ts'
import { forgetSteps } from '../memory/rollout-memory.ts'
import { isAsProposed } from '../repository/step-ownership.ts'
import type { NotDeployed } from '../../core/refusal/gate-refusal.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

/** Every rollout of one base branch, according to the branch's files and its pull requests. */
export interface BaseState {
  readonly ref: string
  readonly sha: Sha
  readonly deployed: DeployedBranches
  readonly snapshot: Snapshot
  readonly rollouts: readonly RolloutFacts[]
  /** The newest pull requests against the branch, open or closed, plus all open ones, and all steps of its rollouts. */
  readonly pulls: readonly PullRequest[]
  /** Our open steps without a rollout on this branch: it no longer exists, or they were made for another branch. */
  readonly orphans: readonly PullRequest[]
  /** Branches that an interrupted remake of a step left behind. */
  readonly leftovers: readonly string[]
}

/** Why the rollouts of a branch cannot be read. */
export type BaseProblem =
  | ({ readonly code: 'config'; readonly problems: readonly ConfigProblem[] } & Pick<BaseState, 'ref' | 'sha'>)
  | ({ readonly code: 'not-deployed'; readonly deployed: DeployedBranches } & Pick<BaseState, 'ref' | 'sha' | 'pulls'>)

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'pulls' | 'checks' | 'botLogin' | 'memo' | 'repo' | 'conversation' | 'activity' | 'clock'
>

/**
 * Undefined if the branch does not exist. `despiteConfig`: if the config is broken, the last valid one counts. That is only for
 * commands that never add risk.
 */
export async function loadBase(
  context: Needs,
  ref: string,
  { despiteConfig = false } = {},
): Promise<Result<BaseState, BaseProblem> | undefined> {
  const recent = await context.pulls.recent(ref)
  const { pulls } = recent
  const ours = pulls.filter((pull) => isStep(pull, context.botLogin))
  const open = ours.filter(({ state }) => state === 'open')
  const heads = open.map(({ head }) => head.ref)
  const beside = heads.map(besideOf)
  const wanted = [ref, ...heads, ...beside].map((name) => branchRef(name))
  const refs = await context.mirror.fetch([...new Set([decidingRef(context), ...wanted])])
  const sha = refs.get(branchRef(ref))
  if (sha === undefined) return undefined
  const deployed = await deployedAmong(context, refs)
  if (!deployed.has(ref)) return err({ code: 'not-deployed', deployed, ref, sha, pulls })
  const own = await loadConfig(context, sha)
  const config = own.ok ? own.value : despiteConfig ? await lastValidConfig(context, sha) : undefined
  if (config === undefined) return err({ code: 'config', problems: own.ok ? [] : own.error, ref, sha })
  const snapshot = await loadSnapshot(context, sha, { config })
  const standings = snapshot.targets.map(standingOf)
  const idle = standings.filter(({ share, target }) => share === 0 && !isBlueGreen(target))
  await forgetSteps(
    context,
    idle.map(({ target }) => rolloutName(ref, target)),
  )
  const turns = turnsOf(standings)
  const rollouts: RolloutFacts[] = []
  const older: PullRequest[] = []
  const at = { base: { ref, sha }, heads: refs, recent, readBack: readerOf(context, ref, recent) }
  for (const standing of standings) {
    const turn = turns.get(standing.target)
    const brought = await broughtBy(context, at, standing)
    const closed = isLeftAsItIs({ standing, broughtBy: brought })
      ? UNSTOPPED
      : await closedSteps(context, { ...at, turn }, standing)
    const proposals = await openSteps(context, { ...at, open, standings }, standing)
    const { older: unseen, ...facts } = closed
    rollouts.push({ standing, open: proposals, ...facts, broughtBy: brought, turn })
    older.push(...unseen)
  }
  const leftovers = beside.filter((name) => refs.has(branchRef(name)))
  const isOrphan = (pull: PullRequest): boolean =>
    !snapshot.targets.some((target) =>
      withParts(snapshot.config, target).some((part) => isStepOf(part, pull, context.botLogin)),
    )
  // A file that cannot be read still exists, and so does a release that cannot be rendered.
  const isWhole =
    snapshot.problems.length === 0 && snapshot.unrendered.every(({ environments }) => environments.length === 0)
  const orphans = open.filter((pull) => isMisplaced(pull) || (isWhole && isOrphan(pull)))
  const known = withWaitingWaves(rollouts)
  return ok({ ref, sha, deployed, snapshot, rollouts: known, pulls: [...pulls, ...older], orphans, leftovers })
}

/** For a split that Perch does not touch. Whether anyone stopped it makes no difference. */
const UNSTOPPED: ClosedSteps = { stoppedByHand: false, rollbackRefused: false, older: [] }

/** Why a command cannot be carried out on the rollouts of a branch. */
export function baseRefusal(problem: BaseProblem, pull: PullRequest): Refusal {
  if (problem.code === 'config') return configRefusal(problem.problems)
  const { deployed } = problem
  return deployed.problems.length > 0 ? configRefusal(deployed.problems) : notDeployed(pull, deployed)
}

export function notDeployed({ base, state }: PullRequest, { names }: DeployedBranches): NotDeployed {
  return { code: 'not-deployed', base: base.ref, deployed: names, isMerged: state === 'merged' }
}

/** Our open pull requests for a rollout. */
async function openSteps(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'botLogin'>,
  at: {
    readonly base: BaseHead
    readonly heads: ReadonlyMap<string, Sha>
    readonly open: readonly PullRequest[]
    readonly standings: readonly Standing[]
  },
  standing: Standing,
): Promise<readonly OpenStep[]> {
  const found: OpenStep[] = []
  for (const pull of at.open.filter((one) => isStepOf(standing.target, one, context.botLogin))) {
    const head = at.heads.get(branchRef(pull.head.ref))
    const kind = kindOf(pull.head.ref, standing.phase)
    const all = isWaveStep(standing.target, pull)
      ? at.standings.filter(({ target }) => isStepOf(target, pull, context.botLogin))
      : [standing]
    const ends = head === undefined ? undefined : { base: at.base.sha, head }
    const isFit =
      ends !== undefined &&
      (await fits(context, ends, { standing, kind, all })) &&
      (await isMadeHere(context, ends, { standing, branch: pull.head.ref }))
    found.push({ pull, kind, fits: isFit })
  }
  return found
}

/**
 * Whether merging a head into the base branch changes the rollout and has no conflicts. A rollback blocks everything else, so it
 * must do what Perch proposes: anyone may have pushed to its branch.
 */
async function fits(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  at: { readonly base: Sha; readonly head: Sha },
  {
    standing,
    kind,
    all,
  }: { readonly standing: Standing; readonly kind: OpenStep['kind']; readonly all: readonly Standing[] },
): Promise<boolean> {
  if (kind === 'rollback') {
    const moves = all.map((one) => ({ target: one.target, move: rollbackOf(one) }))
    return all.every(({ share }) => share !== 0) && isAsProposed(context, { ...at, moves })
  }
  const merged = await context.mirror.merge(at.base, at.head)
  if ('conflicts' in merged) return false
  const after = await readTargetAt(context, merged.tree, standing.target)
  if (after === undefined || stepKey(standingOf(after)) === stepKey(standing)) return false
  // A step names the canary's version at the time when it was made. If the version has changed, the step must be remade.
  const proposed = kind === 'share' ? await readTargetAt(context, at.head, standing.target) : undefined
  return proposed === undefined || versionOf(proposed) === versionOf(after)
}

/** Someone may push to a step. At most this many of its commits are read. */
const MAX_OWN_COMMITS = 10

/**
 * Whether the base branch still has the share that a step was made for. If the branch was moved back (restored from a backup,
 * force-pushed), it has an earlier share, and merging the step would skip the shares between.
 */
async function isMadeHere(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { base, head }: { readonly base: Sha; readonly head: Sha },
  { standing, branch }: { readonly standing: Standing; readonly branch: string },
): Promise<boolean> {
  const move = moveOf(branch, standing)
  if (move?.kind === 'finish-version') return standing.share === 100
  if (move?.kind !== 'share') return true
  const own = new Set((await context.mirror.ahead(base, head)).map(({ sha }) => sha))
  // Perch makes a step from one commit.
  if (own.size < 2) return true
  const changes = await context.mirror.landings(head, filesOf(standing.target), MAX_OWN_COMMITS)
  const shares: (Standing['share'] | undefined)[] = []
  for (const { sha } of changes.filter((change) => own.has(change.sha))) {
    const target = await readTargetAt(context, sha, standing.target)
    shares.push(target && standingOf(target).share)
  }
  return isMadeOn(shares, { to: move.to, now: standing.share })
}

function versionOf({ route, neighbours }: Target): string {
  return canaryVersion(route, neighbours)
}
