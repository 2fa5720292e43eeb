import { createSign } from 'node:crypto'
import { TIMEOUT_MS } from '../../adapters/github/client/client.ts'

interface App {
  readonly appId: number
  /** PEM. */
  readonly privateKey: string
}

/** GitHub allows for less than a minute; its `date` has whole seconds. */
const SKEW_MS = 20_000

/**
 * Asks GitHub in time, and by GitHub's clock: where this machine's clock is off, GitHub refuses the tokens that the App
 * signs for itself. Then one is signed for the moment that GitHub's answer names. Octokit does so for some routes, and not
 * for the one that gives installation tokens.
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

/** Octokit asks for tokens by itself, and gives that request no time limit. */
const fetchInTime: typeof fetch = (input, init) =>
  fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(TIMEOUT_MS) })

/** A JWT as GitHub's docs describe it: issued a little in the past, good for less than ten minutes. */
function signed({ appId, privateKey }: App, now: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iat: now - 30, exp: now + 540, iss: String(appId) }
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey, 'base64url')}`
}
