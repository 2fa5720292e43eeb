/** The reaction to a canary that fails its analysis. */
import type { AnalysisReport } from '../../core/analysis/report.ts'
import { failureReason } from '../../core/message/gate/analysis.ts'
import type { News } from '../../core/notify/news.ts'
import { consequenceOf, isWatched, sureShare } from '../../core/rollout/standing.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import { canaryVersion } from '../../core/traffic/version.ts'
import { tell } from '../notify/tell.ts'
import { heldStep, rememberHeldStep } from '../memory/rollout-memory.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { hold } from '../stop/stops.ts'
import type { CauseOf } from '../tasks/causes.ts'
import { rolloutName } from '../../core/rollout/rollout-name.ts'
import { tellNews } from './measure-rollouts.ts'
import { lastReport, measureIfLive, stepCommit } from './measure-step.ts'

type FailedCause = Extract<CauseOf<'advance'>, { code: 'failed' }>

/**
 * The rollouts, with the measurements of those that fail. A failed step may be gone by now, and the config may have changed, so
 * both are read from Git. The metrics server is queried again only if memory was lost.
 */
export async function withFailures(
  context: RepositoryContext,
  at: { readonly base: BaseHead; readonly why: FailedCause },
  rollouts: readonly RolloutFacts[],
): Promise<readonly RolloutFacts[]> {
  const all: RolloutFacts[] = []
  for (const rollout of rollouts) {
    const report = await knownReport(context, at, rollout)
    const isFailed = report !== undefined && consequenceOf(rollout.standing, report) !== 'nothing'
    if (isFailed) {
      await tellNews(context, rolloutName(at.base.ref, rollout.standing.target), report)
      await tell(context, { base: at.base.ref, about: String(report.from) }, failureNews(rollout, report))
    }
    all.push(isFailed ? { ...rollout, failure: report } : rollout)
  }
  return all
}

function failureNews({ standing, open }: RolloutFacts, report: AnalysisReport): News {
  const { target } = standing
  return {
    event: 'failed',
    environment: target.environment,
    service: target.service,
    share: sureShare(standing),
    version: canaryVersion(target.route, target.neighbours),
    reason: failureReason(report),
    ...(open[0] === undefined ? {} : { pull: open[0].pull.number }),
  }
}

async function knownReport(
  context: RepositoryContext,
  { base, why }: { readonly base: BaseHead; readonly why: FailedCause },
  { standing }: RolloutFacts,
): Promise<AnalysisReport | undefined> {
  if (!isWatched(standing)) return undefined
  const known = await lastReport(context, base, standing)
  if (known !== undefined || why.step !== (await stepCommit(context, base, standing))) return known
  return (await measureIfLive(context, { base }, standing)).analysis
}

/** Holds a rollout whose canary fails. This happens once per step, because a person may let it continue. */
export async function holdFailed(
  context: RepositoryContext,
  { base, target }: { readonly base: string; readonly target: Target },
  failure: AnalysisReport,
): Promise<void> {
  const rollout = rolloutName(base, target)
  if ((await heldStep(context, rollout)) === failure.from) return
  const asked = {
    login: context.botLogin,
    cause: `failed:${rollout}:${failure.from}`,
    at: context.clock.now(),
  }
  await hold(context, [target], { ...asked, reason: failureReason(failure) })
  await rememberHeldStep(context, rollout, failure.from)
}
