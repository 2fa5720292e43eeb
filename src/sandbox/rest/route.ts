/** The definition of a REST route: who may call it, and its answer. */
import type * as z from 'zod'
import { api } from '../payload/links.ts'
import { invalidRequest, notByIntegration, notFound, readOnly, Refusal } from '../state/refusal.ts'
import type { Actor, App, InstallationToken, Repository, Role } from '../state/types.ts'
import { findMoved, followRename, isAtLeast, roleOf, type World } from '../state/world.ts'
import { permissionsOf, permits, reaches, type Need } from '../wire/auth.ts'
import type { Limits } from '../wire/limits.ts'
import type { Webhooks } from '../wire/webhooks.ts'

export interface Call {
  readonly world: World
  readonly actor: Actor
  readonly limits: Limits
  readonly webhooks: Webhooks
  readonly params: Readonly<Record<string, string>>
  /** Below `/api/v3`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: unknown
  /** Unknown fields in the body are recorded here. */
  readonly ignored: string[]
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Route {
  readonly method: string
  /** GitHub's own template, such as `/repos/{owner}/{repo}/pulls`. `{+ref}` also matches slashes. */
  readonly path: string
  readonly needs: readonly Need[]
  readonly run: (call: Call) => Answer
}

/** A route for requests that the App itself signs. */
export function appRoute(name: string, handle: (call: Call, app: App) => Answer): Route {
  return route(name, [], (call) => {
    if (call.actor.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded')
    return handle(call, call.actor.app)
  })
}

/** A route for installation tokens. */
export function installationRoute(name: string, handle: (call: Call, token: InstallationToken) => Answer): Route {
  return route(name, [], (call) => {
    if (call.actor.kind !== 'installation') {
      throw new Refusal(
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      )
    }
    return handle(call, call.actor.token)
  })
}

export function openRoute(name: string, handle: (call: Call) => Answer): Route {
  return route(name, [], handle)
}

export interface Access {
  /** One of these permissions is enough for an App. */
  readonly needs: readonly Need[]
  /** The lowest role for a person. Default: read for GET, otherwise write. */
  readonly role?: Role
}

/** A route in a repository. */
export function repoRoute(name: string, access: Access, handle: (call: Call, repo: Repository) => Answer): Route {
  return route(name, access.needs, (call) => {
    const fullName = `${call.params['owner'] ?? ''}/${call.params['repo'] ?? ''}`
    const repo = followRename(call.world, fullName)
    if (repo === undefined) throw notFound()
    const isRead = name.startsWith('GET ')
    checkAccess(call.actor, repo, { isRead, needs: access.needs, role: access.role ?? (isRead ? 'read' : 'write') })
    if (findMoved(call.world, fullName) !== undefined) return redirect(call, { repo, isRead })
    if (repo.archived && !isRead) throw readOnly()
    return handle(call, repo)
  })
}

/**
 * Redirects to the repository by its number, which does not change with a rename: 301 if the client may repeat the request with
 * GET, and 307 if it has to send the same request again.
 * https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
 */
export function redirect(
  { world, path, query }: Call,
  { repo, isRead }: { readonly repo: Repository; readonly isRead: boolean },
): Answer {
  const rest = path.replace(/^\/repos\/[^/]+\/[^/]+/, '')
  const search = query.size === 0 ? '' : `?${query.toString()}`
  const url = api(world, `/repositories/${repo.id}${rest}${search}`)
  const documentation_url = 'https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects'
  return {
    status: isRead ? 301 : 307,
    headers: { location: url },
    body: { message: 'Moved Permanently', url, documentation_url },
  }
}

interface AccessCheck {
  readonly isRead: boolean
  readonly needs: readonly Need[]
  readonly role: Role
}

function checkAccess(actor: Actor, repo: Repository, asked: AccessCheck): void {
  switch (actor.kind) {
    case 'anonymous':
      if (repo.isPrivate) throw notFound()
      if (!asked.isRead || asked.role !== 'read') throw new Refusal(401, 'Requires authentication')
      return
    case 'app':
      throw repo.isPrivate ? notFound() : notByIntegration()
    case 'installation':
      checkToken(actor.token, repo, asked)
      return
    case 'person':
      checkRole(roleOf(repo, actor.account), asked)
  }
}

function checkToken(token: InstallationToken, repo: Repository, asked: AccessCheck): void {
  const isInReach = reaches(token, repo)
  if (!isInReach && repo.isPrivate) throw notFound()
  const isPublicRead = asked.isRead && !repo.isPrivate
  if (!isPublicRead && !(isInReach && permits(permissionsOf(token), asked.needs))) throw notByIntegration()
}

/** For people who cannot read it, a private repository does not exist. */
function checkRole(role: Role, asked: AccessCheck): void {
  if (role === 'none') throw notFound()
  if (!isAtLeast(role, asked.role)) throw new Refusal(403, 'Must have push access to repository')
}

function route(name: string, needs: readonly Need[], run: (call: Call) => Answer): Route {
  const [method = '', path = ''] = name.split(' ')
  return { method, path, needs, run }
}

/** Parses the body with a schema. An invalid body is refused with GitHub's messages. */
export function bodyOf<T extends z.ZodObject>(call: Call, schema: T): z.infer<T> {
  const parsed = schema.safeParse(call.body ?? {}, { reportInput: true })
  if (!parsed.success) throw invalidRequest(parsed.error.issues.map(wordsOf))
  const known = Object.keys(schema.shape)
  call.ignored.push(...Object.keys(call.body ?? {}).filter((key) => !known.includes(key)))
  return parsed.data
}

function wordsOf(issue: z.core.$ZodIssue): string {
  const at = issue.path.map(String)
  const supplied = issue.input
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `"${key}" is not a permitted key.`).join('\n')
  if (supplied === undefined) return `"${at.at(-1) ?? ''}" wasn't supplied.`
  if (issue.code === 'too_big') return tooBig(Number(issue.maximum), supplied)
  return `For 'properties/${at.join('/')}', ${wrong(issue, supplied)}`
}

function tooBig(maximum: number, supplied: unknown): string {
  const count = String(Array.isArray(supplied) ? supplied.length : String(supplied).length)
  return Array.isArray(supplied)
    ? `No more than ${String(maximum)} items are allowed; ${count} were supplied.`
    : `Only ${String(maximum)} characters are allowed; ${count} were supplied.`
}

function wrong(issue: z.core.$ZodIssue, supplied: unknown): string {
  const value = JSON.stringify(supplied)
  if (issue.code === 'invalid_value') return `${value} is not a member of ${JSON.stringify(issue.values)}.`
  return issue.code === 'invalid_type' ? `${value} is not a ${issue.expected}.` : `${value} is not valid.`
}

/** A whole number from the path. Any other path does not exist. */
export function idOf(call: Call, name: string): number {
  const value = call.params[name] ?? ''
  if (!/^\d{1,15}$/.test(value)) throw notFound()
  return Number(value)
}

/** The entry with a number, or a refusal with 404. */
export function find<T>(entries: ReadonlyMap<number, T>, id: number): T {
  const entry = entries.get(id)
  if (entry === undefined) throw notFound()
  return entry
}
