import type { CommandLine } from '../core/command/commands.ts'
import type { PendingComment } from '../core/command/pending.ts'
import { answer, type Outcome } from '../core/message/answer.ts'
import { configRefusal } from '../core/message/problem.ts'
import type { PullRequest, Sha } from '../core/rollout/facts.ts'
import { relatedTo, statusLines } from '../core/rollout/related.ts'
import type { Desk } from './desk.ts'
import { loadConfig } from './load.ts'
import { notAllowed } from './permission.ts'
import { loadBase } from './rollouts.ts'
import { setShare } from './set-share.ts'
import { jobOf } from './work.ts'

export interface Answered {
  /** The branch's head after the commands. */
  readonly head: Sha
  /** Answers to post once the checks say what they say. */
  readonly answers: readonly string[]
}

/** A comment that changes the rollout itself is carried out where the rollout's other changes are: one at a time. */
export function isForBase(pull: PullRequest, comment: PendingComment): boolean {
  return pull.state === 'merged' || comment.commands.some(({ result }) => result.ok && result.command.name === 'abort')
}

export async function handOver(desk: Desk, pull: PullRequest, comment: PendingComment): Promise<void> {
  const { repo, installation } = desk
  const command = { pull: pull.number, comment: comment.id }
  await desk.jobs.enqueue(jobOf({ type: 'advance', installation, repo, base: pull.base.ref, command }))
}

/** Carries out the commands that concern an open (or closed) pull request's own branch. */
export async function runCommands(
  desk: Desk,
  at: { readonly pull: PullRequest; readonly base: Sha },
  pending: readonly PendingComment[],
): Promise<Answered> {
  let head = at.pull.head.sha
  const answers: string[] = []
  for (const comment of pending) {
    const outcomes: { command: string; outcome: Outcome }[] = []
    for (const [index, line] of comment.commands.entries()) {
      const pull = { ...at.pull, head: { ...at.pull.head, sha: head } }
      const done = await runOne(desk, { ...at, pull, comment, index }, line)
      outcomes.push({ command: line.text, outcome: done.outcome })
      head = done.head
    }
    answers.push(answer(comment.id, comment.login, outcomes))
  }
  return { head, answers }
}

interface Here {
  readonly pull: PullRequest
  readonly base: Sha
  readonly comment: PendingComment
  readonly index: number
}

async function runOne(
  desk: Desk,
  here: Here,
  line: CommandLine,
): Promise<{ readonly outcome: Outcome; readonly head: Sha }> {
  const { pull, base, comment, index } = here
  const head = pull.head.sha
  if (!line.result.ok)
    return { head, outcome: { code: 'refused', refusal: { code: 'not-understood', problem: line.result.problem } } }
  const { command } = line.result
  const denied = await notAllowed(desk, comment.login, command.name)
  if (denied !== undefined) return { head, outcome: { code: 'refused', refusal: denied } }
  if (command.name === 'help') return { head, outcome: { code: 'help' } }
  if (command.name === 'status') return { head, outcome: await status(desk, pull) }
  if (command.name === 'abort') return { head, outcome: { code: 'refused', refusal: { code: 'nothing-to-abort' } } }
  if (pull.state === 'closed') return { head, outcome: { code: 'refused', refusal: { code: 'closed' } } }
  if (pull.head.isFork) return { head, outcome: { code: 'refused', refusal: { code: 'fork' } } }
  const config = await loadConfig(desk, base)
  if (!config.ok) return { head, outcome: { code: 'refused', refusal: configRefusal(config.error) } }
  const id = `${comment.id}.${index}`
  return setShare(desk, { pull, base, config: config.value }, { command, login: comment.login, id })
}

async function status(desk: Desk, pull: PullRequest): Promise<Outcome> {
  const base = await loadBase(desk, pull.base.ref)
  if (base === undefined) return { code: 'status', standings: [] }
  if (!base.ok) return { code: 'refused', refusal: configRefusal(base.error) }
  const { rollouts } = base.value
  return { code: 'status', standings: statusLines(relatedTo(pull, rollouts, desk.botLogin), rollouts) }
}
