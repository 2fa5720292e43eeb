import type { Location } from '../manifest/parse.ts'

/** Longer ones are no addresses that people open. */
const MAX_URL = 1_000

/** The address of a page, as others gave it; undefined where it is none that a browser opens by HTTP, or holds a name and password. */
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
