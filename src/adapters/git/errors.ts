/** Git could not do its work: it is not installed, has no network, was refused, or is too slow. A later try may succeed. */
export class GitUnavailable extends Error {
  override readonly name = 'GitUnavailable'
}

/** Git was stopped because it exceeded its time limit. */
export class GitTimedOut extends GitUnavailable {}

/** Git was stopped because its output exceeded its size limit. */
export class GitTooLarge extends GitUnavailable {}

/** A commit or tree was requested that no `fetch` has brought here. */
export class NotFetched extends Error {
  override readonly name = 'NotFetched'
}
