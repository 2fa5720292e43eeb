import * as z from 'zod'
import { Duration } from '../config/duration.ts'
import { isOverridable, type OverridableGate } from '../gate/names.ts'
import { err, ok, type Result } from '../result.ts'

/** The arguments of a command: how the help shows them, and how Perch reads them. */
export interface Argument<Fields extends object> {
  readonly usage: string
  /** Reads its words and returns the remaining ones. `start`: the first word of the command. */
  readonly read: (words: readonly string[], start: string) => Result<ReadWords<Fields>, ArgumentProblem>
}

interface ReadWords<Fields> {
  readonly fields: Fields
  readonly rest: readonly string[]
}

export type ArgumentProblem =
  | { readonly code: 'bad-percent' | 'bad-plan' | 'bad-time' | 'bad-gate'; readonly word: string }
  | { readonly code: 'missing-value'; readonly word: string }

/** Which service and environment a command names, and the head commit it was written for. */
export interface Scope {
  readonly service: string | undefined
  readonly environment: string | undefined
  /** At least the first 7 hex digits of a commit. */
  readonly sha: string | undefined
}

/** A moment in epoch milliseconds, or a duration since the comment was written. */
export type Until = { readonly at: number } | { readonly afterMs: number }

/** Two arguments, one after the other. */
export function both<First extends object, Second extends object>(
  first: Argument<First>,
  second: Argument<Second>,
): Argument<First & Second> {
  return {
    usage: `${first.usage} ${second.usage}`,
    read: (words, start) => {
      const one = first.read(words, start)
      if (!one.ok) return one
      const two = second.read(one.value.rest, start)
      if (!two.ok) return two
      return ok({ fields: { ...one.value.fields, ...two.value.fields }, rest: two.value.rest })
    },
  }
}

export const NOTHING: Argument<object> = { usage: '', read: (words) => ok({ fields: {}, rest: words }) }

/** Accepts and ignores any words. */
export const ANYTHING: Argument<object> = { usage: '', read: () => ok({ fields: {}, rest: [] }) }

export const PERCENT: Argument<{ readonly percent: number }> = {
  usage: '<percent>',
  read: ([word = '', ...rest]) => {
    const percent = percentOf(word)
    return percent === undefined ? err({ code: 'bad-percent', word }) : ok({ fields: { percent }, rest })
  },
}

/** A version of a blue/green service. */
export const VERSION_NAME: Argument<{ readonly version: string }> = {
  usage: '<version>',
  read: ([version, ...rest], start) =>
    version === undefined || !isName(version)
      ? err({ code: 'missing-value', word: start })
      : ok({ fields: { version }, rest }),
}

export const SCOPE: Argument<Scope> = {
  usage: '[service] [--env <name>] [@<sha>]',
  read: (words) => {
    const scope: { -readonly [Key in keyof Scope]: Scope[Key] } = {
      service: undefined,
      environment: undefined,
      sha: undefined,
    }
    const rest = [...words]
    for (let [word] = rest; word !== undefined; [word] = rest) {
      const [flag, value] = word.split('=', 2)
      if (flag === '--env') {
        scope.environment = value ?? rest[1]
        if (scope.environment === undefined || !isName(scope.environment))
          return err({ code: 'missing-value', word: '--env' })
        if (value === undefined) rest.shift()
      } else if (/^@[0-9a-f]{7,40}$/.test(word)) scope.sha = word.slice(1)
      else if (scope.service === undefined && isName(word)) scope.service = word
      else break
      rest.shift()
    }
    return ok({ fields: scope, rest })
  },
}

/** `[5,25,50,100]`, with or without brackets and spaces. */
export const STEPS: Argument<{ readonly steps: readonly number[] | undefined }> = {
  usage: '[<steps>]',
  read: (words) => {
    const end = words.findIndex((word) => /[^[\]\d.,%]/.test(word))
    const written = (end === -1 ? words : words.slice(0, end)).join(' ')
    const steps = written === '' ? undefined : stepsOf(written)
    if (steps === 'none') return err({ code: 'bad-plan', word: written })
    return ok({ fields: { steps }, rest: end === -1 ? [] : words.slice(end) })
  },
}

export const REASON: Argument<{ readonly reason: string | undefined }> = {
  usage: '[reason]',
  read: (words) => ok({ fields: { reason: words.length === 0 ? undefined : words.join(' ') }, rest: [] }),
}

/** A gate to override, and the reason. */
export const GATE: Argument<{ readonly gate: OverridableGate; readonly reason: string }> = {
  usage: '<gate> <reason>',
  read: ([word, ...reason], start) => {
    if (word === undefined) return err({ code: 'missing-value', word: start })
    const gate = word.toLowerCase()
    if (!isOverridable(gate)) return err({ code: 'bad-gate', word })
    if (reason.length === 0) return err({ code: 'missing-value', word })
    return ok({ fields: { gate, reason: reason.join(' ') }, rest: [] })
  },
}

/** The source and target environment, and the service. `--dry-run` may be anywhere. */
export const FLOW: Argument<{
  readonly from: string
  readonly to: string
  readonly service: string | undefined
  readonly dryRun: boolean
}> = {
  usage: '<from> <to> [service] [--dry-run]',
  read: (words, start) => {
    const [from, to, ...others] = words.filter((word) => word !== '--dry-run')
    if (from === undefined || to === undefined || ![from, to].every(isName))
      return err({ code: 'missing-value', word: start })
    const [service, ...more] = others
    const isService = service !== undefined && isName(service)
    const dryRun = words.includes('--dry-run')
    const fields = { from, to, service: isService ? service : undefined, dryRun }
    return ok({ fields, rest: isService ? more : others })
  },
}

export const ENVIRONMENT: Argument<{ readonly environment: string }> = {
  usage: '<environment>',
  read: ([environment, ...rest], start) =>
    environment === undefined || !isName(environment)
      ? err({ code: 'missing-value', word: start })
      : ok({ fields: { environment }, rest }),
}

/** `--until` may be anywhere among the words. */
export const UNTIL: Argument<{ readonly until: Until | undefined }> = {
  usage: '[--until <time>]',
  read: (words) => {
    const at = words.findIndex((word) => word === '--until' || word.startsWith('--until='))
    const flag = words[at]
    if (flag === undefined) return ok({ fields: { until: undefined }, rest: words })
    const value = flag.includes('=') ? flag.slice(flag.indexOf('=') + 1) : words[at + 1]
    if (value === undefined) return err({ code: 'missing-value', word: '--until' })
    const until = untilOf(value)
    if (until === undefined) return err({ code: 'bad-time', word: value })
    return ok({ fields: { until }, rest: words.toSpliced(at, flag.includes('=') ? 1 : 2) })
  },
}

/** `25`, `25%`, `0.5`: digits, at most two decimals, 0 to 100. Nothing else that JavaScript would read as a number. */
function percentOf(word: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,2})?%?$/.test(word)) return undefined
  const percent = Number.parseFloat(word)
  return percent <= 100 ? percent : undefined
}

function stepsOf(written: string): readonly number[] | 'none' {
  const isInBrackets = written.startsWith('[') && written.endsWith(']')
  const steps = (isInBrackets ? written.slice(1, -1) : written)
    .trim()
    .split(/\s*,\s*|\s+/)
    .map(percentOf)
  const isPlan = steps.every((step, index) => step !== undefined && step > (steps[index - 1] ?? 0))
  return isPlan ? steps.filter((step) => step !== undefined) : 'none'
}

const DATE = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2})?(Z|[+-]\d{2}:\d{2})?)?$/

/** `2h`, or a date of ISO 8601; without a time zone it is UTC. */
function untilOf(word: string): Until | undefined {
  const duration = Duration.safeParse(word)
  if (duration.success) return { afterMs: duration.data }
  const [, day, zone] = DATE.exec(word) ?? []
  // Otherwise 30 February would be 2 March.
  if (!z.iso.date().safeParse(day).success) return undefined
  const at = Date.parse(zone === undefined && word.includes('T') ? `${word}Z` : word)
  return Number.isNaN(at) ? undefined : { at }
}

/** Names of services and environments are names of Kubernetes objects or folders. Several names are joined by `+`. */
function isName(word: string): boolean {
  return /^[A-Za-z0-9][\w./+-]*$/.test(word)
}
