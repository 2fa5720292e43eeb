/** Finds out who decided about the share on an automation's pull request: Perch itself, or people. */
import { parseCommands } from '../../core/command/parse.ts'
import { isStepOf } from '../../core/rollout/branch.ts'
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
async function isTakenOver(
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

/** Whether people decide about a version, because somebody set a share on its pull request, or because of the config. */
export async function isForPeople(
  context: Pick<RepositoryContext, 'conversation' | 'people' | 'pulls' | 'botLogin'>,
  pull: PullRequest,
  target: Target,
): Promise<boolean> {
  if (await isTakenOver(context, pull, target)) return true
  return target.settings.onNewVersion === 'ignore' && cameDuringRollout(context, pull, target)
}

/** Whether a step of another version's rollout ended while the pull request was open. */
async function cameDuringRollout(
  { pulls, botLogin }: Pick<RepositoryContext, 'pulls' | 'botLogin'>,
  { base, createdAt, closedAt = Infinity }: PullRequest,
  target: Target,
): Promise<boolean> {
  const wasOpenAt = (time = 0): boolean => createdAt < time && time <= closedAt
  const recent = await pulls.recent(base.ref, createdAt)
  return recent.pulls.some((one) => isStepOf(target, one, botLogin) && wasOpenAt(one.closedAt))
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
