import { COMMANDS, type ShareCommand, type SwitchCommand } from '../../../core/command/commands.ts'
import { limited, type Outcome, refused } from '../../../core/command/outcome.ts'
import { wishOf } from '../../../core/command/wish.ts'
import { type IntendedChange, intendStep } from '../../../core/rollout/intend.ts'
import type { Move } from '../../../core/rollout/move.ts'
import { type Standing, standingOf } from '../../../core/rollout/standing.ts'
import { type Target, targetName } from '../../../core/rollout/target.ts'
import { ambiguous } from '../../../core/rollout/resolve.ts'
import type { RolloutFacts } from '../../../core/rollout/transition.ts'
import { asOne } from '../../../core/wave/convoy.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { BaseState } from '../../rollout/rollouts.ts'
import { takeSteps } from '../../rollout/take-steps.ts'
import type { BaseSubject, CommandRequest } from './command-request.ts'
import { committedBefore, proposedBefore, switchedBefore } from './done-before.ts'
import { changedBy } from './subject.ts'

interface ShareRequest extends Pick<CommandRequest<'set'>, 'by' | 'id'> {
  readonly command: ShareCommand | SwitchCommand
}

/** Opens a pull request that sets a share or switches, on the base branch. */
export async function proposeShare(
  context: RepositoryContext,
  { pull, base, related }: BaseSubject,
  { by, id, command }: ShareRequest,
): Promise<Outcome> {
  if (pull.state === 'open') return refused({ code: 'mixed' })
  if (pull.state !== 'merged' && !('opensWhenClosed' in COMMANDS[command.name])) return refused({ code: 'closed' })
  const committed = pull.state === 'merged' ? await committedBefore(context, pull, { id, createdAt: by.at }) : undefined
  if (committed !== undefined) return committed
  const changed = related.length > 0 ? [] : await changedBy(context, base.sha, pull)
  const at = { snapshot: base.snapshot, related: related.map(({ standing }) => standing.target), changed }
  const change = intendStep(at, wishOf(command))
  if (!change.ok) return refused(change.error)
  return proposeChange(context, base, { by, pull: pull.number, change: change.value })
}

async function proposeChange(
  context: RepositoryContext,
  base: BaseState,
  asked: Pick<ShareRequest, 'by'> & { readonly pull: number; readonly change: IntendedChange<Move> },
): Promise<Outcome> {
  const { by, pull, change } = asked
  const { target, move, moves } = change
  const members = moves.map(
    (one) => base.rollouts.find(({ standing }) => standing.target === one.target) ?? newRollout(one.target),
  )
  const [first = newRollout(target)] = members
  const rollout = members.length > 1 ? asOne(members) : first
  // An environment of a wave that is at another share, or has its own open step, must be named in the command.
  if (rollout === undefined) return refused(ambiguous(moves.map((one) => one.target)))
  const there = thereAlready(context, base, { standing: rollout.standing, since: by.at, move })
  if (there !== undefined) return there
  const steps = [{ type: 'propose', move }] as const
  const done = await takeSteps(context, base, { rollout, members, steps, asked: { ...by, pull } })
  if (!done.ok) return refused(done.error)
  return {
    code: 'proposed',
    title: done.value.opened?.title ?? targetName(target),
    pull: done.value.opened?.number ?? 0,
  }
}

/** The outcome if there is nothing to do, or if an earlier try has done it; undefined otherwise. */
function thereAlready(
  context: RepositoryContext,
  base: BaseState,
  { standing, since, move }: { readonly standing: Standing; readonly since: number; readonly move: Move },
): Outcome | Promise<Outcome> | undefined {
  if (move.kind !== 'switch' && move.kind !== 'limit' && move.kind !== 'share') return undefined
  if (move.from !== move.to) return undefined
  if (move.kind === 'switch') return switchedBefore(context, base, { standing, since, move })
  if (move.kind === 'limit') return limited(standing.target, move, { sha: undefined, proof: undefined })
  const earlier = proposedBefore(context, base, { standing, since })
  return earlier ?? { code: 'already', name: targetName(standing.target), share: move.to }
}

/** An environment that leaves its wave: it becomes a separate rollout at the current share. */
function newRollout(target: Target): RolloutFacts {
  return { standing: standingOf(target), open: [], stoppedByHand: false, rollbackRefused: false }
}
