import type { CommandLine, ShareCommand } from '../../core/command/commands.ts'
import type { PendingComment } from '../../core/command/pending.ts'
import { answer } from '../../core/message/comment/answer.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { relatedTo, statusLines } from '../../core/rollout/related.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import type { Move } from '../../core/rollout/move.ts'
import { narrowed } from '../../core/rollout/read-target.ts'
import { resolve } from '../../core/rollout/resolve.ts'
import { moveAfter, type Standing, standingOf, sureShare } from '../../core/rollout/standing.ts'
import { targetName } from '../../core/rollout/target.ts'
import type { RolloutFacts } from '../../core/rollout/transition.ts'
import { abortAll } from './abort.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { orRefusedOutcome } from '../repository/github-refusals.ts'
import { postAnswer, readPending } from './pending-commands.ts'
import { notAllowed } from './permission.ts'
import { planOutcome } from './plan.ts'
import { committedBefore, proposedBefore } from './done-before.ts'
import { baseRefusal, type BaseProblem, type BaseState, notDeployed } from '../rollout/rollouts.ts'
import { freeze, hold, resume, unfreeze } from '../stop/stops.ts'
import { withStuck } from '../rollout/stuck.ts'
import { takeSteps } from '../rollout/take-steps.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { type Outcome, refused } from '../../core/command/outcome.ts'

/** Carries out, once, the commands of a comment that change a rollout rather than the branch they are written on. */
export async function answerOnBase(
  context: RepositoryContext,
  base: Result<BaseState, BaseProblem>,
  at: { readonly pull: number; readonly comment: number },
): Promise<void> {
  const pull = await context.pulls.get(at.pull)
  if (pull === undefined) return
  const isMeant = ({ id }: { readonly id: number }): boolean => id === at.comment
  const comments = await context.conversation.of(at.pull)
  const pending = (await readPending(context, { pull, comments }, isMeant)).find(isMeant)
  if (pending === undefined) return
  const outcomes: { command: string; outcome: Outcome }[] = []
  for (const line of pending.commands)
    outcomes.push({
      command: line.text,
      outcome: pending.isLate
        ? refused({ code: 'too-late' })
        : await orRefusedOutcome(() => carryOut(context, base, { pull, pending, line })),
    })
  await postAnswer(context, pull, { comment: pending, body: answer(at.comment, pending.login, outcomes) })
}

interface BaseCommand {
  readonly pull: PullRequest
  readonly pending: PendingComment
  readonly line: CommandLine
}

async function carryOut(
  context: RepositoryContext,
  base: Result<BaseState, BaseProblem>,
  asked: BaseCommand,
): Promise<Outcome> {
  const { line, pending } = asked
  if (!line.result.ok) return refused({ code: 'not-understood', problem: line.result.problem })
  const { command } = line.result
  const denied = await notAllowed(context, pending.login, command.name)
  if (denied !== undefined) return refused(denied)
  if (command.name === 'help') return { code: 'help' }
  if (!base.ok) return refused(baseRefusal(base.error, asked.pull))
  const related = relatedTo(asked.pull, base.value.rollouts, context.botLogin)
  if (asked.pull.base.ref !== base.value.ref && related.length === 0) {
    const away = notDeployed(asked.pull, base.value.deployed)
    if (command.name === 'status') return { code: 'status', standings: [], proposed: [], away }
    if (command.name !== 'freeze' && command.name !== 'unfreeze') return refused(away)
  }
  const targets = related.map(({ standing }) => standing.target)
  const by = { login: pending.login, cause: String(pending.id), at: pending.createdAt }
  switch (command.name) {
    case 'status':
      return statusOutcome(context, base.value, related)
    case 'abort':
      return abortAll(context, base.value, { ...by, pull: asked.pull.number, related, reason: command.reason })
    case 'set':
    case 'next':
    case 'promote':
      return proposeShare(context, base.value, { ...asked, related, command })
    case 'hold':
      return hold(context, targets, { ...by, reason: command.reason })
    case 'resume':
      return resume(context, targets, by)
    case 'freeze':
      return freeze(context, command, { ...by, environments: base.value.snapshot.environments })
    case 'unfreeze':
      return unfreeze(context, command.environment, by)
    case 'plan':
      if (command.steps !== undefined) return refused({ code: 'plan-on-merged', step: openStep(related) })
      return planOutcome(
        related.map(({ standing }) => standing),
        command,
      )
    case 'why':
    case 'diff':
    case 'retry':
    case 'override':
      return refused({ code: 'no-head' })
  }
}

/** Where rollouts are, and why one does not go on. */
export async function statusOutcome(
  context: Pick<RepositoryContext, 'memo' | 'repo'>,
  { ref, rollouts }: BaseState,
  related: readonly RolloutFacts[],
): Promise<Extract<Outcome, { code: 'status' }>> {
  return { code: 'status', standings: await withStuck(context, ref, statusLines(related, rollouts)), proposed: [] }
}

function openStep(related: readonly RolloutFacts[]): number | undefined {
  return related.flatMap(({ open }) => open)[0]?.pull.number
}

async function proposeShare(
  context: RepositoryContext,
  base: BaseState,
  asked: BaseCommand & {
    readonly related: readonly RolloutFacts[]
    readonly command: ShareCommand
  },
): Promise<Outcome> {
  if (asked.pull.state === 'open') return refused({ code: 'mixed' })
  if (asked.pull.state !== 'merged') return refused({ code: 'closed' })
  const { pending, line } = asked
  const committed = await committedBefore(context, asked.pull, { comment: pending, line })
  if (committed !== undefined) return committed
  const rollout = chosen(base, asked.related, asked.command)
  return rollout.ok ? proposeMove(context, base, { ...asked, rollout: rollout.value }) : refused(rollout.error)
}

async function proposeMove(
  context: RepositoryContext,
  base: BaseState,
  asked: BaseCommand & { readonly rollout: RolloutFacts; readonly command: ShareCommand },
): Promise<Outcome> {
  const { pending, pull, rollout, command } = asked
  const { standing } = rollout
  const name = targetName(standing.target)
  const move = moveFor(standing, command)
  if (move === 'already') {
    const earlier = proposedBefore(context, base, { standing, since: pending.createdAt })
    return earlier ?? { code: 'already', name, share: sureShare(standing) }
  }
  if (move === undefined) return refused({ code: 'no-next-step', name, share: standing.share })
  const by = { login: pending.login, pull: pull.number, cause: String(pending.id) }
  const done = await takeSteps(context, base, { rollout, steps: [{ type: 'propose', move }], asked: by })
  if (!done.ok) return refused(done.error)
  return { code: 'proposed', title: done.value.opened?.title ?? name, pull: done.value.opened?.number ?? 0 }
}

function moveFor(standing: Standing, command: ShareCommand): Move | 'already' | undefined {
  const from = sureShare(standing)
  if (command.name === 'next' || (command.name === 'promote' && standing.share === 100)) return moveAfter(standing)
  const to = command.name === 'promote' ? 100 : command.percent
  if (to === standing.share) return 'already'
  return to === 0 ? { kind: 'rollback', from } : { kind: 'share', from, to }
}

function chosen(
  base: BaseState,
  related: readonly RolloutFacts[],
  command: ShareCommand,
): Result<RolloutFacts, Refusal> {
  const isNamed = command.service !== undefined || command.environment !== undefined
  const pool = related.length > 0 && !isNamed ? related : base.rollouts
  const targets = pool.map(({ standing }) => standing.target)
  const meant = resolve(targets, { service: command.service, environment: command.environment, changed: [] })
  if (!meant.ok) return meant
  const [target, ...others] = meant.value.targets
  const found = pool.find(({ standing }) => standing.target === target)
  if (target === undefined || found === undefined || others.length > 0) {
    const choices = meant.value.targets.map(({ service, environment }) => `${service} --env ${environment}`)
    return err({ code: 'ambiguous', choices })
  }
  const { alone } = meant.value
  if (alone === undefined) return ok(found)
  // One environment leaves the others: a rollout of its own begins where they are.
  const standing = standingOf(narrowed(base.snapshot.config, target, [alone]))
  return ok({ standing, open: [], stoppedByHand: false, rollbackRefused: false })
}
