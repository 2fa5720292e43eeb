import { createSign } from 'node:crypto'
import { TIMEOUT_MS } from '../../adapters/github/client/client.ts'

interface App {
  readonly appId: number
  /** PEM. */
  readonly privateKey: string
}

/** GitHub tolerates less than a minute, and its `date` header has whole seconds. */
const SKEW_MS = 20_000

/**
 * Sends requests with a time limit, and with GitHub's clock: if this machine's clock is wrong, GitHub refuses the tokens that the
 * App signs for itself. Then we sign a new one for the time in GitHub's answer. Octokit does so for some routes, but not for the
 * one that issues installation tokens.
 */
export function fetchByGitHubsClock(app: App): typeof fetch {
  return async (input, init) => {
    const answer = await fetchInTime(input, init)
    const headers = new Headers(init?.headers)
    const isSignedByApp = /^bearer /i.test(headers.get('authorization') ?? '')
    const theirs = Date.parse(answer.headers.get('date') ?? '')
    const isOff = Math.abs(theirs - Date.now()) > SKEW_MS
    if (answer.status !== 401 || !isSignedByApp || !isOff) return answer
    headers.set('authorization', `bearer ${signed(app, Math.floor(theirs / 1000))}`)
    return fetchInTime(input, { ...init, headers })
  }
}

/** Octokit requests tokens by itself, without a time limit. */
const fetchInTime: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(TIMEOUT_MS) })

/** A JWT as in GitHub's docs: issued a little in the past, valid for less than ten minutes. */
function signed({ appId, privateKey }: App, now: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iat: now - 30, exp: now + 540, iss: String(appId) }
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`
}
