/**
 * One request to an API server, with limits on time and size. Does not follow redirects, because they could take the token
 * anywhere.
 */
import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import type { ApiServer } from './kubeconfig.ts'

export interface ApiRequest {
  readonly method: 'GET' | 'PATCH' | 'POST'
  /** The path and query below the server's address: `/api/v1`. */
  readonly path: string
  readonly type?: string
  readonly body?: string
}

export type ApiAnswer =
  | {
      readonly end: 'answered'
      readonly code: number
      /** Empty if the status code is enough, or if the answer is too long. */
      readonly body: string
      /** The texts of the `Warning` headers. */
      readonly warnings: readonly string[]
    }
  /** `detail`: the error's code, without a name or an address. */
  | { readonly end: 'lost'; readonly code: 'unreachable' | 'timed-out'; readonly detail: string }

/** Lists of kinds have up to 100 KiB. A longer answer is dropped. */
const MAX_BYTES = 2 * 1024 * 1024

export function askServer(
  { url, token, tls }: ApiServer,
  { method, path, type, body }: ApiRequest,
  { agent, signal }: { readonly agent: Agent; readonly signal: AbortSignal },
): Promise<ApiAnswer> {
  const { ca, cert, key, servername } = tls
  return new Promise((resolve) => {
    const lost = (error: unknown): void =>
      resolve({ end: 'lost', code: signal.aborted ? 'timed-out' : 'unreachable', detail: codeOf(error) })
    try {
      const sent = request({
        agent,
        signal,
        method,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port === '' ? 443 : Number(url.port),
        path: `${url.pathname.replace(/\/$/, '')}${path}`,
        headers: {
          accept: 'application/json',
          'user-agent': 'perch-dry-run',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(servername === undefined ? {} : { servername }),
        rejectUnauthorized: true,
      })
      sent.once('response', (response) => {
        readUpTo(response, MAX_BYTES).then(
          (text) =>
            resolve({ end: 'answered', code: response.statusCode ?? 0, body: text, warnings: warningsIn(response) }),
          lost,
        )
      })
      sent.once('error', lost)
      sent.end(body)
    } catch (error) {
      lost(error)
    }
  })
}

async function readUpTo(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    // Leaving the loop closes the connection.
    if (size > maxBytes) return ''
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Parses `299 - "text"`. Quotes in the text are escaped (RFC 7234, 5.5), and one header may contain several warnings. */
function warningsIn({ headersDistinct }: IncomingMessage): readonly string[] {
  return (headersDistinct['warning'] ?? []).flatMap((header) =>
    [...header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replaceAll(/\\(.)/g, '$1')),
  )
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : ''
}
