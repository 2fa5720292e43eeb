/** Go durations in the format of `time.ParseDuration`: `90s`, `1h30m`, `0.5h`, `500ms`. */

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g

/**
 * Whole milliseconds, because Prometheus has no smaller unit and would measure at other moments. Undefined if the text is not a
 * duration, or is negative.
 */
export function goDuration(text: string): number | undefined {
  if (text === '0') return 0
  if (text.length > 50 || !new RegExp(`^(?:${PART.source})+$`).test(text)) return undefined
  const parts = [...text.matchAll(PART)].map(([, count, unit]) => Number(count) * (UNITS[unit ?? ''] ?? 0))
  return Math.round(parts.reduce((sum, part) => sum + part, 0))
}
