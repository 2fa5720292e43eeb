import { configProblem } from '../core/message/problem.ts'
import { closingComment } from '../core/message/pull-request.ts'
import { transition } from '../core/rollout/transition.ts'
import { answerOnBase } from './base-commands.ts'
import type { Desk } from './desk.ts'
import { recallPull, settle, settledAt } from './memory.ts'
import { labelsOf } from './propose.ts'
import { type BaseState, loadBase } from './rollouts.ts'
import { closePull, takeSteps } from './take-steps.ts'
import { jobOf, type Task } from './work.ts'

/** Brings every rollout of a base branch one decision further: opens, plans again and closes pull requests. */
export async function advance(desk: Desk, task: Extract<Task, { type: 'advance' }>): Promise<void> {
  const isSettled = task.head !== undefined && (await settledAt(desk, task.base)) === task.head
  if (isSettled && task.command === undefined) return
  const base = await loadBase(desk, task.base)
  if (base === undefined) return
  if (task.command !== undefined) await answerOnBase(desk, base, task.command)
  if (!base.ok) {
    desk.log.warn(
      { problems: base.error.map((problem) => configProblem(problem).what) },
      'the config is not valid: no rollout goes on',
    )
    return
  }
  // A command has changed what is open: what follows from it is decided on what is there now.
  const state = task.command === undefined ? base : await loadBase(desk, task.base)
  if (state === undefined || !state.ok) return
  for (const rollout of state.value.rollouts)
    await takeSteps(desk, state.value, { rollout, steps: transition(rollout) })
  for (const pull of state.value.orphans) await closePull(desk, pull, closingComment('split'))
  await tidy(desk, state.value)
  await reviewAgain(desk, state.value)
  await settle(desk, task.base, state.value.sha)
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

/** What a pull request would do depends on its base: those that change traffic are looked at again when it has moved. */
async function reviewAgain(desk: Desk, base: BaseState): Promise<void> {
  const { repo, installation } = desk
  for (const pull of base.pulls.filter(({ state }) => state === 'open')) {
    const seen = await recallPull(desk, pull.number)
    if (seen === undefined || !seen.traffic || seen.base === base.sha) continue
    const id = `base:${base.sha}`
    await desk.jobs.enqueue(jobOf({ type: 'review', installation, repo, pull: pull.number, force: true }, { id }))
  }
}
