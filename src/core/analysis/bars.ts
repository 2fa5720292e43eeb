import type { Bar } from './report.ts'

/**
 * By how much a value is beyond a bar: more than 0 breaks it, and of what holds the greatest is the closest. Undefined where
 * it is compared with a value of stable's that is not known.
 */
export function breachOf(bar: Bar, value: number, stable: number | undefined): number | undefined {
  if ('value' in bar) return bar.kind === 'min' ? bar.value - value : value - bar.value
  if (stable === undefined) return undefined
  const room = bar.isPercent ? (Math.abs(stable) * bar.by) / 100 : bar.by
  return bar.kind === 'max-below' ? stable - room - value : value - stable - room
}
