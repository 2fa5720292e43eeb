import { COMMANDS, type CommandName } from '../../core/command/commands.ts'
import { isAtLeast } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

/** Asks GitHub, at the moment of acting, whether a person may give a command. Undefined: yes. */
export async function notAllowed(
  context: Pick<RepositoryContext, 'people'>,
  login: string,
  name: CommandName,
): Promise<Refusal | undefined> {
  const has = await context.people.permission(login)
  const { needs } = COMMANDS[name]
  return isAtLeast(has, needs) ? undefined : { code: 'not-allowed', login, needs, has }
}
