import { createHash } from 'node:crypto'
import type { RangeAnswer } from '../../core/analysis/answer.ts'
import { lastsUntil } from '../../core/analysis/lasting.ts'
import type { AnalysisReport } from '../../core/analysis/report.ts'
import { isPlanDue, judgeStep, planStep, type StepPlan } from '../../core/analysis/step-plan.ts'
import type { Liveness } from '../../core/gate/live.ts'
import { consequenceOf } from '../../core/rollout/failure.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import { targetName } from '../../core/rollout/target.ts'
import { keepable, type Measurement, recallMeasurement, rememberMeasurement } from '../repository/measurement-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { BaseHead } from './landing.ts'
import { runningSince } from './running-version.ts'
import { livenessOf, type LivenessQuestion } from './liveness.ts'

type Needs = Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo' | 'metrics' | 'clock' | 'ask' | 'meter'>

/** A step on a base branch that is live since a moment, epoch milliseconds. */
interface LiveStep {
  readonly base: BaseHead
  readonly since: number
}

/**
 * What the canary measures in its step: the bake window, as far as it is over, and the time after it. The server is asked once
 * for each point of the window; in between memory answers. Undefined where the config asks for no analysis.
 *
 * A failure asks for what follows from it at each look. The task is the same each time, so it is done once.
 */
export async function measureStep(
  context: Needs,
  { base, since }: LiveStep,
  standing: Standing,
): Promise<AnalysisReport | undefined> {
  const now = context.clock.now()
  const plan = planFor(context, standing, { since, now })
  if (plan === undefined) return undefined
  const rollout = rolloutName(base, standing)
  const step = await stepCommit(context, base, standing)
  const { report, failsSince } = await measureOnce(context, plan, { rollout, step, since, now })
  if (consequenceOf(standing, report) !== 'nothing')
    await context.ask.advance(base.ref, { code: 'failed', rollout, step, failsSince, at: now })
  return report
}

interface MeasuredPoint {
  readonly rollout: string
  readonly step: string
  readonly since: number
  readonly now: number
}

/** What memory holds of this point, else what the server answers now. `failsSince`: when a failure was first seen. */
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
  // Before anybody is told of a failure: what is done about it reads this.
  await rememberMeasurement(context, rollout, { ...found, failsSince: report.isFailure ? failsSince : undefined })
  return { report, failsSince }
}

/** Whether the step that the base branch is at is live, and what it measures then. */
export async function measureIfLive(
  context: Needs & Pick<RepositoryContext, 'signals'>,
  question: LivenessQuestion,
  standing: Standing,
): Promise<{ readonly liveness: Liveness; readonly analysis: AnalysisReport | undefined }> {
  const liveness = await livenessOf(context, question, standing)
  if (liveness.state !== 'live') return { liveness, analysis: undefined }
  const base = { ref: question.baseRef, sha: question.base }
  return { liveness, analysis: await measureStep(context, { base, since: liveness.since }, standing) }
}

/**
 * What was last measured of the step that the base branch is at now, from Git and memory alone. Undefined where memory holds
 * nothing about it that fits today's config.
 */
export async function lastReport(
  context: Needs,
  base: BaseHead,
  standing: Standing,
): Promise<AnalysisReport | undefined> {
  const known = await recallMeasurement(context, rolloutName(base, standing))
  if (known === undefined || known.step !== (await stepCommit(context, base, standing))) return undefined
  const plan = planFor(context, standing, { since: known.since, now: known.at })
  return plan === undefined ? undefined : reportOf(plan, known)
}

/** Asks a metrics server all that a plan needs. */
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

export function rolloutName({ ref }: Pick<BaseHead, 'ref'>, { target }: Pick<Standing, 'target'>): string {
  return `${ref}:${targetName(target)}`
}

/** The commit that brought a step, or the version that it is about; empty where the history does not tell. */
export async function stepCommit(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'memo' | 'repo'>,
  base: BaseHead,
  standing: Standing,
): Promise<string> {
  return (await runningSince(context, base, standing))?.sha ?? ''
}

function planFor(
  { metrics }: Pick<RepositoryContext, 'metrics'>,
  standing: Standing,
  time: { readonly since: number; readonly now: number },
): StepPlan | undefined {
  const { analysis } = standing.target.settings
  return analysis && planStep({ standing, analysis, ...time, servers: metrics.servers() })
}

/** What remembered answers come to; undefined where they answer another question than the plan's. */
function reportOf(plan: StepPlan, { question, answers, at }: Measurement): AnalysisReport | undefined {
  // A server's clock is compared with ours at the moment when it answered.
  return question === questionOf(plan) ? judgeStep({ ...plan, now: at }, answers) : undefined
}

/** A mark of what is asked, and of whether the bake is over: then no data can be a failure. */
function questionOf(plan: StepPlan): string {
  const question = JSON.stringify([plan.analysis.provider, plan.asks, isPlanDue(plan)])
  return createHash('sha256').update(question).digest('hex').slice(0, 32)
}
