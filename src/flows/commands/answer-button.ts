import { type CommandLine, readCommand } from '../../core/command/commands.ts'
import type { Outcome } from '../../core/command/outcome.ts'
import type { Requester } from '../../core/command/requester.ts'
import { buttonMarker, isOursWith } from '../../core/marker/comment.ts'
import { buttonAnswer } from '../../core/message/comment/answer.ts'
import type { Result } from '../../core/result.ts'
import type { Memo } from '../../ports/memo.ts'
import { recordedPress, recordPress } from '../repository/command-record.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { BaseProblem, BaseState } from '../rollout/rollouts.ts'
import { carryOut } from './carry-out.ts'
import { logCommands } from './log-command.ts'
import type { UncheckedBase } from './handlers/command-request.ts'
import type { CauseOf } from '../tasks/causes.ts'

type ButtonPress = Extract<CauseOf<'advance'>, { code: 'button' }>

/**
 * Carries out a button on a check, once. GitHub shows the buttons to everyone who can see the check, so Perch checks the person's
 * permission again. A button belongs to a commit, and has no effect when there is a newer one.
 */
export async function answerButton(
  context: RepositoryContext,
  base: Result<BaseState, BaseProblem>,
  pressed: ButtonPress,
): Promise<void> {
  const pull = await context.pulls.get(pressed.pull)
  if (pull === undefined) return
  const marker = buttonMarker(pressed.delivery)
  const comments = await context.conversation.of(pull.number)
  if (comments.some(isOursWith(marker))) return
  const given = await recordedPress(context, pressed.delivery)
  const press = { ...pressed, id: pressed.delivery }
  if (given !== undefined) return context.conversation.add(pull.number, given)
  const read = readCommand(pressed.name, [])
  const at = await rememberPress(context.memo, {
    id: pressed.delivery,
    at: context.clock.now(),
    repo: context.repo.id,
  })
  const outcome = await outcomeOf(context, { on: 'base', pull, base }, { pressed, read, at })
  const body = buttonAnswer(press, outcome)
  await recordPress(context, press, body)
  await context.conversation.add(pull.number, body)
  logCommands(context, { pull: pull.number, login: pressed.login, at }, [{ read, outcome }])
}

interface ReadPress extends Pick<Requester, 'at'> {
  readonly pressed: ButtonPress
  readonly read: CommandLine['result']
}

async function outcomeOf(
  context: RepositoryContext,
  subject: UncheckedBase,
  { pressed: { login, delivery, head }, read, at }: ReadPress,
): Promise<Outcome> {
  const by = { login, cause: delivery, at }
  const done = await carryOut(context, { read, subject, by, id: delivery, pressedOn: head })
  return 'outcome' in done ? done.outcome : done
}

/** GitHub's clock and ours may differ by this. */
const CLOCK_SLACK_MS = 5_000

export interface PressedButton {
  /** The id of the webhook that reported it, or should have. */
  readonly id: string
  /** By GitHub's clock, epoch milliseconds. */
  readonly at: number
  readonly repo: number
}

/**
 * Remembers when a button was pressed, unless that is known. Returns the same time at each try, so that a retry finds the effects
 * of the first try.
 */
export async function rememberPress(memo: Memo, { id, at, repo }: PressedButton): Promise<number> {
  const key = `pressed:${repo}:${id}`
  const known = await memo.get(key)
  if (typeof known === 'number') return known
  const pressed = at - CLOCK_SLACK_MS
  await memo.set(key, pressed)
  return pressed
}
