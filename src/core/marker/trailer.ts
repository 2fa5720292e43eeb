/** The trailer that tells people which commits are steps. It proves nothing: anybody can write one. */
export const MOVE_TRAILER = 'Canary-Move'

/** The last line of a command's commit. It lets a second try find out that the first one made the commit. */
export function commandTrailer(id: string): string {
  return `Canary-Comment: ${id}`
}
