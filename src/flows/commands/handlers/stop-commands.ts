/** Commands that create and remove holds and freezes. */
import { asksPerch } from '../../../core/flagger/canaries-near.ts'
import { type Outcome, refused } from '../../../core/command/outcome.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { freeze, hold, resume, unfreeze } from '../../stop/stops.ts'
import type { CommandRequest } from './command-request.ts'
import { environmentsOf, stoppableOf, wordsOfStop } from './subject.ts'

export async function holdRollouts(
  context: RepositoryContext,
  { command, subject, by }: CommandRequest<'hold'>,
): Promise<Outcome> {
  const targets = await stoppableOf(context, subject)
  const { service, reason } = wordsOfStop(command.reason, targets)
  const meant = targets.filter((target) => service === undefined || target.service === service)
  return hold(
    context,
    meant.filter((target) => target.owner === undefined || asksPerch(target, 'confirm-')),
    { ...by, reason },
  )
}

export async function resumeRollouts(
  context: RepositoryContext,
  { subject, by }: CommandRequest<'resume'>,
): Promise<Outcome> {
  return resume(context, await stoppableOf(context, subject), by)
}

export async function freezeEnvironment(
  context: RepositoryContext,
  { command, subject, by }: CommandRequest<'freeze'>,
): Promise<Outcome> {
  const environments = await environmentsOf(context, subject)
  return environments.ok
    ? freeze(context, command, { ...by, environments: environments.value })
    : refused(environments.error)
}

export function unfreezeEnvironment(
  context: RepositoryContext,
  { command: { environment }, by }: CommandRequest<'unfreeze'>,
): Promise<Outcome> {
  return unfreeze(context, environment, by)
}
