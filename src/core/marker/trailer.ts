/** The trailer that tells people which commits are steps. It proves nothing: anybody can write one. */
export const MOVE_TRAILER = 'Canary-Move'

/** The last line of a command's commit. It lets a second try find out that the first one made the commit. */
export function commandTrailer(id: string): string {
  return `${COMMAND_TRAILER}${id}`
}

/** Whether a commit message ends like that of a command. */
export function isOfCommand(message: string): boolean {
  return message.split('\n').some((line) => line.startsWith(COMMAND_TRAILER))
}

const COMMAND_TRAILER = 'Canary-Comment: '
