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

/** Who asked for a change in a comment, and on which pull request. */
export interface Initiator {
  readonly login: string
  readonly pull: number
}

/** The line of a commit that says who asked for it. It outlives the text of the pull request. */
export function initiatorTrailer({ login, pull }: Initiator): string {
  return `${INITIATOR_TRAILER}${login} in #${pull}`
}

/** Reads `initiatorTrailer` from a commit message. */
export function initiatorIn(message: string): Initiator | undefined {
  const line = message.split('\n').findLast((one) => one.startsWith(INITIATOR_TRAILER))
  const [login, pull] = line?.slice(INITIATOR_TRAILER.length).split(' in #') ?? []
  return login === undefined || pull === undefined || !/^\d+$/.test(pull) ? undefined : { login, pull: Number(pull) }
}

const INITIATOR_TRAILER = 'Canary-Initiator: '
