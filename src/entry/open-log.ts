import { type Logger, pino } from 'pino'
import type { Meter } from '../ports/meter.ts'

/** Pino's number of `warn`. */
const WARN = 40

/** The log of this process or thread. What a person should look at is counted, so that an alert can say so. */
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
