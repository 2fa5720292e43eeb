/**
 * Serves pages on the loopback interface that show the repository of the GitHub in a box the way that GitHub would. People act
 * there as Alice or Bob, through the same interface as the demo itself.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import { html, type Html } from '../../../core/message/page/html.ts'
import type { GitHubBox } from '../../../sandbox/github.ts'
import type { RolloutMoment } from './chart.ts'
import { commitPage, filePage } from './commit-page.ts'
import { findIssue, issuePage, ticked } from './issue-page.ts'
import { PEOPLE, pullPage } from './pull-page.ts'
import { repositoryPage } from './repository-page.ts'

export interface DemoPages {
  readonly url: string
  close(): Promise<void>
}

interface Scene {
  readonly box: GitHubBox
  readonly samples: () => readonly RolloutMoment[]
  readonly host: string
}

const SNIFFING = { 'x-content-type-options': 'nosniff' }

const MAX_FORM = 70_000

/**
 * Comments contain HTML, and Mermaid uses inline styles. Scripts may come only from this server, so no script in a comment runs.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const require = createRequire(import.meta.url)

/** The other files that a page needs, by their path. */
const ASSETS: Readonly<Record<string, { readonly file: string | URL; readonly type: string }>> = {
  '/browser.js': { file: new URL('browser.js', import.meta.url), type: 'text/javascript' },
  '/style.css': { file: new URL('style.css', import.meta.url), type: 'text/css' },
  '/markdown.css': { file: require.resolve('github-markdown-css/github-markdown.css'), type: 'text/css' },
  '/mermaid.js': { file: require.resolve('@mermaid-js/tiny'), type: 'text/javascript' },
}

/** Listens on a free port of the loopback interface. */
export async function startPages(box: GitHubBox, samples: () => readonly RolloutMoment[]): Promise<DemoPages> {
  const server = createServer((request, response) => {
    answer({ box, samples, host: new URL(url).host }, request, response).catch((error: unknown) => {
      send(response, 400, page('Not possible', html`<p>${error instanceof Error ? error.message : String(error)}</p>`))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`
  return {
    url,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(scene: Scene, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Another site can resolve its own name to this machine, or send a form. Such requests have another host or origin.
  const isOurs = request.headers.host === scene.host
  const isForm = request.method === 'POST'
  if (!isOurs || (isForm && request.headers.origin !== `http://${scene.host}`)) {
    return send(response, 403, page('Refused', html`<p>Open the address that the demo printed.</p>`))
  }
  const url = new URL(request.url ?? '/', `http://${scene.host}`)
  const asset = ASSETS[url.pathname]
  if (asset !== undefined) {
    const bytes = readFileSync(asset.file)
    response.writeHead(200, { 'content-type': asset.type, 'cache-control': 'max-age=3600', ...SNIFFING })
    response.end(bytes)
    return
  }
  if (isForm) {
    const back = act(scene.box, url.pathname, new URLSearchParams(await bodyOf(request)))
    response.writeHead(303, { location: back }).end()
    return
  }
  const shown = show(scene, url)
  send(response, shown === undefined ? 404 : 200, page('acme/gitops', shown ?? html`<p>There is no such page.</p>`))
}

function show({ box, samples }: Scene, url: URL): Html | undefined {
  const [, kind = '', id = ''] = url.pathname.split('/')
  switch (kind) {
    case '':
      return repositoryPage(box, samples())
    case 'pull':
      return pullPage(box, Number(id))
    case 'issue':
      return issuePage(box, Number(id))
    case 'commit':
      return commitPage(box, id)
    case 'file':
      return filePage(box, url.searchParams.get('at') ?? 'main', url.searchParams.get('path') ?? '')
    default:
      return undefined
  }
}

/** Does what a form asks for, and returns the address to go back to. If the box refuses, throws with GitHub's message. */
function act(box: GitHubBox, path: string, form: URLSearchParams): string {
  const [, , id = '', what] = path.split('/')
  const number = Number(id)
  const person = box.person(PEOPLE.find((login) => login === form.get('as')) ?? PEOPLE[0])
  if (what === 'tick') {
    const body = findIssue(box, number)?.body ?? ''
    person.editIssue(number, ticked(body, Number(form.get('box'))))
    return `/issue/${String(number)}`
  }
  const asked = (what === 'act' ? form.get('do') : what) ?? ''
  switch (asked) {
    case 'comment':
      person.comment(number, form.get('body') ?? '')
      break
    case 'press':
      person.pressButton(Number(form.get('run')), form.get('button') ?? '')
      break
    case 'approve':
      person.review(number, 'APPROVE')
      break
    case 'merge':
      person.merge(number, { method: 'squash' })
      break
    case 'close':
      person.close(number)
      break
    default:
      throw new Error('There is no such form.')
  }
  return `/pull/${String(number)}`
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > MAX_FORM) throw new Error('The comment is longer than GitHub takes.')
  }
  return text
}

function page(title: string, body: Html): string {
  const shown = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="/markdown.css" />
        <link rel="stylesheet" href="/style.css" />
        <script src="/mermaid.js" defer></script>
        <script src="/browser.js" type="module"></script>
      </head>
      <body>
        <nav><a href="/">acme/gitops</a> <span class="dim">GitHub in a box, on this machine only</span></nav>
        <main>${body}</main>
      </body>
    </html>`
  return shown.html.trimStart()
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
    ...SNIFFING,
  })
  response.end(body)
}
