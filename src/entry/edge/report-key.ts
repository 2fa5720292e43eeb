import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The key of one repository, `owner/name`: so that whoever runs one team's cluster cannot speak for another's. */
export function reportKey(secret: string, repository: string): string {
  return keyFor(secret, repository)
}

/**
 * The key with which Flagger asks. Another one, because it stands in the Canary, in Git: whoever reads it there must not be able to report
 * that a step is live. No repository has a name with a blank.
 */
export function flaggerKey(secret: string, repository: string): string {
  return keyFor(secret, `flagger ${repository}`)
}

function keyFor(secret: string, purpose: string): string {
  return createHmac('sha256', secret).update(purpose.toLowerCase()).digest('hex')
}

/** Compared so that the time tells nothing. */
export function isSameKey(given: string, key: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(key))
}
