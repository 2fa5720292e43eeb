import type { ConfigProblem } from '../core/config/read.ts'
import { explainProblem } from '../core/message/problem/problem.ts'
import { closingComment } from '../core/message/pull-request/pull-request.ts'
import { configProblem } from '../core/problem/files.ts'
import { isStep } from '../core/rollout/branch.ts'
import { transition } from '../core/rollout/transition.ts'
import { answerOnBase } from './base-commands.ts'
import { answerButton } from './buttons.ts'
import type { Desk } from './desk.ts'
import { isWatched, withFailures } from './measure-rollouts.ts'
import { judgeMoved } from './judge-again.ts'
import { forgetBase, rememberDeployed, rememberWatch, settle, settledAt } from './memory.ts'
import { labelsOf } from './propose.ts'
import { type BaseProblem, type BaseState, loadBase } from './rollouts.ts'
import { type StuckBoard, stuckBoard } from './stuck.ts'
import { sayStopped } from './stopped-step.ts'
import { closePull, takeSteps } from './take-steps.ts'
import type { Task } from './work.ts'

/** Brings every rollout of a base branch one decision further: opens, plans again and closes pull requests. */
export async function advance(desk: Desk, task: Extract<Task, { type: 'advance' }>): Promise<void> {
  const isAsked = task.command !== undefined || task.button !== undefined
  if (!isAsked && (await isSettled(desk, task))) return
  const base = await loadBase(desk, task.base)
  if (base === undefined) return
  await answer(desk, base, task)
  if (!base.ok) return giveUpBase(desk, base.error)
  // A command has changed what is open: what follows from it is decided on what is there now.
  const state = isAsked ? await loadBase(desk, task.base) : base
  if (state === undefined || !state.ok) return
  const { rollouts, sha } = state.value
  const stuck = await takeAllSteps(desk, state.value, task.failing === true)
  for (const pull of state.value.orphans) await closePull(desk, pull, closingComment('split'))
  await tidy(desk, state.value)
  await judgeMoved(desk, state.value)
  await rememberWatch(
    desk,
    task.base,
    rollouts.some(({ standing }) => isWatched(standing)),
  )
  await rememberDeployed(desk, state.value.deployed.names)
  // What stands in the way may go away while the branch stays as it is: the next sweep tries again.
  if (!stuck.isPassing()) await settle(desk, task.base, sha)
}

async function takeAllSteps(desk: Desk, base: BaseState, isFailing: boolean): Promise<StuckBoard> {
  const { sha, rollouts } = base
  const stuck = await stuckBoard(desk, base.ref)
  for (const rollout of isFailing ? await withFailures(desk, { ref: base.ref, sha }, rollouts) : rollouts) {
    const done = await takeSteps(desk, base, { rollout, steps: transition(rollout) })
    await stuck.put(rollout.standing.target, done.ok ? undefined : done.error)
    await sayStopped(desk, base, rollout)
  }
  await stuck.close()
  return stuck
}

function warnOf(desk: Pick<Desk, 'log'>, problems: readonly ConfigProblem[]): void {
  desk.log.warn(
    { problems: problems.map((problem) => explainProblem(configProblem(problem, 'base')).what) },
    'the config is not valid: no rollout goes on',
  )
}

/** A branch that nothing deploys has no rollouts: what was opened there when it still was deployed is closed. */
async function giveUpBase(desk: Desk, base: BaseProblem): Promise<void> {
  await judgeMoved(desk, base)
  if (base.code === 'config') return warnOf(desk, base.problems)
  if (base.deployed.problems.length > 0) return warnOf(desk, base.deployed.problems)
  const open = base.pulls.filter((pull) => pull.state === 'open' && isStep(pull, desk.botLogin))
  for (const pull of open) await closePull(desk, pull, closingComment('not-deployed'))
  await forgetBase(desk, base.ref)
}

async function answer(
  desk: Desk,
  base: NonNullable<Awaited<ReturnType<typeof loadBase>>>,
  { command, button }: Extract<Task, { type: 'advance' }>,
): Promise<void> {
  if (command !== undefined) await answerOnBase(desk, base, command)
  if (button !== undefined) await answerButton(desk, base, button)
}

/** A push that speaks of a head whose consequences are all drawn brings nothing new. */
async function isSettled(desk: Desk, { base, head, failing }: Extract<Task, { type: 'advance' }>): Promise<boolean> {
  if (failing === true) return false
  return head !== undefined && (await settledAt(desk, base)) === head
}

/** What is missing or left over where a process ended between two effects; where that went well there is nothing to do. */
async function tidy(desk: Pick<Desk, 'pulls' | 'branches'>, { rollouts, leftovers }: BaseState): Promise<void> {
  for (const { pull, kind, fits } of rollouts.flatMap(({ open }) => open)) {
    const missing = labelsOf(kind).filter((label) => !pull.labels.includes(label))
    // One that does not fit may have been merged a moment ago, and its kind is read from where the base branch stands.
    if (fits && missing.length > 0) await desk.pulls.label(pull.number, missing)
  }
  for (const branch of leftovers) await desk.branches.remove(branch)
}
