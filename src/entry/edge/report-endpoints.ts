import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { readArgoCdReport } from '../../core/report/argocd.ts'
import { readFluxEvent } from '../../core/report/flux.ts'
import { MAX_SKEW_MS, type Report, type ReportRead } from '../../core/report/report.ts'
import type { Log } from '../../ports/log.ts'
import {
  type Answer,
  answerStored,
  isSigned,
  parseObject,
  readBody,
  refuse,
  refuseBody,
  type ServerState,
} from './http.ts'
import { isSameKey, reportKey } from './report-key.ts'

/** The endpoints for reports that clusters send directly, and not through GitHub. */
export interface ReportOptions {
  /** The secret from which each repository's key is derived. */
  readonly secret: string
  /** Resolves when the report is on disk. */
  readonly accept: (told: ReceivedReport) => Promise<void>
  readonly now: () => number
}

export interface ReceivedReport {
  /** The same for repetitions of the same request. */
  readonly id: string
  readonly owner: string
  readonly repo: string
  readonly report: Report
  /** Epoch milliseconds. */
  readonly receivedAt: number
}

type Kind = 'flux' | 'argocd'

interface ReportPlace {
  readonly kind: Kind
  readonly owner: string
  readonly repo: string
}

/** Flux's longest message has 39,000 characters; the rest of an event is small. */
const MAX_REPORT_BYTES = 256 * 1024

const READERS: Readonly<Record<Kind, (body: unknown) => ReportRead>> = { flux: readFluxEvent, argocd: readArgoCdReport }

/** The repository in a path; undefined if the path is not one of ours. */
export function placeIn(path: string): ReportPlace | undefined {
  const [, kind, owner = '', repo = ''] =
    /^\/api\/reports\/(flux|argocd)\/([\w-]{1,100})\/((?!\.+$)[\w.-]{1,100})$/.exec(path) ?? []
  return kind === 'flux' || kind === 'argocd' ? { kind, owner, repo } : undefined
}

/** The cheapest checks come first, and the sender is checked before the content. */
export async function takeReport(
  options: ReportOptions & { readonly log: Log; readonly shared: ServerState },
  place: ReportPlace,
  request: IncomingMessage,
): Promise<Answer> {
  const { log, now } = options
  const { kind, owner, repo } = place
  const repository = `${owner}/${repo}`
  const key = reportKey(options.secret, repository)
  const refused = refuseBody(request.headers, MAX_REPORT_BYTES) ?? refuseToken(kind, request.headers, key)
  if (refused !== undefined) return refused.refusal
  const body = await readBody(options.shared, request, MAX_REPORT_BYTES)
  if ('refusal' in body) return body.refusal
  if (kind === 'flux' && !isSigned(body.bytes, signatureIn(request.headers), [key])) {
    log.warn({ repository }, `A report has a wrong signature. Is the Secret's token what perch report-key prints?`)
    return { status: 401, body: 'signature does not match' }
  }
  const payload = parseObject(body.bytes)
  if (payload === undefined) return { status: 400, body: 'not a JSON object' }
  const read = READERS[kind](payload)
  if (read.code === 'malformed') return { status: 400, body: `not what ${kind} sends: ${read.what}` }
  if (read.code === 'ignored') return { status: 202, body: { ignored: read.why } }
  const receivedAt = now()
  if (Math.abs(read.report.at - receivedAt) > MAX_SKEW_MS)
    return { status: 400, body: skewWords(read.report, receivedAt) }
  const id = createHash('sha256').update(`${kind} ${repository.toLowerCase()}\n`).update(body.bytes).digest('hex')
  return answerStored(() => options.accept({ id, owner, repo, report: read.report, receivedAt }), {
    id,
    log,
    facts: { repository, report: read.report.name },
    words: 'A report could not be stored; the cluster has to send it again.',
  })
}

/**
 * Argo CD cannot sign, so it sends the key itself, which is checked before the body is read. Flux must at least send the
 * signature header.
 */
function refuseToken(kind: Kind, headers: IncomingHttpHeaders, key: string): ReturnType<typeof refuse> | undefined {
  if (kind === 'flux')
    return signatureIn(headers).length > 0 ? undefined : refuse(401, 'X-Signature is missing or malformed')
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
  if (token === undefined) return refuse(401, 'Authorization is missing; send Bearer and the key')
  return isSameKey(token, key) ? undefined : refuse(401, 'the key does not match')
}

/** Empty if there is none. */
function signatureIn(headers: IncomingHttpHeaders): Buffer {
  const hex = /^sha256=([\da-f]{64})$/i.exec(String(headers['x-signature'] ?? ''))?.[1]
  return Buffer.from(hex ?? '', 'hex')
}

function skewWords({ at }: Report, receivedAt: number): string {
  const [theirs, ours] = [at, receivedAt].map((ms) => new Date(ms).toISOString())
  return `the report is of ${theirs}, and it is ${ours} here: more than an hour apart. Set the clock that is off; what is older is not taken.`
}
