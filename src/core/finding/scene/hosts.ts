/** Whether two host names can match the same host. Each may begin with `*`. */
export function hostsOverlap(one: string, other: string): boolean {
  return hostCovers(one, other) || hostCovers(other, one)
}

/** Whether a host name matches every host that the other one matches. Each may begin with `*`. */
export function hostCovers(wide: string, narrow: string): boolean {
  return wide === narrow || wide === '*' || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)))
}

/** Filled in after the build, by Flux or a generator, so its value is unknown here. */
export function isOpaque(text: unknown): boolean {
  return typeof text === 'string' && (text === '' || text.includes('${') || text.includes('{{'))
}
