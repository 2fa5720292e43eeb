import type { Location } from '../manifest/parse.ts'

/** Longer addresses are not meant for people. */
const MAX_URL = 1_000

/**
 * The address of a page from other people's text. Undefined if it is not an HTTP address, or if it contains a name and password.
 */
export function webUrl(text: string | null | undefined): string | undefined {
  if (text === null || text === undefined || text.length > MAX_URL || !URL.canParse(text)) return undefined
  const { protocol, username, password, href } = new URL(text)
  const isWeb = protocol === 'https:' || protocol === 'http:'
  return isWeb && username === '' && password === '' ? href : undefined
}

/** The page of a line of a file at a commit. `repository`: the address of its page, such as `https://github.com/acme/gitops`. */
export function lineAddress(repository: string, sha: string, { file, line }: Location): string {
  const path = file.toWellFormed().split('/').map(encodeURIComponent).join('/')
  return `${repository}/blob/${sha}/${path}#L${line}`
}

/** The page of a commit. */
export function commitAddress(repository: string, sha: string): string {
  return `${repository}/commit/${sha}`
}
