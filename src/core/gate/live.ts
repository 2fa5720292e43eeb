import type { AskedShare, Observation } from '../analysis/observed-share.ts'
import type { LiveEntry } from '../config/schema.ts'
import { isBy, type Signal, type Want } from './signal.ts'
import { matcher } from '../text/matcher.ts'

/** Whether a step has been applied: the worst result of all entries in its config. Times are epoch milliseconds. */
export type Liveness = { readonly parts: readonly LiveResult[] } &
  /** `differs`: Prometheus now sees a different share than the one in Git. */
  (
    | { readonly state: 'live'; readonly since: number; readonly differs?: true }
    /** `until`: when this may change with time alone. */
    | { readonly state: 'not-yet' | 'overdue' | 'failed'; readonly until?: number }
  )

/** An entry that asks for observed traffic. */
export type TrafficEntry = Extract<LiveEntry, { traffic: number }>

/** One entry of the config's `live`, and what was found for it. */
export interface LiveResult {
  readonly entry: LiveEntry
  readonly found: LiveState
}

type LiveState =
  /** `name`: the first signal that said so. Undefined for the timer and for traffic. */
  | {
      readonly state: 'live'
      readonly since: number
      readonly name: string | undefined
      /** A page about that signal. */
      readonly url?: string | undefined
    }
  /** `ahead`: a signal with a time in the future. */
  | { readonly state: 'not-yet'; readonly why: 'timer' | 'ahead'; readonly until: number }
  /** There is no signal that counts. `strangers`: the authors of signals that do not count. */
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
      /** Undefined if the history does not contain the step. */
      readonly evidence: TrafficEvidence | undefined
    }
  | {
      readonly state: 'failed'
      readonly name: string
      readonly description: string
      readonly url?: string | undefined
    }

/** The observed traffic of a step. */
export interface TrafficEvidence {
  /** Undefined if the window has not passed since the step landed. */
  readonly observation: Observation | undefined
  /** Since when it has been proven that the step is live. */
  readonly provenAt: number | undefined
  /** The traffic now differs from what Git asks for. */
  readonly differs: boolean
  readonly asked: AskedShare
  /** Before this time, another look would see nothing new. */
  readonly until: number
}

export interface Evidence {
  /** The signals on the commits that carry the step, newest commit first; each commit's newest first. */
  readonly commits: readonly (readonly Signal[])[]
  /** When the step came to the base branch. */
  readonly landedAt: number
  readonly now: number
  /** The observed traffic for each entry that asks for it. Missing if nobody looked. */
  readonly traffic?: ReadonlyMap<TrafficEntry, TrafficEvidence>
}

/** GitHub and Git give whole seconds, so an event may have happened at the end of its second. A wait must not be too short. */
const SECOND_MS = 1_000

/** Each look may update a check run. A step that is not live for long has a problem, so there is no hurry. */
const SHORTEST_LOOK_MS = 60_000
const LONGEST_LOOK_MS = 10 * 60_000

/** Synchronized clocks differ by less. Beyond this, a clock is wrong, and its events count as not yet happened. */
const CLOCK_SLACK_MS = 60_000

/** Whether a step is live: all entries of the config must say so, and it is live since the last one did. */
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
      ...(trafficDiffers(evidence) ? { differs: true } : {}),
    }
  // A report triggers a new look, even if it is overdue. Traffic has to be polled.
  const moments = found.flatMap((one) =>
    one.state === 'not-yet' || (one.state === 'overdue' && one.why === 'traffic') ? [one.until] : [],
  )
  const until = earliest(moments)
  return { state, parts, ...(until === undefined ? {} : { until }) }
}

/** Whether the traffic has changed since it proved the step. */
function trafficDiffers({ traffic }: Evidence): boolean {
  return [...(traffic?.values() ?? [])].some(({ differs }) => differs)
}

/** Undefined without any moment. */
export function earliest(moments: readonly number[]): number | undefined {
  return moments.length === 0 ? undefined : Math.min(...moments)
}

/** The entries that ask for observed traffic. */
export function trafficEntries(entries: readonly LiveEntry[]): readonly TrafficEntry[] {
  return entries.filter((entry) => 'traffic' in entry)
}

/**
 * The entries for a change that moves no share, such as another version with the same share. The traffic looks the same before and after,
 * so it proves nothing, and its time limit becomes a timer.
 */
export function withoutTraffic(entries: readonly LiveEntry[]): readonly LiveEntry[] {
  return entries.map((entry) => ('traffic' in entry ? { after: entry.within } : entry))
}

/** The signal that an entry waits for. Undefined for time and traffic. */
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
  // Several names can match one pattern. Each of them must be successful on the newest commit that any of them reports.
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
  // An App's clock may be behind, but no commit was live before it existed.
  const at = Math.max(since.at, landedAt)
  if (at > now + CLOCK_SLACK_MS) return { state: 'not-yet', why: 'ahead', until: at }
  return { state: 'live', since: at + SECOND_MS, name: since.name, ...pageOf(since) }
}

function pageOf({ url }: Signal): Pick<Signal, 'url'> {
  return url === undefined ? {} : { url }
}

/** The weak fallback: nothing reports, so the time since the commit landed has to be enough. */
function byTimer(afterMs: number, { landedAt, now }: Evidence): LiveState {
  const until = landedAt + SECOND_MS + afterMs
  return now >= until ? { state: 'live', since: until, name: undefined } : { state: 'not-yet', why: 'timer', until }
}

function byTraffic(entry: TrafficEntry, { traffic, landedAt, now }: Evidence): LiveState {
  const seen = traffic?.get(entry)
  if (seen?.provenAt !== undefined) return { state: 'live', since: Math.max(seen.provenAt, landedAt), name: undefined }
  if (seen?.observation === undefined)
    return { state: 'not-yet', why: 'traffic', evidence: seen, until: seen?.until ?? now + entry.window }
  const state = now >= landedAt + SECOND_MS + entry.within ? 'overdue' : 'not-yet'
  const pause = Math.min(LONGEST_LOOK_MS, Math.max(SHORTEST_LOOK_MS, (now - landedAt) / 4))
  return { state, why: 'traffic', evidence: seen, until: Math.max(seen.until, now + Math.round(pause)) }
}

/** The signals that count, by commit, without commits that have none. Also the authors of the other signals. */
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

/** The success that began the current run of successes: the very first one, or the first one after the last failure. */
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
