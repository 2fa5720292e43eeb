import type { Meter } from '../../../ports/meter.ts'
import type { Octokit } from './client.ts'

/** Counts all requests by their result, including requests for tokens. */
export function watchRequests(send: typeof fetch, meter: Meter): typeof fetch {
  return async (input, init) => {
    const api = /\/graphql(?:$|\?)/.test(String(input instanceof Request ? input.url : input)) ? 'graphql' : 'rest'
    const count = (status: string, cost = 'counted'): void =>
      meter.record('perch_github_requests_total', { api, status, cost })
    try {
      const answer = await send(input, init)
      if (answer.status === 304) count('304', 'free')
      else count(`${Math.floor(answer.status / 100)}xx`)
      return answer
    } catch (error) {
      count('none')
      throw error
    }
  }
}

/** Records the rate limit that GitHub's answers to an installation report. */
export function watchLimits(octokit: Octokit, installation: number, meter: Meter): Octokit {
  octokit.hook.after('request', ({ headers }) => recordLimit(headers, installation, meter))
  octokit.hook.error('request', (error) => {
    if ('response' in error && error.response !== undefined) recordLimit(error.response.headers, installation, meter)
    throw error
  })
  return octokit
}

function recordLimit(headers: Readonly<Record<string, unknown>>, installation: number, meter: Meter): void {
  const labels = { installation: String(installation), resource: textOf(headers['x-ratelimit-resource']) }
  // GitHub has only a few resources. A proxy's answer may name none, or anything.
  if (!/^[a-z_]{1,40}$/.test(labels.resource)) return
  const put = (name: keyof typeof HEADERS): void => {
    const value = Number(headers[HEADERS[name]] ?? Number.NaN)
    if (Number.isFinite(value)) meter.record(name, labels, value)
  }
  put('perch_github_rate_limit_remaining')
  put('perch_github_rate_limit')
  put('perch_github_rate_limit_reset_timestamp_seconds')
}

const HEADERS = {
  perch_github_rate_limit_remaining: 'x-ratelimit-remaining',
  perch_github_rate_limit: 'x-ratelimit-limit',
  perch_github_rate_limit_reset_timestamp_seconds: 'x-ratelimit-reset',
} as const

function textOf(header: unknown): string {
  return typeof header === 'string' ? header : ''
}
