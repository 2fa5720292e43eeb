import type { Bar } from './report.ts'

/**
 * How far a value is beyond a bar. More than 0 breaks the bar; otherwise, the greater the number, the closer the value is to
 * the bar. Undefined if it needs a value of the stable version that is unknown.
 */
export function breachOf(bar: Bar, value: number, stable: number | undefined): number | undefined {
  if ('value' in bar) return bar.kind === 'min' ? bar.value - value : value - bar.value
  if (stable === undefined) return undefined
  const room = bar.isPercent ? (Math.abs(stable) * bar.by) / 100 : bar.by
  return bar.kind === 'max-below' ? stable - room - value : value - stable - room
}
