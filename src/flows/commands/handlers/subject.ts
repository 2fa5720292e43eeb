import type { Config } from '../../../core/config/schema.ts'
import type { Environment } from '../../../core/environment/environment.ts'
import type { Review } from '../../../core/gate/review.ts'
import type { NotDeployed } from '../../../core/refusal/gate-refusal.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { configRefusal } from '../../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { canariesNear } from '../../../core/flagger/canaries-near.ts'
import type { PullRequest, Sha } from '../../../core/rollout/facts.ts'
import { relatedTo } from '../../../core/rollout/related.ts'
import type { Snapshot } from '../../../core/rollout/snapshot.ts'
import type { Target } from '../../../core/rollout/target.ts'
import { changedByMerge } from '../../repository/history.ts'
import { configDespiteMistakes } from '../../repository/last-config.ts'
import { loadConfig, loadSnapshot } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { type BaseState, notDeployed } from '../../rollout/rollouts.ts'
import type { BaseSubject, HeadSubject } from './command-request.ts'
import type { PlannedRollout } from './plan-outcome.ts'

/** A pull request's rollouts on its base branch. */
export function baseSubject(
  { botLogin }: Pick<RepositoryContext, 'botLogin'>,
  pull: PullRequest,
  base: BaseState,
): BaseSubject {
  return { on: 'base', pull, base, related: relatedTo(pull, base.rollouts, botLogin) }
}

/** Set if the pull request is for a branch that nothing deploys, and no rollout elsewhere belongs to it. */
export function awayFrom({ pull, base, related }: BaseSubject): NotDeployed | undefined {
  const isHere = base.deployed.has(pull.base.ref) || related.length > 0
  return isHere ? undefined : notDeployed(pull, base.deployed)
}

export function reviewOf({ pull, look }: HeadSubject): Promise<Review> {
  return look(pull.head.sha)
}

/** The rollouts that an open pull request moves. On the base branch, the rollouts that belong to the pull request. */
export async function rolloutsOf(subject: HeadSubject | BaseSubject): Promise<readonly PlannedRollout[]> {
  if (subject.on === 'base') return subject.related.map(({ standing }) => standing)
  const { changes } = await reviewOf(subject)
  return changes.map(({ target, from, to }) => ({ target, share: from, proposed: to }))
}

async function targetsOf(subject: HeadSubject | BaseSubject): Promise<readonly Target[]> {
  return (await rolloutsOf(subject)).map(({ target }) => target)
}

/** What the words behind a stop mean: one word that is the name of a service is that service, and everything else is a reason. */
export function wordsOfStop(
  words: string | undefined,
  known: readonly Target[],
): { readonly service: string | undefined; readonly reason: string | undefined } {
  const isService = known.some(({ service }) => service === words)
  return isService ? { service: words, reason: undefined } : { service: undefined, reason: words }
}

/** The targets of a stop: the pull request's rollouts, or else the Flagger rollouts that it concerns. */
export async function stoppableOf(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo'>,
  subject: HeadSubject | BaseSubject,
): Promise<readonly Target[]> {
  const own = await targetsOf(subject)
  if (own.length > 0) return own
  const snapshot = await snapshotOf(context, subject)
  if (!snapshot.ok) return []
  const sha = subject.on === 'base' ? subject.base.sha : subject.base
  return canariesNear(snapshot.value.targets, await changedBy(context, sha, subject.pull))
}

async function snapshotOf(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo'>,
  subject: HeadSubject | BaseSubject,
): Promise<Result<Snapshot, Refusal>> {
  if (subject.on === 'base') return ok(subject.base.snapshot)
  const config = await stopConfigAt(context, subject)
  return config.ok ? ok(await loadSnapshot(context, subject.base, { config: config.value })) : config
}

/** How many commits of the base branch are searched for the one that merged a pull request. */
const MAX_LANDINGS = 2_000

/**
 * The paths that a pull request changes or has changed. `base`: the head of the base branch. After a merge that is not on the base
 * branch any more, those that another merge would change.
 */
export async function changedBy(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  base: Sha,
  { number, state, mergeCommit }: PullRequest,
): Promise<readonly string[]> {
  const landings = state === 'merged' ? await mirror.landings(base, 'all', MAX_LANDINGS) : []
  const merge = landings.findIndex(({ sha }) => sha === mergeCommit)
  const [landed, before] = merge < 0 ? [] : landings.slice(merge)
  if (landed !== undefined) return before === undefined ? [] : mirror.changed(before.sha, landed.sha)
  // The branch of a closed pull request may be gone, and a mirror that is new does not have its commits.
  const ref = `refs/pull/${number}/head`
  const head = (await mirror.fetch([ref])).get(ref)
  return head === undefined ? [] : changedByMerge({ mirror }, base, head)
}

/** The config of the base branch, for a command on an unmerged pull request. */
export async function configAt(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { base }: HeadSubject,
): Promise<Result<Config, Refusal>> {
  const config = await loadConfig(context, base)
  return config.ok ? config : err(configRefusal(config.error))
}

/** The same for holds and freezes, which work although somebody broke the config. */
async function stopConfigAt(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { base }: HeadSubject,
): Promise<Result<Config, Refusal>> {
  const config = await configDespiteMistakes(context, base)
  return config.ok ? config : err(configRefusal(config.error))
}

/** The environments of the base branch, for a freeze. */
export async function environmentsOf(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo'>,
  subject: HeadSubject | BaseSubject,
): Promise<Result<readonly Environment[], Refusal>> {
  if (subject.on === 'base') return ok(subject.base.snapshot.environments)
  const config = await stopConfigAt(context, subject)
  return config.ok
    ? ok((await loadSnapshot(context, subject.base, { config: config.value, isWanted: () => false })).environments)
    : config
}
