import { answeredIn } from '../message/answer.ts'
import type { Comment } from '../rollout/facts.ts'
import type { CommandLine } from './commands.ts'
import { parseCommands } from './parse.ts'

/** A comment whose commands wait for an answer. */
export interface PendingComment {
  readonly id: number
  readonly login: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly commands: readonly CommandLine[]
}

/** A command that nobody carried out for a day is not what its author would still expect to happen. */
const MAX_AGE_MS = 24 * 3_600_000

/** Comments with commands that have no answer of ours yet, oldest first. Edited ones and those of bots never count. */
export function pendingComments(comments: readonly Comment[], now: number): readonly PendingComment[] {
  const answered = new Set(comments.filter(({ isOurs }) => isOurs).map(({ body }) => answeredIn(body)))
  return comments.flatMap((comment) => {
    const { id, author, body, createdAt, isEdited, isOurs } = comment
    if (isOurs || author.isBot || isEdited || answered.has(id) || now - createdAt > MAX_AGE_MS) return []
    const commands = parseCommands(body)
    return commands.length === 0 ? [] : [{ id, login: author.login, createdAt, commands }]
  })
}
