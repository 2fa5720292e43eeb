import type { ConfigProblem } from '../core/config/read.ts'
import { explainProblem } from '../core/message/problem/problem.ts'
import { closingComment } from '../core/message/pull-request/closing.ts'
import { configProblem } from '../core/problem/files.ts'
import { isMisplaced, isStep, kindOf, madeFor } from '../core/rollout/branch.ts'
import type { PullRequest } from '../core/rollout/facts.ts'
import { isWatched } from '../core/rollout/standing.ts'
import { isObserved } from './measure/observe-traffic.ts'
import { targetName } from '../core/rollout/target.ts'
import type { RolloutFacts } from '../core/rollout/transition.ts'
import { decideAll } from '../core/wave/convoy.ts'
import { openSince, rolloutState } from '../core/watch/rollout-state.ts'
import { withBeginnings } from './arrival/begin-on-base.ts'
import { answerOnBase } from './commands/carry-out-comments.ts'
import { answerButton } from './commands/answer-button.ts'
import { askForDashboard, noteListing } from './dashboard/ask-dashboard.ts'
import { listRollouts, type TakenRollout } from './dashboard/list-rollouts.ts'
import { showStep } from './deployment/shown-steps.ts'
import { replanPromotions } from './promotion/replan-promotions.ts'
import type { RepositoryContext } from './repository/repository-context.ts'
import { withFailures } from './measure/failures.ts'
import { cleanUpForgotten } from './review/clean-up.ts'
import { judgeMoved } from './stop/judge-again.ts'
import {
  forgetBase,
  knownBases,
  recallDeployed,
  rememberDeployed,
  rememberWatch,
  settle,
  settledAt,
} from './memory/base-memory.ts'
import { removeUnopened } from './rollout/unopened.ts'
import { labelsOf } from './rollout/propose.ts'
import { type BaseProblem, type BaseState, loadBase } from './rollout/rollouts.ts'
import { type StuckBoard, stuckBoard } from './rollout/stuck.ts'
import { sayStopped } from './rollout/stopped-step.ts'
import { tellChanges } from './rollout/tell-changes.ts'
import { closePull, type StepsDone, takeSteps } from './rollout/take-steps.ts'
import { rememberRollouts, type SeenRollout } from './memory/watch-memory.ts'
import type { TaskOf } from './tasks/tasks.ts'

type AdvanceTask = TaskOf<'advance'>

/** Brings every rollout of a base branch one decision further: opens, plans again and closes pull requests. */
export async function advance(context: RepositoryContext, task: AdvanceTask): Promise<void> {
  const { why } = task
  if (await isSettled(context, task)) return
  const base = await loadBase(context, task.base)
  if (base === undefined) return
  const isAnswered = await answer(context, base, why)
  if (!base.ok) return giveUpBase(context, base.error)
  // A command has changed the open pull requests, so the next decision uses the current ones.
  const state = isAnswered ? await loadBase(context, task.base) : base
  if (state === undefined || !state.ok) return
  const { rollouts, sha } = state.value
  const { stuck, isPassing } = await takeAllSteps(context, state.value, why)
  await replanPromotions(context, state.value)
  for (const pull of state.value.orphans) await closeOrphan(context, pull, 'split')
  await tidy(context, state.value)
  await judgeMoved(context, state.value)
  await cleanUpForgotten(context, state.value)
  await rememberWatch(
    context,
    task.base,
    rollouts.some(({ standing }) => isWatched(standing) || isObserved(context, standing)),
  )
  await rememberDeployed(context, state.value.deployed.names)
  // The obstacle may disappear while the branch stays the same, so the next sweep tries again.
  if (isPassing || stuck.isPassing()) return
  await removeUnopened(context, state.value)
  await settle(context, task.base, sha)
}

async function takeAllSteps(
  context: RepositoryContext,
  base: BaseState,
  why: AdvanceTask['why'],
): Promise<{ readonly stuck: StuckBoard; readonly isPassing: boolean }> {
  const stuck = await stuckBoard(context, base.ref)
  const known = why.code === 'failed' ? await withFailures(context, { base, why }, base.rollouts) : base.rollouts
  const { rollouts, isPassing } = await withBeginnings(context, base, known)
  const seen: SeenRollout[] = []
  const taken: TakenRollout[] = []
  for (const convoy of decideAll(rollouts)) {
    const done = await takeSteps(context, base, convoy)
    await sayStopped(context, base, convoy.rollout)
    for (const rollout of convoy.members) {
      await stuck.put(rollout.standing.target, done.ok ? undefined : done.error)
      if (base.snapshot.config.deployments)
        await showStep(context, base, { rollout, isRollingBack: isRollingBack(rollout, done) })
      const state = rolloutState(rollout, !done.ok)
      const name = targetName(rollout.standing.target)
      if (state !== undefined) seen.push({ name, state, since: openSince(rollout) })
      taken.push({ rollout, done })
    }
  }
  await stuck.close()
  await tellChanges(context, base, { rollouts, seen })
  await rememberRollouts(context, base.ref, seen)
  await noteListing(context, { base: base.ref, deployed: base.deployed }, () => listRollouts(context, base, taken))
  return { stuck, isPassing }
}

/** Whether a rollback is open, from before or because of these steps. */
function isRollingBack({ open, standing }: RolloutFacts, done: StepsDone): boolean {
  const opened = done.ok ? done.value.opened : undefined
  const isOpened = opened !== undefined && kindOf(opened.head.ref, standing.phase) === 'rollback'
  return isOpened || open.some(({ kind }) => kind === 'rollback')
}

function warnOf(context: Pick<RepositoryContext, 'log'>, problems: readonly ConfigProblem[]): void {
  context.log.warn(
    { problems: problems.map((problem) => explainProblem(configProblem(problem, 'base')).what) },
    'the config is not valid: no rollout goes on',
  )
}

/** A branch that nothing deploys has no rollouts. Pull requests from the time when it was deployed are closed. */
async function giveUpBase(context: RepositoryContext, base: BaseProblem): Promise<void> {
  await judgeMoved(context, base)
  if (base.code === 'config') {
    await noteListing(context, { base: base.ref }, async () => ({ code: 'config' }))
    return warnOf(context, base.problems)
  }
  if (base.deployed.problems.length > 0) return warnOf(context, base.deployed.problems)
  const open = base.pulls.filter((pull) => pull.state === 'open' && isStep(pull, context.botLogin))
  for (const pull of open) await closeOrphan(context, pull, 'not-deployed')
  await forgetBase(context, base.ref)
  await askForDashboard(context)
}

/** Closes a step that no rollout of its base branch has. Its own branch may need the step, so Perch looks at that one too. */
async function closeOrphan(
  context: RepositoryContext,
  pull: PullRequest,
  reason: 'split' | 'not-deployed',
): Promise<void> {
  if (!isMisplaced(pull)) return void (await closePull(context, pull, closingComment(reason)))
  await closePull(context, pull, closingComment('misplaced'))
  const bases = [...(await recallDeployed(context)), ...(await knownBases(context))]
  const home = madeFor(pull, context.repo.defaultBranch, bases)
  if (home !== undefined) await context.ask.advance(home, { code: 'ended', pull: pull.number, at: context.clock.now() })
}

/** Does what somebody asked for. Returns false if nobody asked. */
async function answer(
  context: RepositoryContext,
  base: NonNullable<Awaited<ReturnType<typeof loadBase>>>,
  why: AdvanceTask['why'],
): Promise<boolean> {
  const { code } = why
  if (code === 'handed-over' || code === 'handed-again') await answerOnBase(context, base, why)
  else if (code === 'button') await answerButton(context, base, why)
  else return false
  return true
}

/** A push of a head that is already settled changes nothing. */
async function isSettled(context: RepositoryContext, { base, why }: AdvanceTask): Promise<boolean> {
  const head = why.code === 'pushed' || why.code === 'pull-ended' ? why.head : undefined
  return head !== undefined && (await settledAt(context, base)) === head
}

/** Repairs what is missing or left over if a process ended between two effects. Usually there is nothing to do. */
async function tidy(
  context: Pick<RepositoryContext, 'pulls' | 'branches'>,
  { rollouts, leftovers }: BaseState,
): Promise<void> {
  for (const { pull, kind, fits } of rollouts.flatMap(({ open }) => open)) {
    const missing = labelsOf(kind).filter((label) => !pull.labels.includes(label))
    // A pull request that does not fit may have been merged a moment ago, and its kind depends on the state of the
    // base branch.
    if (fits && missing.length > 0) await context.pulls.label(pull.number, missing)
  }
  for (const branch of leftovers) await context.branches.remove(branch)
}
