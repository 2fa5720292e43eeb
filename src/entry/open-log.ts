import { type Logger, pino } from 'pino'
import type { Meter } from '../ports/meter.ts'

/** Pino's level `warn`. */
const WARN = 40

/** The log of this process or thread. Counts the warnings and errors, so that an alert can refer to them. */
export function openLog(level: string, meter: Meter): Logger {
  return pino({
    level,
    hooks: {
      logMethod(args, method, number) {
        if (number >= WARN) meter.record('perch_log_lines_total', { level: pino.levels.labels[number] ?? 'other' })
        method.apply(this, args)
      },
    },
  })
}
