import type { ShareCommand } from '../../../core/command/commands.ts'
import { type Outcome, refused } from '../../../core/command/outcome.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { Move } from '../../../core/rollout/move.ts'
import { narrowed } from '../../../core/rollout/read-target.ts'
import { resolve } from '../../../core/rollout/resolve.ts'
import { moveAfter, type Standing, standingOf, sureShare } from '../../../core/rollout/standing.ts'
import { targetName } from '../../../core/rollout/target.ts'
import type { RolloutFacts } from '../../../core/rollout/transition.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { BaseState } from '../../rollout/rollouts.ts'
import { takeSteps } from '../../rollout/take-steps.ts'
import type { BaseSubject, CommandRequest } from './command-request.ts'
import { committedBefore, proposedBefore } from './done-before.ts'

interface ShareRequest extends Pick<CommandRequest<'set'>, 'by' | 'id'> {
  readonly command: ShareCommand
}

/** Opens a pull request that sets a share on the base branch. */
export async function proposeShare(
  context: RepositoryContext,
  { pull, base, related }: BaseSubject,
  asked: ShareRequest,
): Promise<Outcome> {
  if (pull.state === 'open') return refused({ code: 'mixed' })
  if (pull.state !== 'merged') return refused({ code: 'closed' })
  const committed = await committedBefore(context, pull, { id: asked.id, createdAt: asked.by.at })
  if (committed !== undefined) return committed
  const rollout = chosen(base, related, asked.command)
  return rollout.ok
    ? proposeMove(context, base, { ...asked, pull: pull.number, rollout: rollout.value })
    : refused(rollout.error)
}

async function proposeMove(
  context: RepositoryContext,
  base: BaseState,
  asked: ShareRequest & { readonly pull: number; readonly rollout: RolloutFacts },
): Promise<Outcome> {
  const { by, pull, rollout, command } = asked
  const { standing } = rollout
  const name = targetName(standing.target)
  const move = moveFor(standing, command)
  if (move === 'already') {
    const earlier = proposedBefore(context, base, { standing, since: by.at })
    return earlier ?? { code: 'already', name, share: sureShare(standing) }
  }
  if (move === undefined) return refused({ code: 'no-next-step', name, share: standing.share })
  const done = await takeSteps(context, base, { rollout, steps: [{ type: 'propose', move }], asked: { ...by, pull } })
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
