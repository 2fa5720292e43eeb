import { answeredIn } from '../marker/comment.ts'
import type { Comment, PullRequest } from '../rollout/facts.ts'
import { type Command, type CommandLine, COMMANDS, isActingOn } from './commands.ts'
import { parseCommands } from './parse.ts'

/** A comment whose commands wait for an answer. */
export interface PendingComment {
  readonly id: number
  readonly login: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly commands: readonly CommandLine[]
  /** It has waited for longer than commands live: it is told so, and not carried out. */
  readonly isLate: boolean
}

/** A command that nobody carried out for a day is not what its author would still expect to happen. */
export const COMMAND_LIFE_MS = 24 * 3_600_000

/** For how long after that its author is still told that it was not carried out. */
export const LATE_MS = 2 * 3_600_000

/** For how long the job of a command is tried. When it is given up, its author can still be told. */
export const TRIED_MS = COMMAND_LIFE_MS + LATE_MS / 2

/**
 * Comments with commands that have no answer yet, oldest first. Edited ones and those of bots never count. `done`:
 * those that are known to have been answered, also where somebody has deleted the answer. What the App that was
 * installed here before this one has answered counts too, so that it is not carried out twice.
 */
export function pendingComments(
  comments: readonly Comment[],
  now: number,
  done: ReadonlySet<number> = new Set(),
): readonly PendingComment[] {
  const answers = answerTimes(comments)
  return comments.flatMap((comment) => {
    const { id, author, body, createdAt, isEdited, isOurs } = comment
    const ageMs = now - createdAt
    const isOver = isOurs || author.isBot || isEdited || (answers.get(id) ?? -Infinity) >= createdAt || done.has(id)
    if (isOver || ageMs > COMMAND_LIFE_MS + LATE_MS) return []
    const commands = parseCommands(body)
    if (commands.length === 0) return []
    return [{ id, login: author.login, createdAt, commands, isLate: ageMs > COMMAND_LIFE_MS }]
  })
}

/** When each comment was answered; by this App: at any time. Another one can have known the comment only after it was written. */
function answerTimes(comments: readonly Comment[]): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const { isOurs, author, body, createdAt } of comments) {
    const answered = isOurs || author.isBot ? answeredIn(body) : undefined
    if (answered !== undefined) times.set(answered, Math.max(times.get(answered) ?? 0, isOurs ? Infinity : createdAt))
  }
  return times
}

/** A comment that changes the rollout itself is carried out where the rollout's other changes are: one at a time. */
export function isForBase(pull: Pick<PullRequest, 'state'>, { isLate, commands }: PendingComment): boolean {
  if (isLate) return false
  if (pull.state === 'merged') return true
  const opens = ({ name }: Command): boolean => pull.state === 'closed' && 'opensWhenClosed' in COMMANDS[name]
  return commands.some(({ result }) => result.ok && (isActingOn(result.command, 'rollout') || opens(result.command)))
}
