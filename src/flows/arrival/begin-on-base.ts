/** New versions that came to the base branch, and which of them begin a rollout there by themselves. */
import { z } from 'zod'
import { isAutomation } from '../../core/arrival/automation.ts'
import { beginningOf } from '../../core/arrival/begin.ts'
import { isStepOf } from '../../core/rollout/branch.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import { mayHaveTraffic } from '../../core/rollout/standing.ts'
import { isBlueGreen, type Target, targetName } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import type { Landing } from '../../ports/mirror.ts'
import { loadConfig } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { BaseState } from '../rollout/rollouts.ts'
import { type ArrivedVersion, arrivedVersion, versionAt } from './arrived-version.ts'

/** Commit times have whole seconds. */
const CLOCK_SLACK_MS = 1_000
/** GitHub may not know at once which pull request a commit came by. */
const LAG_MS = 10 * 60_000

const Settled = z.object({ version: z.string() })

/** The rollouts, with what begins by itself. For all others nothing is read. */
export async function withBeginnings(
  context: RepositoryContext,
  base: BaseState,
  rollouts: readonly RolloutFacts[],
): Promise<readonly RolloutFacts[]> {
  const all: RolloutFacts[] = []
  for (const rollout of rollouts) all.push(mayBegin(rollout) ? await withBeginning(context, base, rollout) : rollout)
  return all
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
): Promise<RolloutFacts> {
  const { target } = rollout.standing
  const now = await versionAt(context, base.sha, { target, config: base.snapshot.config })
  if (now === undefined || now.isStable) return rollout
  const key = `arrival:${context.repo.id}:${base.ref}:${targetName(target)}`
  const settled = Settled.safeParse(await context.memo.get(key))
  const version = context.seal(`${now.version} ${rollout.standing.phase}`)
  if (settled.success && settled.data.version === version) return rollout
  const arrived = await arrivedVersion(context, base, { target, now })
  const found = arrived === undefined ? undefined : await judged(context, base, { rollout, arrived })
  if (found?.begins !== undefined) return { ...rollout, ...found }
  const isSure = arrived === undefined || context.clock.now() - arrived.landing.time > LAG_MS
  if (isSure) await context.memo.set(key, { version } satisfies z.infer<typeof Settled>)
  return rollout
}

async function judged(
  context: RepositoryContext,
  base: BaseState,
  { rollout, arrived }: { readonly rollout: RolloutFacts; readonly arrived: ArrivedVersion },
): Promise<Pick<RolloutFacts, 'begins' | 'broughtBy'>> {
  const { target } = rollout.standing
  const since = arrived.landing.time - CLOCK_SLACK_MS
  const { pulls } = await context.pulls.recent(base.ref, since)
  const ended = pulls.filter(
    (pull) => pull.state !== 'open' && (pull.closedAt ?? 0) >= since && isStepOf(target, pull, context.botLogin),
  )
  const pull =
    pulls.find(({ mergeCommit }) => mergeCommit === arrived.landing.sha) ??
    (await context.pulls.mergedAs(arrived.landing.sha))
  const begins = beginningOf({
    settings: target.settings,
    isRunning: mayHaveTraffic(rollout.standing),
    wasRunning: mayHaveTraffic(arrived.before),
    wasConfigured: await wasConfigured(context, arrived.landing, target),
    isByAutomation: await isByAutomation(context, base, { landing: arrived.landing, pull }),
    ended,
  })
  const origin = pull === undefined ? {} : { broughtBy: pull.number }
  return begins === undefined ? {} : { begins, ...origin }
}

/** By its pull request where it has one, else by who pushed it, as GitHub recorded that. */
async function isByAutomation(
  context: Pick<RepositoryContext, 'branches' | 'botLogin'>,
  { ref, snapshot: { config } }: BaseState,
  { landing, pull }: { readonly landing: Landing; readonly pull: PullRequest | undefined },
): Promise<boolean> {
  if (pull !== undefined) return pull.author.login !== context.botLogin && isAutomation(pull.author.login, config)
  const pushes = (await context.branches.pushes(ref)) ?? []
  const push = pushes.find(({ head }) => head === landing.sha)
  return push !== undefined && push.login !== context.botLogin && isAutomation(push.login, config)
}

async function wasConfigured(
  context: Pick<RepositoryContext, 'mirror'>,
  { sha }: Landing,
  { service }: Target,
): Promise<boolean> {
  const config = await loadConfig(context, sha)
  return config.ok && config.value.services[service]?.start === 'first-step'
}
