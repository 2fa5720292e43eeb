export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

/** A clock that can also run work periodically. */
export interface Timer extends Clock {
  /** Calls `work` each time this interval has passed. Returns a function that stops it. */
  every(ms: number, work: () => void): () => void
}
