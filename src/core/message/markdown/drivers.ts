import { code } from './markdown.ts'

/** What GitHub lets people be called, those that a company manages too: their logins have an underscore. */
const LOGIN = /^[a-z\d](?:[a-z\d_-]{0,99})$/i

/**
 * Who drives the rollout, named so that GitHub notifies them. Only for what is posted where a person is needed, and never for what is
 * edited: an edit that names somebody for the first time notifies too.
 */
export function driversWords(logins: readonly string[]): string | undefined {
  if (logins.length === 0) return undefined
  const names = logins.map((login) => (LOGIN.test(login) ? `@${login}` : code(login)))
  return `${names.join(' and ')} ${names.length === 1 ? 'drives' : 'drive'} this rollout.`
}
