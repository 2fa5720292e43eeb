/** Whether two host names can match the same host. Each may begin with `*`. */
export function hostsOverlap(one: string, other: string): boolean {
  return hostCovers(one, other) || hostCovers(other, one)
}

/** Whether a host name matches every host that the other one matches. Each may begin with `*`. */
export function hostCovers(wide: string, narrow: string): boolean {
  return wide === narrow || wide === '*' || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)))
}

/** Finds what has a host that can match this host. */
export type HostIndex<T> = (host: string) => readonly T[]

/** Hosts with a star are few, so they are compared one by one. */
export function hostIndex<T>(items: readonly T[], hostOf: (item: T) => string): HostIndex<T> {
  const exact = Map.groupBy(items, hostOf)
  const wide = items.filter((item) => hostOf(item).startsWith('*'))
  return (host) => {
    const others = host.startsWith('*') ? items : wide
    const own = host.startsWith('*') ? [] : (exact.get(host) ?? [])
    return [...own, ...others.filter((item) => hostsOverlap(hostOf(item), host))]
  }
}

/** Text that is filled in after the build, by Flux or a generator, or that sops has encrypted. */
export const OPEN_TEXT = /\$\{|\{\{|\bENC\[AES256_GCM,/

/** Whether the value of a text is unknown here. */
export function isOpaque(text: unknown): boolean {
  return typeof text === 'string' && (text === '' || OPEN_TEXT.test(text))
}
