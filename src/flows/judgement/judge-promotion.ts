import { type Config, DEFAULT_LIVE } from '../../core/config/schema.ts'
import { type Environment, environmentNamed, inputsOf } from '../../core/environment/environment.ts'
import { overrule } from '../../core/gate/gate.ts'
import { type Liveness, livenessBy, wantOf, withoutTraffic } from '../../core/gate/live.ts'
import { judgePromotionFacts, type ReviewedPromotion, unknownPromotion } from '../../core/gate/promotion.ts'
import { waitKey } from '../../core/gate/signal.ts'
import { flowOf, isPromotion } from '../../core/promotion/branch.ts'
import type { PromotionFlow } from '../../core/promotion/promotion.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { isUnderWay, standingOf } from '../../core/rollout/standing.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { approvalsOf } from './approvals.ts'
import { type JudgementNeeds, restraintsIn, type RestraintQuestion } from './restraints.ts'

type Needs = JudgementNeeds & Pick<RepositoryContext, 'botLogin'>

/** The verdicts of the gates of a promotion pull request. Undefined for any other. The base branch decides what the gates require. */
export async function judgePromotion(
  context: Needs,
  question: RestraintQuestion,
): Promise<ReviewedPromotion | undefined> {
  const { pull } = question.around
  const branch = pull?.branch
  if (pull === undefined || branch === undefined) return undefined
  const head = { ref: branch, isFork: false }
  if (!isPromotion({ head, author: { login: pull.author } }, context.botLogin)) return undefined
  const config = await loadConfig(context, question.base.sha)
  // A broken config has its own red problem.
  if (!config.ok) return unknownPromotion(branch)
  const snapshot = await loadSnapshot(context, question.base.sha, { config: config.value })
  const flow = flowOf(
    branch,
    snapshot.environments.map(({ name }) => name),
    snapshot.targets.map(({ service }) => service),
  )
  if (flow === undefined) return unknownPromotion(branch)
  const reviewed = judgePromotionFacts(await factsOf(context, question, { flow, snapshot }), context.clock.now())
  const isOpen = reviewed.verdicts.some(({ state }) => state !== 'pass')
  return isOpen ? { ...reviewed, verdicts: overrule(reviewed.verdicts, await question.around.overrides()) } : reviewed
}

async function factsOf(
  context: Needs,
  question: RestraintQuestion,
  { flow, snapshot }: { readonly flow: PromotionFlow; readonly snapshot: Snapshot },
): Promise<Parameters<typeof judgePromotionFacts>[0]> {
  const { config, environments, targets } = snapshot
  const source = environmentNamed(environments, flow.from)
  const entry = config.environments?.[flow.to]
  const carried = targets.filter(
    (target) =>
      target.environments.includes(flow.to) && (flow.service === undefined || target.service === flow.service),
  )
  const running = carried.map(standingOf).find(isUnderWay)
  // A service may be on hold before the target has a route for it.
  const services = flow.service === undefined ? carried.map(({ service }) => service) : [flow.service]
  const scope = { environment: flow.to, environments: [flow.to] }
  return {
    flow,
    after: entry?.after,
    liveness: await sourceLiveness(context, question, { config, source }),
    running,
    restraints: {
      ...restraintsIn(context, question.around, { config, scope, services }),
      approvals: await approvalsOf(context, { ...question, base: question.base.sha }, entry?.approvals ?? 0),
    },
  }
}

/** How many commits are queried: the one with the newest change of the source, and the newest ones that still contain it. */
const NEWEST = 5
const MAX_LINE = 2_000

/** Whether the source runs its newest change on the base branch. */
async function sourceLiveness(
  context: Needs,
  question: RestraintQuestion,
  { config, source }: { readonly config: Config; readonly source: Environment | undefined },
): Promise<Liveness> {
  const live = withoutTraffic(config.environments?.[source?.name ?? '']?.live ?? [DEFAULT_LIVE])
  const wants = live.flatMap((entry) => wantOf(entry) ?? [])
  const now = context.clock.now()
  const [landing] = source === undefined ? [] : await context.mirror.landings(question.base.sha, inputsOf(source), 1)
  const when = { landedAt: landing?.time ?? now, now }
  if (wants.length === 0) return livenessBy(live, { commits: [], ...when })
  await question.onWait?.(wants.map(({ source: kind, pattern }) => waitKey(kind, pattern)))
  const asked = await commitsWith(context, question, landing?.sha)
  return livenessBy(live, { commits: await context.signals.about(asked, wants), ...when })
}

/**
 * The newest commits of the base branch that contain a change, a commit that a webhook has just named, and the commit that
 * brought the change.
 */
async function commitsWith(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { base, mentioned }: Pick<RestraintQuestion, 'base' | 'mentioned'>,
  landing: Sha | undefined,
): Promise<readonly Sha[]> {
  const line = (await mirror.landings(base.sha, 'all', MAX_LINE)).map(({ sha }) => sha)
  const end = line.findIndex((sha) => sha === landing)
  const carrying = end < 0 ? [base.sha] : line.slice(0, end + 1)
  const named = mentioned !== undefined && carrying.includes(mentioned) ? [mentioned] : []
  return [...new Set([...carrying.slice(0, NEWEST), ...named, ...carrying.slice(-1)])]
}
