import { COMMANDS, type CommandName } from '../../core/command/commands.ts'
import { PERMISSIONS } from '../../core/rollout/facts.ts'
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
  const isAllowed = PERMISSIONS.indexOf(has) >= PERMISSIONS.indexOf(needs)
  return isAllowed ? undefined : { code: 'not-allowed', login, needs, has }
}
