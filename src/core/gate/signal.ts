/** What a deployer said about one commit, wherever GitHub stores it. */
export interface Signal {
  readonly source: SignalSource
  /** The context of a status, the name of a check run, the environment of a deployment, or the subject of a report. */
  readonly name: string
  readonly state: SignalState
  /** Epoch milliseconds. For a check run, its App chose this time. */
  readonly at: number
  readonly description: string
  /** Names of the author: a login, or an App's `<slug>[bot]`. Empty if GitHub does not say. */
  readonly by: readonly string[]
  /** A page about the signal, from `webUrl`. */
  readonly url?: string | undefined
}

export type SignalSource = 'status' | 'check' | 'deployment' | 'report'

/** `silent`: says nothing about whether the commit is live. */
export type SignalState = 'success' | 'failure' | 'silent'

/**
 * The words with a meaning for Perch. All others are silent: work in progress (`pending`, `in_progress`), work that was not done
 * (`skipped`, `cancelled`, `neutral`, `stale`, `action_required`), and `inactive`, which GitHub itself sets on a deployment that
 * a newer one has replaced.
 */
const SAID: Readonly<Record<string, SignalState>> = {
  success: 'success',
  failure: 'failure',
  error: 'failure',
  timed_out: 'failure',
  startup_failure: 'failure',
}

/** The meaning of a status's or deployment's state, or of a check run's conclusion. */
export function stateOf(word: string | null | undefined): SignalState {
  return word !== undefined && word !== null && Object.hasOwn(SAID, word) ? (SAID[word] ?? 'silent') : 'silent'
}

/** One kind of signal that the config waits for. */
export interface Want {
  readonly source: SignalSource
  readonly pattern: string
}

/** A want or a received signal as one text, so that a want's pattern can be matched with a signal's name. */
export function waitKey(source: SignalSource, name: string): string {
  return `${source}:${name}`
}

/** The name prefix of our own check runs that store reports. The report's subject follows. */
export const REPORT_PREFIX = 'live/'

/** Whether an author is the one in the config: `flux` means the account, or the App's bot `flux[bot]`. */
export function isBy(by: readonly string[], wanted: string): boolean {
  const name = wanted.toLowerCase()
  return by.some((writer) => [name, `${name}[bot]`].includes(writer.toLowerCase()))
}
