import {
  type Command,
  type CommandLine,
  type CommandName,
  type CommandOf,
  COMMANDS,
  isActingOn,
  type NamesOn,
} from '../../core/command/commands.ts'
import { refused } from '../../core/command/outcome.ts'
import type { Requester } from '../../core/command/requester.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { orRefusal } from '../repository/github-refusals.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { baseRefusal, loadBase } from '../rollout/rollouts.ts'
import type { CommandRequest, HandlerResult, HeadSubject, UncheckedBase } from './handlers/command-request.ts'
import { HANDLERS } from './handlers.ts'
import { notAllowed } from './permission.ts'
import { awayFrom, baseSubject } from './handlers/subject.ts'

/** A command from a comment or a button. */
export interface GivenCommand {
  readonly read: CommandLine['result']
  readonly subject: HeadSubject | UncheckedBase
  readonly by: Requester
  readonly id: string
  /** The commit on whose check a button was pressed. */
  readonly pressedOn?: Sha
}

/** Carries a command out, or refuses it. All commands from comments and buttons come through here. */
export async function carryOut(context: RepositoryContext, given: GivenCommand): Promise<HandlerResult> {
  const done = await orRefusal(() => dispatch(context, given))
  return done.ok ? done.value : refused(done.error)
}

async function dispatch(context: RepositoryContext, given: GivenCommand): Promise<HandlerResult> {
  const { read, subject, by, id, pressedOn } = given
  if (!read.ok) return refused({ code: 'not-understood', problem: read.problem })
  const { command } = read
  const denied = await notAllowed(context, by.login, command.name)
  if (denied !== undefined) return refused(denied)
  if (isActingOn(command, 'anywhere')) return handle(context, { command, subject, by, id })
  const head = subject.pull.head.sha
  // Stopping and rolling back must never be harder than continuing, whatever was pushed meanwhile.
  if (pressedOn !== undefined && pressedOn !== head && !isNeverGated(command.name))
    return refused({ code: 'head-is-other', asked: pressedOn, head })
  return subject.on === 'head'
    ? dispatchOnHead(context, { ...given, command, subject })
    : dispatchOnBase(context, { ...given, command, subject })
}

interface GivenOn<Subject> extends Pick<GivenCommand, 'by' | 'id'> {
  readonly command: Exclude<Command, CommandOf<NamesOn<'anywhere'>>>
  readonly subject: Subject
}

function dispatchOnHead(
  context: RepositoryContext,
  { command, subject, by, id }: GivenOn<HeadSubject>,
): HandlerResult | Promise<HandlerResult> {
  if (subject.pull.state === 'closed') return refused({ code: 'closed' })
  // A comment with such a command is carried out by the task of the base branch.
  if (isActingOn(command, 'rollout')) return refused({ code: 'nothing-to-abort', isOpen: true })
  return handle(context, { command, subject, by, id })
}

async function dispatchOnBase(
  context: RepositoryContext,
  { command, subject: { base: found, pull }, by, id }: GivenOn<UncheckedBase>,
): Promise<HandlerResult> {
  const base = isNeverGated(command.name) ? await despiteMistakes(context, found) : found
  if (!base.ok) return refused(baseRefusal(base.error, pull))
  const subject = baseSubject(context, pull, base.value)
  const away = awayFrom(subject)
  if (away !== undefined && !isActingOn(command, 'base')) return refused(away)
  // Another command of the comment caused it to be handled here while its pull request is open.
  if (isActingOn(command, 'head')) return refused({ code: pull.state === 'open' ? 'mixed' : 'no-head' })
  return handle(context, { command, subject, by, id })
}

/** The base branch by its last valid config, if its current one is broken: a rollback must not wait for a repair. */
async function despiteMistakes(
  context: RepositoryContext,
  base: UncheckedBase['base'],
): Promise<UncheckedBase['base']> {
  if (base.ok || base.error.code !== 'config') return base
  return (await loadBase(context, base.error.ref, { despiteMistakes: true })) ?? base
}

function handle<Name extends CommandName>(
  context: RepositoryContext,
  request: CommandRequest<Name>,
): HandlerResult | Promise<HandlerResult> {
  return HANDLERS[request.command.name](context, request)
}

function isNeverGated(name: CommandName): boolean {
  return 'isNeverGated' in COMMANDS[name]
}
