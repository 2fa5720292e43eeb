import type { AskedShare, Observation } from '../analysis/observed-share.ts'
import type { LiveEntry } from '../config/schema.ts'
import { isBy, type Signal, type Want } from './signal.ts'
import { matcher } from '../text/matcher.ts'

/** What is known about whether a step has been applied: the worst of what its config asks for. Times are epoch milliseconds. */
export type Liveness = { readonly parts: readonly LiveResult[] } & (
  | { readonly state: 'live'; readonly since: number }
  /** `until`: when time alone may tell more. */
  | { readonly state: 'not-yet' | 'overdue' | 'failed'; readonly until?: number }
)

/** An entry that asks for the traffic that is seen. */
export type TrafficEntry = Extract<LiveEntry, { traffic: number }>

/** One entry of the config's `live`, and what was found for it. */
export interface LiveResult {
  readonly entry: LiveEntry
  readonly found: LiveState
}

type LiveState =
  /** `name`: of the signal that said so first; undefined: the timer, or traffic. */
  | {
      readonly state: 'live'
      readonly since: number
      readonly name: string | undefined
      /** A page about that signal. */
      readonly url?: string | undefined
      /** The traffic that proved it was seen to be another since. */
      readonly differs?: true
    }
  /** `ahead`: somebody says that it is live from a moment to come. */
  | { readonly state: 'not-yet'; readonly why: 'timer' | 'ahead'; readonly until: number }
  /** Nobody who counts has said anything. `strangers`: who said something and does not count. */
  | {
      readonly state: 'not-yet' | 'overdue'
      readonly why: 'silent'
      readonly landedAt: number
      readonly until: number
      readonly strangers: readonly string[]
    }
  /** Prometheus does not see the share that Git asks for. */
  | {
      readonly state: 'not-yet' | 'overdue'
      readonly why: 'traffic'
      readonly until: number
      /** Undefined where the history does not show the step. */
      readonly evidence: TrafficEvidence | undefined
    }
  | {
      readonly state: 'failed'
      readonly name: string
      readonly description: string
      readonly url?: string | undefined
    }

/** What the traffic says of a step. */
export interface TrafficEvidence {
  /** Undefined where the window has not passed since the step landed. */
  readonly observation: Observation | undefined
  /** Since when it has been proven that the step is live. */
  readonly provenAt: number | undefined
  /** The traffic that is seen now is another than Git asks for. */
  readonly differs: boolean
  readonly asked: AskedShare
  /** Before then another look sees nothing new. */
  readonly until: number
}

export interface Evidence {
  /** The signals on the commits that carry the step, newest commit first; each commit's newest first. */
  readonly commits: readonly (readonly Signal[])[]
  /** When the step came to the base branch. */
  readonly landedAt: number
  readonly now: number
  /** What the traffic says, for an entry that asks for it; nothing where it was not looked at. */
  readonly traffic?: ReadonlyMap<TrafficEntry, TrafficEvidence>
}

/** GitHub and Git give whole seconds: what they date to one may have happened at its end. A wait must not be too short. */
const SECOND_MS = 1_000

/** Each look may write what is seen into a check run. A step that long is not live has something in its way: there is no hurry. */
const SHORTEST_LOOK_MS = 60_000
const LONGEST_LOOK_MS = 10 * 60_000

/** Clocks that are kept in time differ by less; beyond, one is off, and nothing that it dates has happened yet. */
const CLOCK_SLACK_MS = 60_000

/** Whether a step is live: when everything that the config asks for says so, and since the last of it did. */
export function livenessBy(entries: readonly LiveEntry[], evidence: Evidence): Liveness {
  const parts = entries.map((entry) => ({ entry, found: find(entry, evidence) }))
  const states = parts.map(({ found }) => found.state)
  const state = (['failed', 'overdue', 'not-yet'] as const).find((one) => states.includes(one))
  const found = parts.map((part) => part.found)
  if (state === undefined)
    return {
      state: 'live',
      since: Math.max(...found.flatMap((one) => (one.state === 'live' ? [one.since] : []))),
      parts,
    }
  // A report wakes who waits for it, also when it is overdue; traffic has to be looked at.
  const moments = found.flatMap((one) =>
    one.state === 'not-yet' || (one.state === 'overdue' && one.why === 'traffic') ? [one.until] : [],
  )
  return { state, parts, ...(moments.length === 0 ? {} : { until: Math.min(...moments) }) }
}

/** The entries that ask for the traffic that is seen. */
export function trafficEntries(entries: readonly LiveEntry[]): readonly TrafficEntry[] {
  return entries.filter((entry) => 'traffic' in entry)
}

/**
 * What is asked for of a change that moves no share, such as another version behind the same part of the traffic: there the traffic looks
 * the same before and after, and proves nothing. Its time limit stands in as a timer.
 */
export function withoutTraffic(entries: readonly LiveEntry[]): readonly LiveEntry[] {
  return entries.map((entry) => ('traffic' in entry ? { after: entry.within } : entry))
}

/** What an entry waits for; undefined where only time and traffic tell. */
export function wantOf(entry: LiveEntry): Want | undefined {
  if ('status' in entry) return { source: 'status', pattern: entry.status }
  if ('check' in entry) return { source: 'check', pattern: entry.check }
  if ('deployment' in entry) return { source: 'deployment', pattern: entry.deployment }
  return 'report' in entry ? { source: 'report', pattern: entry.report } : undefined
}

function find(entry: LiveEntry, evidence: Evidence): LiveState {
  if ('after' in entry) return byTimer(entry.after, evidence)
  if ('traffic' in entry) return byTraffic(entry, evidence)
  const want = wantOf(entry)
  const { said, strangers } = heard(want, entry.by, evidence)
  const { landedAt, now } = evidence
  const newest = said[0] ?? []
  // Several names can fit one pattern: each must be well, on the newest commit that any of them speaks of.
  const failing = newestOfEach(newest).find(({ state }) => state === 'failure')
  if (failing !== undefined) {
    const { name, description } = failing
    return { state: 'failed', name, description, ...pageOf(failing) }
  }
  // A time in the future means that the sender's clock is wrong: a later signal with a right clock counts instead.
  const all = said.flat()
  const dated = all.filter(({ state, at }) => state === 'failure' || at <= now + CLOCK_SLACK_MS)
  const since = unbroken(dated) ?? unbroken(all)
  if (since === undefined) {
    const until = landedAt + SECOND_MS + entry.within
    return { state: now >= until ? 'overdue' : 'not-yet', why: 'silent', landedAt, until, strangers }
  }
  // An App's clock may be behind: no commit was live before it was there.
  const at = Math.max(since.at, landedAt)
  if (at > now + CLOCK_SLACK_MS) return { state: 'not-yet', why: 'ahead', until: at }
  return { state: 'live', since: at + SECOND_MS, name: since.name, ...pageOf(since) }
}

function pageOf({ url }: Signal): Pick<Signal, 'url'> {
  return url === undefined ? {} : { url }
}

/** The weak fallback: nothing reports, so time since the commit landed has to do. */
function byTimer(afterMs: number, { landedAt, now }: Evidence): LiveState {
  const until = landedAt + SECOND_MS + afterMs
  return now >= until ? { state: 'live', since: until, name: undefined } : { state: 'not-yet', why: 'timer', until }
}

function byTraffic(entry: TrafficEntry, { traffic, landedAt, now }: Evidence): LiveState {
  const seen = traffic?.get(entry)
  if (seen?.provenAt !== undefined) {
    const since = Math.max(seen.provenAt, landedAt)
    return { state: 'live', since, name: undefined, ...(seen.differs ? { differs: true } : {}) }
  }
  if (seen?.observation === undefined)
    return { state: 'not-yet', why: 'traffic', evidence: seen, until: seen?.until ?? now + entry.window }
  const state = now >= landedAt + SECOND_MS + entry.within ? 'overdue' : 'not-yet'
  const pause = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, (now - landedAt) / 4))
  return { state, why: 'traffic', evidence: seen, until: Math.max(seen.until, now + Math.round(pause)) }
}

/** The signals that count, by commit. Commits without a signal are left out. Also names who else sent signals. */
function heard(
  want: Want | undefined,
  by: string | undefined,
  { commits }: Evidence,
): { readonly said: readonly (readonly Signal[])[]; readonly strangers: readonly string[] } {
  if (want === undefined) return { said: [], strangers: [] }
  const matches = matcher(want.pattern)
  const fitting = commits.map((signals) =>
    signals.filter(({ source, name, state }) => source === want.source && state !== 'silent' && matches(name)),
  )
  const counts = (signal: Signal): boolean => by === undefined || isBy(signal.by, by)
  const others = fitting.flat().filter((signal) => !counts(signal))
  return {
    said: fitting.map((signals) => signals.filter(counts)).filter((signals) => signals.length > 0),
    strangers: [...new Set(others.map((signal) => signal.by[0] ?? 'somebody unknown'))],
  }
}

function newestOfEach(signals: readonly Signal[]): readonly Signal[] {
  return signals.filter(({ name }, index) => signals.findIndex((other) => other.name === name) === index)
}

/** The success with which the present run of successes began: the first, or the one that made good the last failure. */
function unbroken(newestFirst: readonly Signal[]): Signal | undefined {
  const failed = new Set<string>()
  let since: Signal | undefined
  for (const signal of newestFirst.toReversed()) {
    if (signal.state === 'failure') {
      failed.add(signal.name)
      since = undefined
      continue
    }
    const isRestored = failed.delete(signal.name)
    if (since === undefined || isRestored) since = signal
  }
  return since
}
