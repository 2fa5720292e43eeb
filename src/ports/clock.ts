export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

/** A clock by which a process does things of its own accord. */
export interface Timer extends Clock {
  /** Calls `work` whenever so much time has passed again, until what it answers is called. */
  every(ms: number, work: () => void): () => void
}
