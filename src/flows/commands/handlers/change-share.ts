import { refused } from '../../../core/command/outcome.ts'
import type { PlanCommand, ShareCommand, SwitchCommand } from '../../../core/command/commands.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { CommandRequest, HandlerResult, HeadSubject } from './command-request.ts'
import { commitCommand } from './commit-command.ts'
import { ageOfHead } from '../../repository/head-age.ts'
import { proposeShare } from './propose-share.ts'
import { configAt } from './subject.ts'

/** Sets a share or switches: with a commit while the pull request is open, and with another pull request after its merge. */
export async function changeShare(
  context: RepositoryContext,
  { subject, ...given }: CommandRequest<(ShareCommand | SwitchCommand)['name']>,
): Promise<HandlerResult> {
  return subject.on === 'head' ? commitChange(context, { ...given, subject }) : proposeShare(context, subject, given)
}

interface CommitRequest extends Pick<CommandRequest<'set'>, 'by' | 'id'> {
  readonly subject: HeadSubject
  readonly command: ShareCommand | SwitchCommand | PlanCommand
}

/** Commits a change to the pull request's branch. */
export async function commitChange(
  context: RepositoryContext,
  { subject, command, by, id }: CommitRequest,
): Promise<HandlerResult> {
  const { pull, base } = subject
  if (pull.head.isFork) return refused({ code: 'fork' })
  const config = await configAt(context, subject)
  if (!config.ok) return refused(config.error)
  return commitCommand(
    context,
    { pull, base, config: config.value },
    {
      command,
      login: by.login,
      id,
      ageOf: (head) => ageOfHead(context, pull, { head, comment: { createdAt: by.at } }),
    },
  )
}
