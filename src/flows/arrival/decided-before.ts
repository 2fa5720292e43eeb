/** Finds out who decided about the share on an automation's pull request: Perch itself, or people. */
import { parseCommands } from '../../core/command/parse.ts'
import type { PullRequest } from '../../core/rollout/facts.ts'
import type { Target } from '../../core/rollout/target.ts'
import { findCommit } from '../commands/handlers/done-before.ts'
import { notAllowed } from '../commands/permission.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** Whether Perch has started the rollout on a merged pull request. */
export async function hasOwnStart(
  context: Pick<RepositoryContext, 'branches' | 'mirror' | 'botLogin'>,
  { number, base }: PullRequest,
  id: string,
): Promise<boolean> {
  // The branch may be gone, and after a squash no branch contains its commits.
  const ref = `refs/pull/${number}/head`
  const head = (await context.mirror.fetch([ref])).get(ref)
  return head !== undefined && (await findCommit(context, { base: base.sha, head }, id)) !== undefined
}

/** Whether a person has set a rollout's share on a pull request. Then Perch leaves it to them. */
export async function isTakenOver(
  context: Pick<RepositoryContext, 'conversation' | 'people'>,
  { number }: PullRequest,
  target: Target,
): Promise<boolean> {
  for (const { author, body, isOurs } of await context.conversation.of(number)) {
    if (isOurs || author.isBot || !setsShare(body, target)) continue
    if ((await notAllowed(context, author.login, 'set')) === undefined) return true
  }
  return false
}

function setsShare(body: string, { service, aliases, environment, environments }: Target): boolean {
  const services = [service, ...aliases]
  const names = ['all', environment, ...environments]
  return parseCommands(body).some(({ result }) => {
    if (!result.ok) return false
    const { command } = result
    if (command.name !== 'set' && command.name !== 'next' && command.name !== 'promote') return false
    return services.includes(command.service ?? service) && names.includes(command.environment ?? environment)
  })
}
