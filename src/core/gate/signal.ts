/** What was said about one commit by whoever applies it, from wherever GitHub keeps it. */
export interface Signal {
  readonly source: SignalSource
  /** A status's context, a check run's name, a deployment's environment, or what a report is about. */
  readonly name: string
  readonly state: SignalState
  /** Epoch milliseconds. Of a check run its App chose it. */
  readonly at: number
  readonly description: string
  /** What the writer is called: a login, or an App's `<slug>[bot]`. Empty where GitHub does not say. */
  readonly by: readonly string[]
  /** A page about it, from `webUrl`. */
  readonly url?: string | undefined
}

export type SignalSource = 'status' | 'check' | 'deployment' | 'report'

/** `silent`: it says nothing about whether the commit is live. */
export type SignalState = 'success' | 'failure' | 'silent'

/**
 * The words that say something. All others say nothing: what goes on (`pending`, `in_progress`), what was not done
 * (`skipped`, `cancelled`, `neutral`, `stale`, `action_required`), and `inactive`, which GitHub itself sets on a deployment
 * that a newer one has replaced.
 */
const SAID: Readonly<Record<string, SignalState>> = {
  success: 'success',
  failure: 'failure',
  error: 'failure',
  timed_out: 'failure',
  startup_failure: 'failure',
}

/** What a status's or deployment's state, or a check run's conclusion, means here. */
export function stateOf(word: string | null | undefined): SignalState {
  return word !== undefined && word !== null && Object.hasOwn(SAID, word) ? (SAID[word] ?? 'silent') : 'silent'
}

/** One kind of signal that somebody waits for. */
export interface Want {
  readonly source: SignalSource
  readonly pattern: string
}

/** A want, or a signal that came, as one text: `matcher` of the one fits the other. */
export function waitKey(source: SignalSource, name: string): string {
  return `${source}:${name}`
}

/** Our own check runs that keep reports are named so, and what a report is about follows. */
export const REPORT_PREFIX = 'live/'

/** Whether somebody is who the config means: `flux` is the account, or the App's bot `flux[bot]`. */
export function isBy(by: readonly string[], wanted: string): boolean {
  const name = wanted.toLowerCase()
  return by.some((writer) => [name, `${name}[bot]`].includes(writer.toLowerCase()))
}
