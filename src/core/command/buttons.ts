import { COMMAND_NAMES, COMMANDS, type CommandName } from './commands.ts'

/** What a button on a check stands for: a command without arguments that makes nothing riskier. */
export type ButtonName = {
  readonly [Name in CommandName]: (typeof COMMANDS)[Name] extends { readonly hasButton: true } ? Name : never
}[CommandName]

export function isButton(name: string): name is ButtonName {
  return COMMAND_NAMES.some((known) => known === name && 'hasButton' in COMMANDS[known])
}
