import * as z from 'zod'

/** Weekly times are minutes since Monday 00:00. */
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const WEEK = 7 * 24 * 60
const WEEKLY = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):([0-5]\d)$/
const ONCE = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?: ([01]\d|2[0-3]):([0-5]\d))?$/

const Moment = z
  .string()
  .refine(
    (text) => WEEKLY.test(text) || isDate(text),
    'must be such as "Fri 16:00", "2026-12-20" or "2026-12-20 16:00"',
  )

/** Whether a text is a date that exists: not 30 February. */
function isDate(text: string): boolean {
  return ONCE.test(text) && z.iso.date().safeParse(text.slice(0, 10)).success
}

/** A time without raises, weekly or once. */
export const FreezeWindow = z
  .strictObject({
    from: Moment.describe('When it begins: "Fri 16:00" for every week, or "2026-12-20 16:00".'),
    until: Moment.describe('When it ends, in the same form.'),
    timezone: z
      .string()
      .refine(isTimezone, 'must be a time zone such as Europe/Berlin')
      .default('UTC')
      .describe('Time zone of both times.'),
    reason: z.string().min(1).optional().describe('Reason that `canary/gate` shows.'),
  })
  .refine(({ from, until }) => WEEKLY.test(from) === WEEKLY.test(until), {
    message: 'must have the same form as the beginning',
    path: ['until'],
  })
  // A window without any moment would freeze nothing.
  .refine(({ from, until }) => !isEmpty(from, until), { message: 'must be after the beginning', path: ['until'] })
export type FreezeWindow = z.infer<typeof FreezeWindow>

function isEmpty(from: string, until: string): boolean {
  const areDates = isDate(from) && isDate(until)
  return areDates ? withTime(until) <= withTime(from) : WEEKLY.test(from) && from === until
}

function withTime(date: string): string {
  return date.includes(' ') ? date : `${date} 00:00`
}

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/**
 * When the window that contains `now` ends, in epoch milliseconds. Undefined outside of it. A weekly window may be off by a
 * change to or from daylight saving time.
 */
export function windowEnd(window: FreezeWindow, now: number): number | undefined {
  const weekly = weeklyEnd(window, now)
  if (weekly !== 'not-weekly') return weekly
  const from = epochOf(window.from, window.timezone)
  const until = epochOf(window.until, window.timezone)
  return from <= now && now < until ? until : undefined
}

/**
 * When a window begins next, in epoch milliseconds. Undefined if it never does. A weekly window may be off by a change to or from
 * daylight saving time.
 */
export function windowStart(window: FreezeWindow, now: number): number | undefined {
  const start = minuteOfWeek(window.from)
  if (start === undefined) {
    const from = epochOf(window.from, window.timezone)
    return from > now ? from : undefined
  }
  const ahead = modulo(start - localMinute(now, window.timezone), WEEK)
  return now - (now % MINUTE_MS) + (ahead === 0 ? WEEK : ahead) * MINUTE_MS
}

const MINUTE_MS = 60_000

function weeklyEnd({ from, until, timezone }: FreezeWindow, now: number): number | undefined | 'not-weekly' {
  const start = minuteOfWeek(from)
  const end = minuteOfWeek(until)
  if (start === undefined || end === undefined) return 'not-weekly'
  const length = modulo(end - start, WEEK)
  const passed = modulo(localMinute(now, timezone) - start, WEEK)
  if (passed >= length) return undefined
  return now - (now % MINUTE_MS) + (length - passed) * MINUTE_MS
}

/** The minute of the week in a time zone. */
function localMinute(now: number, timezone: string): number {
  const local = new Date(now + offsetAt(now, timezone))
  return ((local.getUTCDay() + 6) % 7) * 1440 + local.getUTCHours() * 60 + local.getUTCMinutes()
}

function minuteOfWeek(text: string): number | undefined {
  const found = WEEKLY.exec(text)
  if (found === null) return undefined
  const [, day = '', hours, minutes] = found
  return DAYS.findIndex((name) => name === day) * 1440 + Number(hours) * 60 + Number(minutes)
}

/** The moment of a local date and time. Computed twice, because the offset may change between the guess and the answer. */
function epochOf(text: string, timezone: string): number {
  const [, year, month, day, hours = '0', minutes = '0'] = ONCE.exec(text) ?? []
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hours), Number(minutes))
  const guess = wall - offsetAt(wall, timezone)
  return wall - offsetAt(guess, timezone)
}

/** The offset of a time zone from UTC, in milliseconds; positive if it is ahead. */
function offsetAt(moment: number, timezone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'))
  return wall - (moment - modulo(moment, MINUTE_MS))
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
