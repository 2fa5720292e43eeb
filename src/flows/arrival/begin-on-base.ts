/** Finds new versions on the base branch, and which of them start a rollout by themselves. */
import * as z from 'zod'
import { isAutomation, ownStartId } from '../../core/arrival/automation.ts'
import { beginningOf, type VersionTraffic } from '../../core/arrival/begin.ts'
import { isClosedByPerch, isForRestart } from '../../core/marker/comment.ts'
import type { Config } from '../../core/config/schema.ts'
import { isStepOf } from '../../core/rollout/branch.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { mayHaveTraffic } from '../../core/rollout/standing.ts'
import { isBlueGreen, type Target } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import type { Landing } from '../../ports/mirror.ts'
import { commitBefore } from '../repository/history.ts'
import { loadConfig } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'
import type { BaseState } from '../rollout/rollouts.ts'
import { type ArrivedVersion, arrivedVersion, versionAt } from './arrived-version.ts'
import { hasOwnStart, isForPeople } from './decided-before.ts'

/** Commit times have whole seconds. */
const CLOCK_SLACK_MS = 1_000
/** GitHub may not know at once which pull request brought a commit, or who pushed it. */
const LAG_MS = 10 * 60_000

const Settled = z.object({ version: z.string() })

/** The rollouts of a base branch, with those that start by themselves. */
interface Beginnings {
  readonly rollouts: readonly RolloutFacts[]
  /** GitHub may soon know more about a version, so the branch is looked at again although it has not changed. */
  readonly isPassing: boolean
}

/** Reads facts only for rollouts that may begin. */
export async function withBeginnings(
  context: RepositoryContext,
  base: BaseState,
  rollouts: readonly RolloutFacts[],
): Promise<Beginnings> {
  const all: RolloutFacts[] = []
  let isPassing = false
  for (const rollout of rollouts) {
    const found = mayBegin(rollout) ? await withBeginning(context, base, rollout) : rollout
    if (found === 'not-sure') isPassing = true
    all.push(found === 'not-sure' ? rollout : found)
  }
  return { rollouts: all, isPassing }
}

function mayBegin({ standing: { target, phase, share } }: RolloutFacts): boolean {
  const { start, onNewVersion } = target.settings
  if (start !== 'first-step' || isBlueGreen(target) || share === 'unknown') return false
  return phase === 'idle' || (phase === 'stepping' && onNewVersion === 'restart')
}

async function withBeginning(
  context: RepositoryContext,
  base: BaseState,
  rollout: RolloutFacts,
): Promise<RolloutFacts | 'not-sure'> {
  const { target } = rollout.standing
  const now = await versionAt(context, base.sha, { target, config: base.snapshot.config })
  if (now === undefined || now.isSameAsStable) return rollout
  const key = `arrival:${context.repo.id}:${rolloutName(base.ref, target)}`
  const settled = Settled.safeParse(await context.memo.get(key)).data
  const version = context.seal(`${now.version} ${rollout.standing.phase}`)
  if (settled?.version === version) return rollout
  const arrived = await arrivedVersion(context, base, { target, now })
  const found = arrived === undefined ? {} : await beginningFor(context, base, { rollout, arrived })
  if (found.begins !== undefined) return { ...rollout, ...found }
  if (arrived !== undefined && context.clock.now() - arrived.landing.time <= LAG_MS) return 'not-sure'
  await context.memo.set(key, { version } satisfies z.infer<typeof Settled>)
  return rollout
}

interface RolloutOfVersion {
  readonly rollout: RolloutFacts
  readonly arrived: ArrivedVersion
}

async function beginningFor(
  context: RepositoryContext,
  base: BaseState,
  { rollout, arrived }: RolloutOfVersion,
): Promise<Pick<RolloutFacts, 'begins' | 'broughtBy'>> {
  const { target } = rollout.standing
  const { landing, before } = arrived
  const pull = await pullOf(context, base, landing.sha)
  const config = await configBefore(context, landing)
  const begins = beginningOf({
    settings: target.settings,
    wasRunning: mayHaveTraffic(before),
    wasConfigured: config?.services[target.service]?.start === 'first-step',
    isByAutomation: config !== undefined && (await isByAutomation(context, base, { landing, pull, config })),
    traffic: await trafficOf(context, base, { rollout, arrived, pull }),
    refused: await refusedSince(context, base, { target, since: landing.time - CLOCK_SLACK_MS }),
  })
  const origin = pull === undefined ? {} : { broughtBy: pull.number }
  return begins === undefined ? {} : { begins, ...origin }
}

/** The pull request whose merge is a commit of the base branch. */
async function pullOf(
  { pulls }: Pick<RepositoryContext, 'pulls'>,
  base: BaseState,
  sha: Sha,
): Promise<PullRequest | undefined> {
  return base.pulls.find(({ mergeCommit }) => mergeCommit === sha) ?? pulls.mergedAs(sha, base.ref)
}

/** Uses the config from before the commit. Otherwise the author of a version could also name themselves as automation. */
async function configBefore(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { sha }: Landing,
): Promise<Config | undefined> {
  const parent = await commitBefore({ mirror }, sha)
  const config = parent === undefined ? undefined : await loadConfig({ mirror }, parent)
  return config?.ok === true ? config.value : undefined
}

/** Decided by the author of its pull request if there is one, and otherwise by who pushed it, according to GitHub's record. */
async function isByAutomation(
  context: Pick<RepositoryContext, 'branches' | 'botLogin'>,
  { ref, snapshot }: BaseState,
  {
    landing,
    pull,
    config,
  }: { readonly landing: Landing; readonly pull: PullRequest | undefined; readonly config: Config },
): Promise<boolean> {
  const login =
    pull?.author.login ?? (await context.branches.pushes(ref))?.find(({ head }) => head === landing.sha)?.login
  if (login === undefined || login === context.botLogin) return false
  return isAutomation(login, config) && isAutomation(login, snapshot.config)
}

async function trafficOf(
  context: RepositoryContext,
  base: BaseState,
  { rollout, arrived, pull }: RolloutOfVersion & { readonly pull: PullRequest | undefined },
): Promise<VersionTraffic> {
  const { target } = rollout.standing
  const { landing, before, cleared, wasIdle } = arrived
  if (mayHaveTraffic(rollout.standing) || cleared === undefined) return wasIdle ? 'started' : 'inherited'
  if (cleared.sha !== landing.sha) {
    const by = await pullOf(context, base, cleared.sha)
    return by !== undefined && isStepOf(target, by, context.botLogin) && isForRestart(by) ? 'restarted' : 'taken-back'
  }
  if (!mayHaveTraffic(before)) return (await isDecided(context, target, pull)) ? 'taken-back' : 'never'
  const isOurs = pull !== undefined && (await hasOwnStart(context, pull, ownStartId(target, 'restart')))
  return isOurs ? 'restarted' : 'taken-back'
}

/** Whether a pull request was merged without the first step that Perch had committed there, or left to people. */
async function isDecided(context: RepositoryContext, target: Target, pull: PullRequest | undefined): Promise<boolean> {
  if (pull === undefined) return false
  return (await hasOwnStart(context, pull, ownStartId(target, 'first'))) || isForPeople(context, pull, target)
}

/** The pull requests that Perch opened for this version, and that people closed. */
async function refusedSince(
  context: RepositoryContext,
  { ref }: BaseState,
  { target, since }: { readonly target: Target; readonly since: number },
): Promise<readonly PullRequest[]> {
  const { pulls } = await context.pulls.recent(ref, since)
  const closed = pulls.filter(
    (pull) => pull.state === 'closed' && pull.createdAt >= since && isStepOf(target, pull, context.botLogin),
  )
  const refused: PullRequest[] = []
  for (const pull of closed) {
    if (!isClosedByPerch(await context.conversation.of(pull.number))) refused.push(pull)
  }
  return refused
}
