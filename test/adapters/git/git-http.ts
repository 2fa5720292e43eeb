/** A Git server for tests: `git http-backend` behind node:http, with GitHub's kind of authentication and a request log. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const TOKEN = 'ghs_0123456789abcdefTESTTOKEN'

export interface GitHttp {
  readonly url: string
  /** Requests since the last `reset`, as `GET info/refs` and `POST git-upload-pack`. */
  readonly requests: string[]
  /** How the server answers from now on. Tests may change it. */
  behaviour: 'serve' | 'hang' | 'redirect' | 'forbid'
  conversations(): number
  /** Somebody's clone, for writing. */
  readonly author: Author
  close(): Promise<void>
}

export interface Author {
  git(...args: string[]): string
  /** Commits files (undefined removes one) and pushes. Returns the commit. */
  push(
    branch: string,
    files: Record<string, string | Buffer | undefined>,
    options?: { from?: string; message?: string },
  ): string
}

export async function openGitHttp(options: { filter?: boolean } = {}): Promise<GitHttp> {
  const root = mkdtempSync(join(tmpdir(), 'perch-git-http-'))
  const bare = join(root, 'srv', 'o', 'r.git')
  git(root, 'init', '-q', '--bare', '-b', 'main', bare)
  git(bare, 'config', 'uploadpack.allowFilter', String(options.filter ?? true))
  git(bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true')
  // No garbage collection after a push, because that would start two more processes.
  git(bare, 'config', 'receive.autogc', 'false')
  const server = createServer((request, response) => handle({ root, served }, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const served: GitHttp = {
    url: `http://127.0.0.1:${port}/o/r.git`,
    requests: [],
    behaviour: 'serve',
    conversations: () => served.requests.filter((request) => request.startsWith('GET')).length,
    author: author(root, bare),
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(root, { recursive: true, force: true })
    },
  }
  return served
}

function handle(at: { root: string; served: GitHttp }, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://server')
  at.served.requests.push(`${request.method} ${url.pathname.split('.git/')[1] ?? ''}`)
  if (at.served.behaviour === 'hang') return
  if (at.served.behaviour === 'forbid') {
    response.writeHead(403).end('Write access to repository not granted.')
    return
  }
  if (at.served.behaviour === 'redirect') {
    response.writeHead(302, { location: `http://localhost:1${request.url}` }).end()
    return
  }
  const expected = `Basic ${Buffer.from(`x-access-token:${TOKEN}`).toString('base64')}`
  if (request.headers.authorization !== expected) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end()
    return
  }
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: join(at.root, 'srv'),
      GIT_HTTP_EXPORT_ALL: '1',
      REQUEST_METHOD: request.method,
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
  })
  request.pipe(backend.stdin)
  backend.stdin.on('error', () => undefined)
  relay(backend, response)
}

/** Passes on CGI output: headers, an empty line, the body. */
function relay(backend: ChildProcess, response: ServerResponse): void {
  let head: Buffer | undefined = Buffer.alloc(0)
  backend.stdout?.on('data', (chunk: Buffer) => {
    if (head === undefined) {
      response.write(chunk)
      return
    }
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ')
      if (name === 'Status') response.statusCode = Number(value.slice(0, 3))
      else response.setHeader(name, value)
    }
    response.write(head.subarray(end + 4))
    head = undefined
  })
  backend.stdout?.on('end', () => response.end())
}

export function git(cwd: string, ...args: string[]): string {
  const env = {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
}

function author(root: string, bare: string): Author {
  const work = join(root, 'work')
  git(root, 'init', '-q', '-b', 'main', work)
  git(work, 'config', 'remote.origin.url', bare)
  git(work, 'config', 'maintenance.auto', 'false')
  return {
    git: (...args) => git(work, ...args),
    push(branch, files, options = {}) {
      if (options.from !== undefined) git(work, 'checkout', '-q', '-B', branch, options.from)
      for (const [path, content] of Object.entries(files)) {
        const file = join(work, path)
        mkdirSync(dirname(file), { recursive: true })
        if (content === undefined) rmSync(file)
        else writeFileSync(file, content)
      }
      git(work, 'add', '-A')
      git(work, 'commit', '-q', '--allow-empty', '-m', options.message ?? `change ${branch}`)
      git(work, 'push', '-q', '--force', bare, `HEAD:${branch.startsWith('refs/') ? branch : `refs/heads/${branch}`}`)
      return git(work, 'rev-parse', 'HEAD')
    },
  }
}
