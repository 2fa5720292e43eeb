import { statSync } from 'node:fs'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import {
  CLI_COMMANDS,
  CLI_INTRODUCTION,
  type CliCommand,
  type CliCommandName,
  EXIT_CODES,
  HELP_COMMAND,
  helpHint,
  HELP_OPTION,
  VERSION_OPTION,
} from '../../core/message/command-line/cli-commands.ts'
import { terminalText } from '../../core/text/inert.ts'
import type { Terminal } from './cli-call.ts'
import { VERSION } from '../version.ts'

/** The program without its commands. It throws a `CommanderError` where commander would exit by default. */
export function programFor({ out, err, columns }: Terminal): Command {
  const program = new Command('perch').description(CLI_INTRODUCTION)
  program.configureOutput({
    writeOut: out,
    writeErr: err,
    outputError: (text, write) => write(terminalText(text.replace(/^error: /, 'perch: '))),
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
  })
  program.configureHelp({ subcommandTerm: (command) => `${command.name()} ${usageOfArguments(command)}`.trim() })
  const help = new Command('help').argument('[command]').summary(HELP_COMMAND.does).helpGroup(HELP_COMMAND.group)
  program.exitOverride().addHelpCommand(help).showHelpAfterError(helpHint())
  return withCommonOptions(program)
}

/** Adds a command from the table to the program. */
export function commandFor(program: Command, name: CliCommandName): Command {
  const spec: CliCommand = CLI_COMMANDS[name]
  const command = program.command(name).summary(spec.does).helpGroup(spec.group)
  command.description([`${spec.does[0]?.toUpperCase()}${spec.does.slice(1)}.`, spec.details ?? ''].join('\n').trim())
  for (const word of spec.takes.split(' ').filter((part) => part !== '')) {
    const argument = new Argument(word)
    command.addArgument(spec.choices === undefined ? argument : argument.choices(spec.choices))
  }
  for (const { flags, does, isFolder } of spec.options) {
    const option = new Option(flags, does)
    command.addOption(isFolder === true ? option.argParser(readFolder) : option)
  }
  return withCommonOptions(command).showHelpAfterError(helpHint(name))
}

function withCommonOptions(command: Command): Command {
  return command
    .helpOption(HELP_OPTION.flags, HELP_OPTION.does)
    .version(VERSION, VERSION_OPTION.flags, VERSION_OPTION.does)
    .addHelpText('after', EXIT_CODES)
}

function usageOfArguments(command: Command): string {
  return command.registeredArguments
    .map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`))
    .join(' ')
}

function readFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path
  throw new InvalidArgumentError('There is no such folder.')
}
