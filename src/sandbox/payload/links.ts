/** Addresses and ids in GitHub's formats. */
import { fullName, type World } from '../state/world.ts'
import type { Issue, Pull, Repository } from '../state/types.ts'

export function api(world: World, path: string): string {
  return `${world.origin}/api/v3${path}`
}

export function html(world: World, path: string): string {
  return `${world.origin}${path}`
}

export function repoApi(world: World, repo: Repository, path = ''): string {
  return api(world, `/repos/${fullName(repo)}${path}`)
}

export function repoHtml(world: World, repo: Repository, path = ''): string {
  return html(world, `/${fullName(repo)}${path}`)
}

export function pullApi(world: World, pull: Pull, path = ''): string {
  return repoApi(world, pull.repo, `/pulls/${String(pull.number)}${path}`)
}

export function issueApi(world: World, { repo, number }: Pull | Issue, path = ''): string {
  return repoApi(world, repo, `/issues/${String(number)}${path}`)
}

/** GraphQL's global id. It is opaque to clients, but readable here. */
export function nodeId(prefix: string, key: number | string): string {
  return `${prefix}_${Buffer.from(String(key)).toString('base64url')}`
}

/** The key in a global id. Undefined if the id is of another kind. */
export function keyOf(prefix: string, id: string): string | undefined {
  return id.startsWith(`${prefix}_`) ? Buffer.from(id.slice(prefix.length + 1), 'base64url').toString() : undefined
}

/** GitHub writes times without milliseconds. */
export function time(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function timeOrNull(at: number | null | undefined): string | null {
  return at === undefined || at === null ? null : time(at)
}
