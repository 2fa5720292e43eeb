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
  /** It has waited longer than commands live, so its author is told and it is not carried out. */
  readonly isLate: boolean
}

/** After a day, the author of a command no longer expects that it is carried out. */
export const COMMAND_LIFE_MS = 24 * 3_600_000

/** How long after that Perch still tells the author that the command was not carried out. */
export const LATE_MS = 2 * 3_600_000

/** How long the job of a command is tried. When Perch gives up, it can still tell the author. */
export const TRIED_MS = COMMAND_LIFE_MS + LATE_MS / 2

/**
 * Comments with commands that have no answer yet, oldest first. Edited comments and comments of bots never count. `done`:
 * comments that Perch has answered, even if somebody deleted the answer. Answers of an App that was installed before this one
 * count too, so that no command is carried out twice.
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

/** When each comment was answered. An answer of this App counts at any time. An answer of another App counts only if it came after the comment. */
function answerTimes(comments: readonly Comment[]): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const { isOurs, author, body, createdAt } of comments) {
    const answered = isOurs || author.isBot ? answeredIn(body) : undefined
    if (answered !== undefined)
      times.set(answered, Math.max(times.get(answered) ?? -Infinity, isOurs ? Infinity : createdAt))
  }
  return times
}

/** A comment that changes a rollout runs with the key of its base branch, so that changes of rollouts happen one at a time. */
export function isForBase(pull: Pick<PullRequest, 'state'>, { isLate, commands }: PendingComment): boolean {
  if (isLate) return false
  if (pull.state === 'merged') return true
  const opens = ({ name }: Command): boolean => pull.state === 'closed' && 'opensWhenClosed' in COMMANDS[name]
  return commands.some(({ result }) => result.ok && (isActingOn(result.command, 'rollout') || opens(result.command)))
}
