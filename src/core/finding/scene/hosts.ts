/** Whether a host name, perhaps with `*` in front, can be the other. */
export function hostsOverlap(one: string, other: string): boolean {
  return hostCovers(one, other) || hostCovers(other, one)
}

/** Whether a host name, perhaps with `*` in front, is all that the other can be. */
export function hostCovers(wide: string, narrow: string): boolean {
  return wide === narrow || wide === '*' || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)))
}

/** Filled in after the build, by Flux or a generator: nobody knows here what it will be. */
export function isOpaque(text: unknown): boolean {
  return typeof text === 'string' && (text === '' || text.includes('${') || text.includes('{{'))
}
