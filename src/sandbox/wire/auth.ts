/** Authentication. https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app */
import { verify } from 'node:crypto'
import { badCredentials, Refusal } from '../state/refusal.ts'
import type { Account, Actor, App, Author, InstallationToken, Permissions, Repository } from '../state/types.ts'
import { covers, secret, type World } from '../state/world.ts'

const ANONYMOUS: Actor = { kind: 'anonymous' }
const HOUR = 3_600_000
/** The difference between clocks that GitHub tolerates. */
const LEEWAY_SECONDS = 60
const MAX_JWT_SECONDS = 600

/** Reads an Authorization header: Bearer or token for the API, Basic for git. */
export function identify(world: World, header: string | undefined): Actor {
  if (header === undefined || header === '') return ANONYMOUS
  const [scheme = '', value = ''] = header.split(' ')
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'token':
      return value.split('.').length === 3 ? appBehind(world, value) : tokenHolder(world, value)
    case 'basic': {
      const [user, password] = splitOnce(Buffer.from(value, 'base64').toString('utf8'))
      // Git clients use both `x-access-token:<token>` and `<token>:`.
      return tokenHolder(world, password === '' || password === 'x-oauth-basic' ? user : password)
    }
    default:
      throw badCredentials()
  }
}

function splitOnce(pair: string): [string, string] {
  const colon = pair.indexOf(':')
  return colon === -1 ? [pair, ''] : [pair.slice(0, colon), pair.slice(colon + 1)]
}

function tokenHolder(world: World, value: string): Actor {
  const token = world.tokens.get(value)
  if (token !== undefined) return installationActor(world, token)
  const account = [...world.accounts.values()].find((one) => one.token !== undefined && one.token === value)
  if (account === undefined) throw badCredentials()
  return { kind: 'person', account }
}

function installationActor(world: World, token: InstallationToken): Actor {
  const { installation } = token
  if (token.expiresAt <= world.now() || !world.installations.has(installation.id)) throw badCredentials()
  if (installation.suspended !== undefined) throw new Refusal(403, 'This installation has been suspended')
  return { kind: 'installation', account: installation.app.bot, app: installation.app, token }
}

interface Claims {
  readonly iss?: unknown
  readonly iat?: unknown
  readonly exp?: unknown
}

function appBehind(world: World, jwt: string): Actor {
  const [head = '', body = '', signature = ''] = jwt.split('.')
  const header = decode(head) as { alg?: unknown }
  const claims = decode(body) as Claims
  const app = world.apps.find((one) => String(one.id) === String(claims.iss) || one.clientId === claims.iss)
  if (header.alg !== 'RS256') throw undecodable()
  if (app === undefined) throw new Refusal(404, 'Integration not found')
  const signed = Buffer.from(`${head}.${body}`)
  if (!verify('sha256', signed, app.publicKey, Buffer.from(signature, 'base64url'))) throw undecodable()
  checkTimes(world, claims)
  return { kind: 'app', app }
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    throw undecodable()
  }
}

function undecodable(): Refusal {
  return new Refusal(401, 'A JSON web token could not be decoded')
}

/** "The expiration time of the JWT … must be no more than 10 minutes into the future." */
function checkTimes(world: World, { iat, exp }: Claims): void {
  const now = Math.floor(world.now() / 1000)
  if (typeof iat !== 'number' || iat > now + LEEWAY_SECONDS) {
    const rule = 'must be an Integer representing the time that the assertion was issued'
    throw new Refusal(401, `'Issued at' claim ('iat') ${rule}`)
  }
  if (typeof exp !== 'number' || exp <= now - LEEWAY_SECONDS) {
    const rule = 'must be a numeric value representing the future time at which the assertion expires'
    throw new Refusal(401, `'Expiration time' claim ('exp') ${rule}`)
  }
  if (exp > now + MAX_JWT_SECONDS + LEEWAY_SECONDS) {
    throw new Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
  }
}

/** Creates a token, which is valid for one hour. */
export function mintToken(
  world: World,
  draft: Pick<InstallationToken, 'installation' | 'repositories' | 'permissions'>,
): InstallationToken {
  const token: InstallationToken = { ...draft, token: secret('ghs_'), expiresAt: world.now() + HOUR }
  world.tokens.set(token.token, token)
  return token
}

/** Whether an App's token gives access to a repository. */
export function reaches(token: InstallationToken, repo: Repository): boolean {
  return covers(token.installation, repo) && (token.repositories?.has(repo.id) ?? true)
}

/** For example `contents:write`. */
export type Need = `${string}:${'read' | 'write'}`

/** The permissions of a token: at most those it was created with, and at most those that the installation has now. */
export function permissionsOf({ permissions, installation }: InstallationToken): Permissions {
  const now = installation.permissions
  const kept = Object.entries(permissions).flatMap(([name, level]) => {
    const held = now[name]
    if (held === undefined) return []
    return [[name, held === 'read' ? held : level] as const]
  })
  return Object.fromEntries(kept)
}

/** One of the needed permissions is enough. */
export function permits(permissions: Permissions, needs: readonly Need[]): boolean {
  return needs.some((need) => {
    const [name = '', level] = need.split(':')
    const held = permissions[name]
    return held !== undefined && (level === 'read' || held !== 'read')
  })
}

/** The author of what an actor does. */
export function authorOf(actor: Actor): Author {
  if (actor.kind === 'installation') return { account: actor.account, app: actor.app }
  if (actor.kind === 'person') return { account: actor.account }
  throw new Refusal(401, 'Requires authentication')
}

export function nameOf(actor: Actor): string {
  if (actor.kind === 'anonymous') return 'anonymous'
  return actor.kind === 'app' ? `app ${actor.app.slug}` : loginOf(actor)
}

function loginOf(actor: { account: Account } | { app: App }): string {
  return 'account' in actor ? actor.account.login : actor.app.bot.login
}
