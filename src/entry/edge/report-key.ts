import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The key of one repository (`owner/name`). It ensures that a team's cluster can report only about that team's repository. */
export function reportKey(secret: string, repository: string): string {
  return keyFor(secret, repository)
}

/**
 * The key with which Flagger asks. It is a different one, because it is written in the Canary, in Git: people who can read it
 * there must not be able to report that a step is live. Repository names contain no blanks, so the two kinds of keys cannot
 * collide.
 */
export function flaggerKey(secret: string, repository: string): string {
  return keyFor(secret, `flagger ${repository}`)
}

function keyFor(secret: string, purpose: string): string {
  return createHmac('sha256', secret).update(purpose.toLowerCase()).digest('hex')
}

/** Compares in constant time, so that timing reveals nothing. */
export function isSameKey(given: string, key: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(key))
}
