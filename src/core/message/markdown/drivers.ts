import { code } from './markdown.ts'

/** The characters that GitHub allows in logins. Those of company-managed accounts have an underscore. */
const LOGIN = /^[a-z\d](?:[a-z\d_-]{0,99})$/i

/**
 * Mentions the people who drive a rollout, so that GitHub notifies them. Only for posts that need a person. Never for texts that
 * Perch edits, because an edit with a new mention notifies too.
 */
export function driversWords(logins: readonly string[]): string | undefined {
  if (logins.length === 0) return undefined
  const names = logins.map((login) => (LOGIN.test(login) ? `@${login}` : code(login)))
  return `${names.join(' and ')} ${names.length === 1 ? 'drives' : 'drive'} this rollout.`
}
