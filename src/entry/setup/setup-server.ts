import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { explainSetup, type SetupProblem } from '../../core/message/command-line/setup-words.ts'
import { setupDonePage, setupFailedPage, setupPage, type SetupForm } from '../../core/message/page/setup-page.ts'
import { type Answer, listen, methodNotAllowed, send } from '../edge/http.ts'
import { pageAnswer } from '../edge/page-answer.ts'
import { isSameKey } from '../edge/report-key.ts'
import type { RegisteredApp } from './exchange-code.ts'

/** The result for a code: the App with its stored credentials, or the reason of the failure. */
export type Registration =
  | { readonly ok: true; readonly app: RegisteredApp; readonly file: string }
  | { readonly ok: false; readonly problem: SetupProblem; readonly canTryAgain: boolean }

export interface SetupOptions {
  /** 0 chooses a free port. */
  readonly port: number
  /** Builds the page's form. `state`: the value that GitHub must return; `redirectUrl`: where GitHub sends the browser. */
  readonly form: (state: string, redirectUrl: string) => SetupForm
  readonly register: (code: string) => Promise<Registration>
}

export interface SetupServer {
  /** The address of the first page. Nobody can open the page or learn the state without it. */
  readonly address: string
  /** Resolves with the first final result. */
  readonly end: Promise<Registration>
  close(): Promise<void>
}

/**
 * Serves the local page from which the App is registered. It is reachable only from this machine, and works for one registration.
 */
export async function startSetupServer(options: SetupOptions): Promise<SetupServer> {
  const key = randomBytes(24).toString('base64url')
  const state = randomBytes(24).toString('base64url')
  const end = Promise.withResolvers<Registration>()
  const server = createServer((request, response) => {
    respond(visit, request)
      .catch((): Answer => ({ status: 500, body: 'error' }))
      .then((answer) => send(response, answer, true))
      .catch(() => response.destroy())
  })
  const port = await listen(server, { host: '127.0.0.1', port: options.port })
  const visit: Visit = { options, port, key, state, settle: end.resolve, isTaken: false }
  return {
    address: `http://127.0.0.1:${port}/${key}`,
    end: end.promise,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
    },
  }
}

interface Visit {
  readonly options: SetupOptions
  readonly port: number
  readonly key: string
  readonly state: string
  readonly settle: (end: Registration) => void
  /** Whether a code is being exchanged, or has been. */
  isTaken: boolean
}

async function respond(visit: Visit, { method, url, headers }: IncomingMessage): Promise<Answer> {
  // With any other host name, someone else's page could make the browser read ours (DNS rebinding).
  const own = [`127.0.0.1:${visit.port}`, `localhost:${visit.port}`]
  if (!own.includes(headers.host ?? '')) return { status: 421, body: 'not for this host' }
  if (method !== 'GET') return methodNotAllowed('GET')
  const { pathname, searchParams } = new URL(url ?? '/', `http://127.0.0.1:${visit.port}`)
  if (isSameKey(pathname, `/${visit.key}`)) return firstPage(visit)
  if (pathname === '/registered') return registered(visit, searchParams)
  return { status: 404, body: 'not found' }
}

function firstPage({ options, port, state }: Visit): Answer {
  const form = options.form(state, `http://127.0.0.1:${port}/registered`)
  return pageAnswer(setupPage(form), { formTo: new URL(form.action).origin })
}

async function registered(visit: Visit, given: URLSearchParams): Promise<Answer> {
  if (!isSameKey(given.get('state') ?? '', visit.state)) return failed(403, { code: 'wrong-state' })
  const code = given.get('code') ?? ''
  if (!/^[\w-]{1,200}$/.test(code)) return failed(400, { code: 'no-code' })
  if (visit.isTaken) return failed(409, { code: 'in-progress' })
  visit.isTaken = true
  const end = await visit.options.register(code)
  if (!end.ok && end.canTryAgain) visit.isTaken = false
  else visit.settle(end)
  return end.ok ? pageAnswer(setupDonePage(end.app, end.file)) : failed(502, end.problem)
}

function failed(status: number, problem: SetupProblem): Answer {
  return pageAnswer(setupFailedPage(explainSetup(problem)), { status })
}
