/** Git could not do its work just now: not installed, no network, refused, too slow. Trying again later may help. */
export class GitUnavailable extends Error {
  override readonly name = 'GitUnavailable'
}

/** It was stopped after all the time that it may take. */
export class GitTimedOut extends GitUnavailable {}

/** It was stopped because it said more than it may. */
export class GitTooLarge extends GitUnavailable {}

/** A commit or tree was asked for that no `fetch` has brought here. */
export class NotFetched extends Error {
  override readonly name = 'NotFetched'
}
