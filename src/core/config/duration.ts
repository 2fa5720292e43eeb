import * as z from 'zod'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Times much longer than this would have no valid date. */
const LONGEST_DAYS = 365

/** `45s`, `30m`, `2h` or `1d`, at most a year, parsed to milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d+(\.\d+)?[smhd]$/, 'must be a number and a unit, such as 45s, 30m, 2h or 1d')
  .refine((text) => !(millisecondsOf(text) > LONGEST_DAYS * UNITS.d), `must be at most ${LONGEST_DAYS}d`)
  .transform(millisecondsOf)

function millisecondsOf(text: string): number {
  return Number.parseFloat(text) * UNITS[unitOf(text)]
}

function unitOf(text: string): keyof typeof UNITS {
  const last = text.at(-1)
  return last === 's' || last === 'm' || last === 'h' ? last : 'd'
}

/** Milliseconds in words for people: `45 s`, `30 min`, `1 h 30 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}
