import * as z from 'zod'
import type { SetupProblem } from '../../core/message/command-line/setup-words.ts'

const Credentials = z.object({
  id: z.number().int().positive(),
  name: z.string(),
  html_url: z.url({ protocol: /^https?$/ }),
  pem: z.string().includes('PRIVATE KEY'),
  webhook_secret: z.string().regex(/^[\w-]{20,}$/),
})

export interface RegisteredApp {
  readonly id: number
  readonly name: string
  readonly pem: string
  readonly webhookSecret: string
  readonly installUrl: string
  readonly pageUrl: string
}

export type Exchange =
  | { readonly ok: true; readonly app: RegisteredApp }
  | { readonly ok: false; readonly problem: SetupProblem; readonly canTryAgain: boolean }

/** Exchanges the code in GitHub's redirect for the App's credentials. GitHub issues them only once. */
export async function exchangeCode(apiUrl: string, code: string): Promise<Exchange> {
  const { host } = new URL(apiUrl)
  const answer = await fetch(`${apiUrl}/app-manifests/${encodeURIComponent(code)}/conversions`, {
    method: 'POST',
    headers: { accept: 'application/vnd.github+json', 'user-agent': 'perch-setup' },
    redirect: 'error',
    signal: AbortSignal.timeout(30_000),
  }).catch(() => undefined)
  if (answer === undefined || answer.status >= 500 || answer.status === 429)
    return { ok: false, problem: { code: 'unreachable', host }, canTryAgain: true }
  if (answer.status !== 201)
    return { ok: false, problem: { code: 'unknown-code', status: answer.status }, canTryAgain: false }
  const read = Credentials.safeParse(await answer.json().catch(() => undefined))
  if (!read.success) return { ok: false, problem: { code: 'not-understood', host }, canTryAgain: false }
  const { id, name, pem, html_url: url, webhook_secret: webhookSecret } = read.data
  const installUrl = `${url}/installations/new`
  return { ok: true, app: { id, name, pem, webhookSecret, installUrl, pageUrl: url } }
}
