import { createHash } from 'node:crypto'
import { PAGE_STYLE } from '../../core/message/page/html.ts'
import type { Answer } from './http.ts'

const STYLE_HASH = createHash('sha256').update(PAGE_STYLE).digest('base64')

interface PageOptions {
  readonly status?: number
  /** The origin that the page's form may be sent to. */
  readonly formTo?: string
}

/** A page of `core/message/page` for a browser, with headers that forbid scripts, remote content and frames. */
export function pageAnswer(body: string, { status = 200, formTo = "'none'" }: PageOptions = {}): Answer {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    `form-action ${formTo}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    // Our addresses may contain a key, so other servers get only the origin.
    'referrer-policy': 'strict-origin',
    'cache-control': 'no-store',
  }
  return { status, body, headers }
}
