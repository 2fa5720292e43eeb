import { createHash } from 'node:crypto'
import type { RangeAnswer } from '../../core/analysis/answer.ts'
import { lastsUntil } from '../../core/analysis/lasting.ts'
import type { AnalysisReport } from '../../core/analysis/report.ts'
import { isPlanDue, judgeStep, planStep, type StepPlan } from '../../core/analysis/step-plan.ts'
import type { Liveness } from '../../core/gate/live.ts'
import { consequenceOf, type Standing } from '../../core/rollout/standing.ts'
import { keepable, type Measurement, recallMeasurement, rememberMeasurement } from '../memory/measurement-memory.ts'
import type { BaseHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type RolloutName, rolloutName } from '../../core/rollout/rollout-name.ts'
import { runningCommit } from './running-version.ts'
import { livenessOf, type LivenessQuestion } from './liveness.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'memo' | 'repo' | 'metrics' | 'clock' | 'ask' | 'meter' | 'activity'
>

/** A step on a base branch that has been live since a moment, epoch milliseconds. */
interface LiveStep {
  readonly base: BaseHead
  readonly since: number
}

/**
 * The canary's measurements in its current step: of the elapsed bake window, and of the time after it. The server is queried once
 * for each point of the window, and memory answers in between. Undefined if the config asks for no analysis.
 *
 * Each look at a failure requests the reaction. The task is the same each time, so it runs once.
 */
export async function measureStep(
  context: Needs,
  { base, since }: LiveStep,
  standing: Standing,
): Promise<AnalysisReport | undefined> {
  const now = context.clock.now()
  const plan = planFor(context, standing, { since, now })
  if (plan === undefined) return undefined
  const rollout = rolloutName(base.ref, standing.target)
  const step = await stepCommit(context, base, standing)
  const { report, failsSince } = await measureOnce(context, plan, { rollout, step, since, now })
  if (consequenceOf(standing, report) !== 'nothing')
    await context.ask.advance(base.ref, { code: 'failed', rollout, step, failsSince, at: now })
  return report
}

interface MeasuredPoint {
  readonly rollout: RolloutName
  readonly step: string
  readonly since: number
  readonly now: number
}

/** The remembered result for this point, or else the server's current answer. `failsSince`: when the failure was first seen. */
async function measureOnce(
  context: Needs,
  plan: StepPlan,
  { rollout, step, since, now }: MeasuredPoint,
): Promise<{ readonly report: AnalysisReport; readonly failsSince: number }> {
  const remembered = await recallMeasurement(context, rollout)
  const known = remembered?.step === step ? remembered : undefined
  const failsSince = known?.failsSince ?? known?.at ?? now
  const last = known && reportOf(plan, known)
  if (known !== undefined && last !== undefined && now < lastsUntil(last, known.at)) return { report: last, failsSince }
  const answers = keepable(await queryMetrics(context, plan))
  const report = judgeStep(plan, answers)
  const found = { step, since, at: now, question: questionOf(plan), answers }
  // Stored before anyone is told about a failure, because the reaction reads it.
  await rememberMeasurement(context, rollout, { ...found, failsSince: report.isFailure ? failsSince : undefined })
  return { report, failsSince }
}

/** Whether the base branch's current step is live, and its measurements if it is. */
export async function measureIfLive(
  context: Needs & Pick<RepositoryContext, 'signals'>,
  question: LivenessQuestion,
  standing: Standing,
): Promise<{ readonly liveness: Liveness; readonly analysis: AnalysisReport | undefined }> {
  const liveness = await livenessOf(context, question, standing)
  if (liveness.state !== 'live') return { liveness, analysis: undefined }
  const at = { base: question.base, since: liveness.since }
  return { liveness, analysis: await measureStep(context, at, standing) }
}

/**
 * The last measurement of the base branch's current step, from Git and memory alone. Undefined if memory contains none that
 * matches the current config.
 */
export async function lastReport(
  context: Needs,
  base: BaseHead,
  standing: Standing,
): Promise<AnalysisReport | undefined> {
  const known = await recallMeasurement(context, rolloutName(base.ref, standing.target))
  if (known === undefined || known.step !== (await stepCommit(context, base, standing))) return undefined
  const plan = planFor(context, standing, { since: known.since, now: known.at })
  return plan === undefined ? undefined : reportOf(plan, known)
}

/** Sends all queries of a plan to a metrics server. */
export async function queryMetrics(
  { metrics }: Pick<RepositoryContext, 'metrics'>,
  { analysis, asks }: StepPlan,
): Promise<readonly RangeAnswer[]> {
  const answers: RangeAnswer[] = []
  let lost: RangeAnswer | undefined
  for (const { query, range } of asks) {
    const answer = lost ?? (await metrics.range(analysis.provider, query, range))
    // If a server does not answer, the other queries are skipped, because each would have to time out.
    if (!answer.ok && (answer.code === 'unreachable' || answer.code === 'timed-out')) lost = answer
    answers.push(answer)
  }
  return answers
}

/** The commit that brought a step, or its version; empty if the history does not show it. */
export async function stepCommit(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'activity' | 'clock'>,
  base: BaseHead,
  standing: Standing,
): Promise<string> {
  return (await runningCommit(context, base, standing))?.sha ?? ''
}

function planFor(
  { metrics }: Pick<RepositoryContext, 'metrics'>,
  standing: Standing,
  time: { readonly since: number; readonly now: number },
): StepPlan | undefined {
  const { analysis } = standing.target.settings
  return analysis && planStep({ standing, analysis, ...time, servers: metrics.servers() })
}

/** The result of remembered answers; undefined if they answer other queries than the plan's. */
function reportOf(plan: StepPlan, { question, answers, at }: Measurement): AnalysisReport | undefined {
  // A server's clock is compared with ours at the time of its answer.
  return question === questionOf(plan) ? judgeStep({ ...plan, now: at }, answers) : undefined
}

/** Identifies the queries, and whether the bake is over, because missing data counts as a failure only then. */
function questionOf(plan: StepPlan): string {
  const question = JSON.stringify([plan.analysis.provider, plan.asks, isPlanDue(plan)])
  return createHash('sha256').update(question).digest('hex').slice(0, 32)
}
