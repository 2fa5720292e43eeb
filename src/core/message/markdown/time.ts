/** `2026-11-20 17:30:05 UTC`: the same text for the same moment, for every reader. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
