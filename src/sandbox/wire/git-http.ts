/**
 * Git over HTTP: checks the client, then lets `git http-backend` (a CGI program) answer.
 * https://git-scm.com/docs/git-http-backend
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { runApart } from '../../adapters/process-sandbox/run-apart.ts'
import { attempt } from '../git/run.ts'
import { afterMove } from '../model/refs.ts'
import { rulesForHook } from '../model/rules.ts'
import { Refusal } from '../state/refusal.ts'
import type { Actor, Author, InstallationToken, Repository } from '../state/types.ts'
import { followRename, isAtLeast, roleOf, type World } from '../state/world.ts'
import { authorOf, identify, permissionsOf, permits, reaches } from './auth.ts'
import type { RequestRecord } from './log.ts'

/** The largest repository of any test is much smaller. */
const LIMITS = { timeoutMs: 300_000, maxBytes: 512 * 1024 * 1024 }

export interface GitRequest {
  readonly repoName: string
  /** `info/refs`, `git-upload-pack` or `git-receive-pack`. */
  readonly rest: string
  readonly service: 'git-upload-pack' | 'git-receive-pack'
}

/** Reads the address of a smart HTTP request. Undefined for other addresses. */
export function parseGitUrl(url: URL): GitRequest | undefined {
  const parts = /^\/([^/]+\/[^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname)
  const repoName = parts?.[1]
  const rest = parts?.[2]
  if (repoName === undefined || rest === undefined) return undefined
  const service = rest === 'info/refs' ? url.searchParams.get('service') : rest
  return service === 'git-upload-pack' || service === 'git-receive-pack' ? { repoName, rest, service } : undefined
}

export type Admission =
  | { readonly ok: true; readonly repo: Repository; readonly actor: Actor }
  | { readonly ok: false; readonly status: 401 | 403 | 404; readonly who: Actor }

/** GitHub answers 401 if signing in might help, and hides what a client may not see. */
export function admit(world: World, request: GitRequest, header: string | undefined): Admission {
  let actor: Actor = { kind: 'anonymous' }
  try {
    actor = identify(world, header)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ok: false, status: error.status === 403 ? 403 : 401, who: actor }
  }
  const repo = followRename(world, request.repoName)
  const isPush = request.service === 'git-receive-pack'
  if (actor.kind === 'anonymous' && (isPush || repo?.isPrivate !== false)) return { ok: false, status: 401, who: actor }
  if (repo === undefined) return { ok: false, status: 404, who: actor }
  // "This repository was archived so it is read-only." with status 403.
  const allowed = isPush && repo.archived ? 403 : mayUse(actor, repo, isPush)
  return allowed === 'yes' ? { ok: true, repo, actor } : { ok: false, status: allowed, who: actor }
}

function mayUse(actor: Actor, repo: Repository, isPush: boolean): 'yes' | 403 | 404 {
  // Anyone may read a public repository, whoever they sign in as.
  if (!repo.isPrivate && !isPush) return 'yes'
  if (actor.kind === 'installation') return mayToken(actor.token, repo, isPush)
  if (actor.kind !== 'person') return 403
  const role = roleOf(repo, actor.account)
  if (role === 'none') return 404
  return isAtLeast(role, isPush ? 'write' : 'read') ? 'yes' : 403
}

function mayToken(token: InstallationToken, repo: Repository, isPush: boolean): 'yes' | 403 | 404 {
  if (!reaches(token, repo)) return repo.isPrivate ? 404 : 403
  return permits(permissionsOf(token), [isPush ? 'contents:write' : 'contents:read']) ? 'yes' : 403
}

/** Every command of a git client begins with one `info/refs`, so this request counts as the fetch or push. */
export function kindOf({ rest, service }: GitRequest): RequestRecord['kind'] {
  if (rest !== 'info/refs') return 'git-other'
  return service === 'git-receive-pack' ? 'git-push' : 'git-fetch'
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  /** False: git does its work, but the client gets no answer. */
  readonly isAnswered: boolean
}

interface Run extends Exchange {
  /** The account that pushes. */
  readonly by?: Author
  readonly onPushed?: () => void
}

/** Runs the command. After a push, the model takes over what git wrote. Resolves with the HTTP status. */
export async function serveGit(
  world: World,
  admitted: { repo: Repository; actor: Actor },
  exchange: Exchange,
): Promise<number> {
  const { repo, actor } = admitted
  if (!exchange.url.pathname.endsWith('/git-receive-pack')) return run(world, repo, exchange)
  const onPushed = (): void => {
    adopt(world, repo, authorOf(actor))
  }
  const receiving = run(world, repo, { ...exchange, onPushed, by: authorOf(actor) })
  const quiet = receiving.then(
    () => undefined,
    () => undefined,
  )
  repo.receiving = quiet
  try {
    return await receiving
  } catch (error) {
    // The client has disconnected, but git may have moved a ref by then.
    onPushed()
    throw error
  } finally {
    if (repo.receiving === quiet) repo.receiving = undefined
  }
}

/** Finds out what a push has changed on disk, and applies the consequences. */
function adopt(world: World, repo: Repository, by: Author): void {
  const lines = attempt(repo.bare, ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags'])
  const now = new Map<string, string>()
  for (const line of lines.stdout.toString('utf8').split('\n').filter(Boolean))
    now.set(line.slice(41), line.slice(0, 40))
  const before = new Map([...repo.refs].filter(([ref]) => /^refs\/(heads|tags)\//.test(ref)))
  const names = new Set([...before.keys(), ...now.keys()])
  const moves = [...names].map((ref) => ({ ref, from: before.get(ref), to: now.get(ref) }))
  const changed = moves.filter(({ from, to }) => from !== to)
  for (const { ref, to } of changed) {
    if (to === undefined) repo.refs.delete(ref)
    else repo.refs.set(ref, to)
  }
  for (const move of changed) afterMove(world, { repo, by, ...move })
}

async function run(world: World, repo: Repository, exchange: Run): Promise<number> {
  const { request, response, onPushed } = exchange
  const ended = await runApart({
    command: [join(world.git.execPath, 'git-http-backend')],
    folder: '/',
    env: cgiEnv(world, repo, exchange),
    input: await buffer(request),
    ...LIMITS,
  })
  if (ended.end !== 'exited') throw new Error(`git http-backend: ${ended.end}`)
  // As on GitHub, the consequences of a push come before the client learns that it has succeeded.
  onPushed?.()
  if (!exchange.isAnswered) return 0
  const { head, body } = parted(ended.stdout)
  const status = Number(/^status: (\d+)/im.exec(head)?.[1] ?? 200)
  response.writeHead(status, headersIn(head)).end(body)
  return status
}

function cgiEnv(world: World, repo: Repository, { request, url, by }: Run): Record<string, string> {
  const service = url.pathname.split('/').slice(3).join('/')
  const optional = {
    CONTENT_TYPE: request.headers['content-type'],
    CONTENT_LENGTH: request.headers['content-length'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
  }
  const given = Object.entries(optional).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))
  return {
    ...world.git.env,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROJECT_ROOT: repo.bare.dir,
    PATH_INFO: `/${service}`,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    REMOTE_USER: 'sandbox',
    SANDBOX_RULES: by === undefined ? '' : rulesForHook(repo, by),
    REMOTE_ADDR: '127.0.0.1',
    ...(Object.fromEntries(given) as Record<string, string>),
  }
}

/** Splits CGI output into headers and body at the first empty line. */
function parted(output: Buffer): { readonly head: string; readonly body: Buffer } {
  const end = output.indexOf('\r\n\r\n')
  if (end === -1) throw new Error(`git http-backend ended without an answer: ${output.toString('utf8')}`)
  return { head: output.subarray(0, end).toString('utf8'), body: output.subarray(end + 4) }
}

function headersIn(head: string): Record<string, string> {
  const lines = head.split('\r\n').filter((line) => !/^status:/i.test(line))
  const pairs = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()])
  return Object.fromEntries(pairs) as Record<string, string>
}
