/** One POST of a form, with limits on time and size. Does not follow redirects, because they could take the token anywhere. */
export interface Request {
  readonly url: string
  readonly authorization: string | undefined
  readonly form: URLSearchParams
  readonly timeoutMs: number
  readonly maxBytes: number
}

export type HttpAnswer =
  | {
      readonly end: 'answered'
      readonly status: number
      readonly body: string
      /** The server's `Date` header, epoch milliseconds. */
      readonly clock: number | undefined
    }
  | { readonly end: 'lost'; readonly code: 'unreachable' | 'timed-out'; readonly detail: string }
  | { readonly end: 'too-large' }

export async function post({ url, authorization, form, timeoutMs, maxBytes }: Request): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: form,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(authorization === undefined ? {} : { authorization }),
      },
      redirect: 'manual',
      signal,
    })
    const body = await readUpTo(response, maxBytes)
    if (body === undefined) return { end: 'too-large' }
    return { end: 'answered', status: response.status, body, clock: clockOf(response) }
  } catch (error) {
    if (signal.aborted) return { end: 'lost', code: 'timed-out', detail: `no answer in ${timeoutMs / 1_000} s` }
    return { end: 'lost', code: 'unreachable', detail: codeOf(error) }
  }
}

async function readUpTo(response: Response, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    // Leaving the loop cancels the stream, which closes the connection.
    if (size > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function clockOf({ headers }: Response): number | undefined {
  const time = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(time) ? undefined : time
}

/** The error code of a failed connection, without its address: `ECONNREFUSED`. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : 'the connection failed'
}
