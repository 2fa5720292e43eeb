import { err, ok, type Result } from '../result.ts'
import type { Permission } from '../rollout/facts.ts'
import {
  ANYTHING,
  type Argument,
  type ArgumentProblem,
  both,
  ENVIRONMENT,
  FLOW,
  GATE,
  NOTHING,
  PERCENT,
  REASON,
  SCOPE,
  STEPS,
  UNTIL,
  VERSION_NAME,
} from './arguments.ts'

/**
 * The subject of a command, which decides where it is carried out and where it is refused:
 * - `head`: the head commit of an open pull request;
 * - `pull-request`: what an open pull request changes; once it has merged, the rollouts that it belongs to;
 * - `rollout`: these rollouts on the base branch, also while the pull request is open;
 * - `base`: the base branch as a whole, whichever rollouts the pull request belongs to;
 * - `anywhere`: nothing. It only answers, even on a closed pull request.
 */
export type ActsOn = 'head' | 'pull-request' | 'rollout' | 'base' | 'anywhere'

interface CommandSpec<Fields extends object> {
  /** The beginning of a line with this command. */
  readonly start: string
  /** The arguments. The parser and the usage are derived from it. */
  readonly takes: Argument<Fields>
  readonly does: string
  readonly needs: Permission
  readonly actsOn: ActsOn
  /**
   * How a second try finds out that the command was carried out: by a commit (on the branch of an open pull request;
   * otherwise by a record), or by a record. `nothing`: the command only asks, and may be answered twice.
   */
  readonly leaves: 'commit' | 'record' | 'nothing'
  /** The command never adds risk, so it only needs permission, whichever head its author saw. */
  readonly isNeverGated?: true
  /** On a closed pull request it does the same as on a merged one. */
  readonly opensWhenClosed?: true
  /** Whether a check can have a button for it, which gives the command without arguments. */
  readonly hasButton?: true
}

/** Every command. The parser, the help, the docs, the permission check, the buttons and the dispatcher use this table. */
export const COMMANDS = {
  set: {
    start: '/canary',
    takes: both(PERCENT, SCOPE),
    does: "Set the canary's share of the traffic on this pull request; on a merged one, open a pull request that does.",
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'commit',
  },
  next: {
    start: '/canary next',
    takes: SCOPE,
    does: "Set the plan's next step on this pull request; on a merged one, open the pull request for it.",
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'commit',
  },
  promote: {
    start: '/canary promote',
    takes: SCOPE,
    does: 'Send all traffic to the canary; Perch then finishes the rollout.',
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'commit',
  },
  switch: {
    start: '/switch',
    takes: both(VERSION_NAME, SCOPE),
    does: 'Blue/green: send all traffic to a version on this pull request; on one that is closed or merged, open a pull request that does.',
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'commit',
    opensWhenClosed: true,
  },
  plan: {
    start: '/canary plan',
    takes: both(STEPS, SCOPE),
    does: "Show the plan of this pull request's rollout, or replace it: `/canary plan 5,25,50,100`.",
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'commit',
  },
  hold: {
    start: '/canary hold',
    takes: REASON,
    does: "Stop this pull request's rollouts where they are: nothing raises them until `/canary resume`.",
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'record',
    isNeverGated: true,
    hasButton: true,
  },
  resume: {
    start: '/canary resume',
    takes: NOTHING,
    does: 'Let held rollouts continue.',
    needs: 'write',
    actsOn: 'pull-request',
    leaves: 'record',
    hasButton: true,
  },
  abort: {
    start: '/canary abort',
    takes: REASON,
    does: 'Close the open step and open the pull request that sends all traffic back to the stable version.',
    needs: 'write',
    actsOn: 'rollout',
    leaves: 'record',
    isNeverGated: true,
    hasButton: true,
  },
  status: {
    start: '/canary status',
    takes: NOTHING,
    does: 'Show where the rollouts of this pull request stand.',
    needs: 'read',
    actsOn: 'anywhere',
    leaves: 'nothing',
  },
  why: {
    start: '/canary why',
    takes: NOTHING,
    does: 'Show each gate, its reason, and what turns it green.',
    needs: 'read',
    actsOn: 'head',
    leaves: 'nothing',
  },
  diff: {
    start: '/canary diff',
    takes: NOTHING,
    does: 'Render again and show what changes in each environment.',
    needs: 'read',
    actsOn: 'head',
    leaves: 'nothing',
  },
  retry: {
    start: '/canary retry',
    takes: NOTHING,
    does: 'Run both checks again.',
    needs: 'read',
    actsOn: 'head',
    leaves: 'nothing',
    hasButton: true,
  },
  override: {
    start: '/canary override',
    takes: GATE,
    does: 'Override one gate for the current head commit, on the record.',
    needs: 'maintain',
    actsOn: 'head',
    leaves: 'record',
  },
  carry: {
    start: '/promote',
    takes: FLOW,
    does: "Open a pull request that carries a service's configuration from one environment to another; `--dry-run` only shows it.",
    needs: 'write',
    actsOn: 'base',
    leaves: 'record',
  },
  freeze: {
    start: '/freeze',
    takes: both(ENVIRONMENT, both(UNTIL, REASON)),
    does: 'Stop every raise in an environment, until a time such as 2h, 2026-12-24 or 2026-12-24T18:00Z.',
    needs: 'maintain',
    actsOn: 'base',
    leaves: 'record',
    isNeverGated: true,
  },
  unfreeze: {
    start: '/unfreeze',
    takes: ENVIRONMENT,
    does: 'Allow raises in an environment again.',
    needs: 'maintain',
    actsOn: 'base',
    leaves: 'record',
  },
  help: {
    start: '/canary help',
    takes: ANYTHING,
    does: 'Show this list.',
    needs: 'read',
    actsOn: 'anywhere',
    leaves: 'nothing',
  },
} as const satisfies Readonly<Record<string, CommandSpec<object>>>

export type CommandName = keyof typeof COMMANDS

type FieldsOf<Takes> = Takes extends Argument<infer Fields> ? Fields : never

type CommandFields = { readonly [Name in CommandName]: FieldsOf<(typeof COMMANDS)[Name]['takes']> }

/** A command of one of these names, with its arguments. */
export type CommandOf<Name extends CommandName> = {
  readonly [Each in Name]: { readonly name: Each } & CommandFields[Each]
}[Name]

export type Command = CommandOf<CommandName>

/** The names of the commands that act on one of these. */
export type NamesOn<On extends ActsOn> = {
  readonly [Name in CommandName]: (typeof COMMANDS)[Name]['actsOn'] extends On ? Name : never
}[CommandName]

export function isActingOn<On extends ActsOn>(command: Command, on: On): command is CommandOf<NamesOn<On>> {
  return COMMANDS[command.name].actsOn === on
}

/** Commands that change the branch that they are written on. */
export type ShareCommand = CommandOf<'set' | 'next' | 'promote'>

export type SwitchCommand = CommandOf<'switch'>

/** A new plan, which is a commit too. */
export type PlanCommand = CommandOf<'plan'> & { readonly steps: readonly number[] }

export type CommandProblem =
  | { readonly code: 'unknown-command'; readonly word: string; readonly meant: string | undefined }
  | Exclude<ArgumentProblem, { readonly code: 'missing-value' }>
  | { readonly code: 'bad-argument' | 'missing-value'; readonly word: string; readonly name: CommandName }
  | { readonly code: 'too-complex'; readonly word: string }
  | { readonly code: 'too-many'; readonly most: number }

/** One command line of a comment, understood or not. */
export interface CommandLine {
  readonly text: string
  readonly result:
    | { readonly ok: true; readonly command: Command }
    | { readonly ok: false; readonly problem: CommandProblem }
}

/** The same table, in which each command has the types of its own arguments. */
const SPECS: { readonly [Name in CommandName]: CommandSpec<CommandFields[Name]> } = COMMANDS

export const COMMAND_NAMES: readonly CommandName[] = Object.keys(COMMANDS).filter(isCommandName)

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name)
}

/** The usage of a command as the help shows it. */
export function usageOf(name: CommandName): string {
  const { start, takes } = COMMANDS[name]
  return takes.usage === '' ? start : `${start} ${takes.usage}`
}

/** Reads a command from the words after its start. */
export function readCommand(name: CommandName, words: readonly string[]): CommandLine['result'] {
  const read = readArguments(name, words)
  return read.ok ? { ok: true, command: read.value } : { ok: false, problem: read.error }
}

function readArguments<Name extends CommandName>(
  name: Name,
  words: readonly string[],
): Result<CommandOf<Name>, CommandProblem> {
  const { takes, start } = SPECS[name]
  const read = takes.read(words, start.split(' ').at(-1) ?? '')
  if (!read.ok) return err(read.error.code === 'missing-value' ? { ...read.error, name } : read.error)
  const { fields, rest } = read.value
  const [word] = rest
  return word === undefined ? ok({ name, ...fields }) : err({ code: 'bad-argument', word, name })
}
