import { branchRef } from '../../core/branch-ref.ts'
import type { ConfigProblem } from '../../core/config/read.ts'
import { configRefusal } from '../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isMisplaced, isStep, isStepOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { withParts } from '../../core/rollout/read-target.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'
import { isBlueGreen } from '../../core/rollout/target.ts'
import { standingOf } from '../../core/rollout/standing.ts'
import { withWaitingWaves } from '../../core/wave/convoy.ts'
import { turnsOf } from '../../core/wave/turns.ts'
import { isLeftAsItIs, type RolloutFacts } from '../../core/rollout/transition.ts'
import { decidingRef, type DeployedBranches, deployedAmong } from '../repository/deployed-branches.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { configDespiteMistakes } from '../repository/last-config.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import { broughtBy } from './by-hand.ts'
import { type ClosedSteps, closedSteps, readerOf } from './closed-steps.ts'
import { besideOf } from './open-change.ts'
import { openSteps } from './open-steps.ts'
import { forgetSteps } from '../memory/rollout-memory.ts'
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
 * Undefined if the branch does not exist. `despiteMistakes`: if the config is broken, the last valid one counts. That is only for
 * commands that never add risk.
 */
export async function loadBase(
  context: Needs,
  ref: string,
  { despiteMistakes = false } = {},
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
  const config = await (despiteMistakes ? configDespiteMistakes : loadConfig)(context, sha)
  if (!config.ok) return err({ code: 'config', problems: config.error, ref, sha })
  const snapshot = await loadSnapshot(context, sha, { config: config.value })
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
    const proposals = await openSteps(context, { ...at, open, standings, config: config.value }, standing)
    const { older: unseen, ...facts } = closed
    rollouts.push({ standing, ...proposals, ...facts, broughtBy: brought, turn })
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
