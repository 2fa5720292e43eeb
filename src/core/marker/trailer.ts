/** The trailer that tells people which commits are steps. It proves nothing: anybody can write one. */
export const MOVE_TRAILER = 'Canary-Move'

/** The last line of the commit that carries a command out: by it a second try finds that the first one did it. */
export function commandTrailer(id: string): string {
  return `Canary-Comment: ${id}`
}
