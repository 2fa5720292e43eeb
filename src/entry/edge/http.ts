import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../ports/log.ts'
import { isRecord } from '../../core/manifest/data.ts'

/** What all endpoints of the edge share: reading a request within limits, checking its sender, and answering. */

/** Begins to listen, and resolves to the port. Port 0 chooses a free one. */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

export interface Answer {
  readonly status: number
  readonly body: string | object
  readonly headers?: Readonly<Record<string, string>>
}

/** The limit for all bodies together. Many large unsigned bodies must not use up the memory of the worker in this process. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024
/** GitHub waits 10 s for an answer. We report a failure before that, so that GitHub's log shows it too. */
const ACCEPT_MS = 8_000

export interface ServerState {
  bufferedBytes: number
  /** The requests whose bodies are being read, with the number of bytes received so far. */
  readonly reading: Map<IncomingMessage, number>
  isClosing: boolean
}

export interface HttpRefusal {
  readonly refusal: Answer
}

/** Stops at the limit, whatever Content-Length says. */
export async function readBody(
  shared: ServerState,
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer } | HttpRefusal> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('The request has an encoding.')
      chunks.push(chunk)
      length += chunk.length
      shared.bufferedBytes += chunk.length
      shared.reading.set(request, length)
      if (length > maxBytes) return tooLarge(maxBytes)
      if (shared.bufferedBytes > MAX_BUFFERED_BYTES && makeRoom(shared, request)) return refuse(503, 'try again later')
    }
    return { bytes: Buffer.concat(chunks, length) }
  } finally {
    shared.bufferedBytes -= length
    shared.reading.delete(request)
  }
}

/**
 * Cuts off the request that has sent most, and returns whether that is this one. So many large, slow requests cannot block a
 * small delivery from GitHub.
 */
function makeRoom({ reading }: ServerState, request: IncomingMessage): boolean {
  const [largest] = [...reading].reduce(
    (most, one) => (one[1] > most[1] ? one : most),
    [request, reading.get(request) ?? 0],
  )
  if (largest === request) return true
  largest.destroy()
  return false
}

/** What is wrong with the headers of a request, before the body is read; undefined if nothing is. */
export function refuseBody(headers: IncomingHttpHeaders, maxBytes: number): HttpRefusal | undefined {
  if (!/^application\/json *(;.*)?$/i.test(headers['content-type'] ?? ''))
    return refuse(415, 'send application/json; set it as the content type of the webhook')
  if ((headers['content-encoding'] ?? '') !== '') return refuse(415, 'send the body without a content encoding')
  return Number(headers['content-length'] ?? '') > maxBytes ? tooLarge(maxBytes) : undefined
}

/** Answers 202 when the content is on disk, and 503 if it cannot be stored. Then the sender retries, or shows the failure. */
export async function answerStored(
  store: () => Promise<void>,
  what: { readonly id: string; readonly log: Log; readonly facts: object; readonly words: string },
): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      const words = `it was not stored within ${ACCEPT_MS} ms`
      timer = setTimeout(() => reject(new Error(words)), ACCEPT_MS).unref()
    })
    await Promise.race([store(), late])
    return { status: 202, body: { accepted: what.id } }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    what.log.error({ ...what.facts, reason }, what.words)
    return { status: 503, body: 'try again later', headers: { 'retry-after': '30' } }
  } finally {
    clearTimeout(timer)
  }
}

/** Waits without keeping the process alive. */
export async function pause(ms: number): Promise<void> {
  await sleep(ms, undefined, { ref: false })
}

/** Tries every secret, and compares in constant time, so that timing reveals nothing. */
export function isSigned(bytes: Buffer, signature: Buffer, secrets: readonly string[]): boolean {
  return secrets
    .map((secret) => timingSafeEqual(createHmac('sha256', secret).update(bytes).digest(), signature))
    .includes(true)
}

export function parseObject(bytes: Buffer): object | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function send(response: ServerResponse, answer: Answer, isLast: boolean): void {
  if (response.destroyed) return
  const isText = typeof answer.body === 'string'
  response.writeHead(answer.status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    // The unread rest of a body would be parsed as the next request.
    ...(isLast || !response.req.complete ? { connection: 'close' } : {}),
    ...answer.headers,
  })
  response.end(isText ? answer.body : JSON.stringify(answer.body))
}

export function refuse(status: number, body: string): HttpRefusal {
  return { refusal: { status, body } }
}

function tooLarge(maxBytes: number): HttpRefusal {
  return refuse(413, `at most ${maxBytes} bytes`)
}

export function methodNotAllowed(allow: string): Answer {
  return { status: 405, body: 'method not allowed', headers: { allow } }
}
